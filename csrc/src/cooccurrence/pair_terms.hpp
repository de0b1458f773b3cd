// What follows from the sums over the users who have both items of a pair (kernels/kernel_table.hpp).
#pragma once

#include <algorithm>
#include <cmath>

#include "coals/cooccurrence.hpp"
#include "kernels/kernel_table.hpp"

namespace coals {

// The users in the sums as far as they are counted, else -1.
inline double number_of(const ProductSums&) { return -1; }
inline double number_of(const CountedProductSums& sums) { return sums.number; }
inline double number_of(const MomentSums& sums) { return sums.number; }

// Whether the sums are over no users; a product that sums to zero looks the same, and is no neighbor either.
inline bool none(const ProductSums& sums) { return sums.xy == 0; }
inline bool none(const CountedProductSums& sums) { return sums.number == 0; }
inline bool none(const MomentSums& sums) { return sums.number == 0; }

inline const ScatterKernels<ProductSums>& kernels_of(const PairKernels& table, ProductSums) { return table.products; }
inline const ScatterKernels<CountedProductSums>& kernels_of(const PairKernels& table, CountedProductSums) {
  return table.counted_products;
}
inline const ScatterKernels<MomentSums>& kernels_of(const PairKernels& table, MomentSums) { return table.moments; }

template <class Sums, class Index, class Number>
auto scatter_kernel(const PairKernels& table) {
  const ScatterKernels<Sums>& kernels = kernels_of(table, Sums());
  constexpr bool narrow = sizeof(Index) == 2, single = sizeof(Number) == 4;
  if constexpr (narrow) {
    if constexpr (single)
      return kernels.narrow32;
    else
      return kernels.narrow64;
  } else {
    if constexpr (single)
      return kernels.wide32;
    else
      return kernels.wide64;
  }
}

inline double clipped(double value) { return std::max(-1.0, std::min(1.0, value)); }

struct ProductValue {
  bool unit_columns;

  double shrunk_by(double number, double shrinkage) const { return number / (number + shrinkage); }

  template <class Sums>
  double operator()(const Sums& sums) const {
    return unit_columns ? clipped(sums.xy) : sums.xy;
  }
};

struct CommonValue {
  CommonSimilarity kind;

  // One rating is used up by the mean in the correlation that a residual cosine stands for (Koren 2010).
  double shrunk_by(double number, double shrinkage) const {
    const double free = kind == CommonSimilarity::residual_cosine ? number - 1 : number;
    return free / (free + shrinkage);
  }

  double operator()(const MomentSums& m) const {
    const double n = m.number;
    if (kind == CommonSimilarity::mean_square) return 1.0 / (1.0 + std::max(0.0, (m.xx + m.yy) - 2.0 * m.xy) / n);
    if (kind == CommonSimilarity::cosine || kind == CommonSimilarity::residual_cosine) {
      return m.xx == 0 || m.yy == 0 ? 0.0 : clipped(m.xy / (std::sqrt(m.xx) * std::sqrt(m.yy)));
    }
    // Variances this far below the squares are rounding.
    constexpr double nothing = 1e-12;
    const double of_x = n * m.xx - m.x * m.x, of_y = n * m.yy - m.y * m.y;
    if (of_x <= nothing * n * m.xx || of_y <= nothing * n * m.yy) return 0.0;
    return clipped((n * m.xy - m.x * m.y) / (std::sqrt(of_x) * std::sqrt(of_y)));
  }
};

}  // namespace coals
