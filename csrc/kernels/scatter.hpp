// One step of a sum over users: what the items of a user add to their sums with one of them.
//
// Bound by one load and one store a pair: a vector scatter takes longer than eight scalar ones on the processors there
// are. What the instruction-set levels change is the conversion and the multiply-add.
#pragma once

#include "kernel_table.hpp"
#include "simd.hpp"

namespace coals {
namespace {

// x and y are treated alike, so that a pair has the same sums from either side.
COALS_INLINE void add_pair(ProductSums& sums, double x, double y) { sums.xy = multiply_add(x, y, sums.xy); }

COALS_INLINE void add_pair(CountedProductSums& sums, double x, double y) {
  sums.xy = multiply_add(x, y, sums.xy);
  sums.number += 1;
}

COALS_INLINE void add_pair(MomentSums& sums, double x, double y) {
  sums.x += x;
  sums.y += y;
  sums.xx = multiply_add(x, x, sums.xx);
  sums.yy = multiply_add(y, y, sums.yy);
  sums.xy = multiply_add(x, y, sums.xy);
  sums.number += 1;
}

// See kernel_table.hpp.
template <class Sums, class Index, class Number>
void scatter(Sums* sums, const Index* rank, const Number* value, int64_t count, double x) {
#pragma GCC unroll 4
  for (int64_t k = 0; k < count; ++k) add_pair(sums[rank[k]], x, static_cast<double>(value[k]));
}

// See kernel_table.hpp.
int64_t take_products(ProductSums* sums, int64_t count, const double* bound, double own_bound, int32_t* place,
                      double* taken) {
  constexpr int64_t lanes = Simd<double>::lanes;
  auto* sum = reinterpret_cast<double*>(sums);
  int64_t n = 0, c = 0;
  for (; c + lanes <= count; c += lanes) {
    const Vec<double> other = load(bound + c), own = broadcast(own_bound), least = other < own ? other : own;
    for (uint32_t hits = at_least_and_not_zero(load(sum + c), least); hits != 0; hits &= hits - 1) {
      const int64_t at = c + __builtin_ctz(hits);
      place[n] = static_cast<int32_t>(at);
      taken[n++] = sum[at];
    }
    store(sum + c, zero<double>());
  }
  for (; c < count; ++c) {
    place[n] = static_cast<int32_t>(c);
    taken[n] = sum[c];
    n += sum[c] != 0 && sum[c] >= (bound[c] < own_bound ? bound[c] : own_bound) ? 1 : 0;
    sum[c] = 0;
  }
  return n;
}

}  // namespace
}  // namespace coals
