// X^T X of a sparse X as a dense matrix; see linalg.hpp. Row by row, above the diagonal, in a row of doubles that
// stays in the cache; what lies below is a copy.
#include <algorithm>

#include "checks/arguments.hpp"
#include "coals/linalg.hpp"
#include "linalg/mirror.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

constexpr double steps_per_task = 2e6;

template <class T>
void add_user(const CsrView<T>& by_user, std::int64_t user, std::int64_t item, double factor, double* sum) {
  const std::int32_t* const end = by_user.column + by_user.row_begin[user + 1];
  const std::int32_t* j =
      std::lower_bound(by_user.column + by_user.row_begin[user], end, static_cast<std::int32_t>(item));
  if (!by_user.value) {
    for (; j != end; ++j) sum[*j] += factor;
    return;
  }
  const T* value = by_user.value + (j - by_user.column);
  for (; j != end; ++j, ++value) sum[*j] += factor * static_cast<double>(*value);
}

}  // namespace

template <class T>
void item_gram(const CsrView<T>& by_user, const CsrView<T>& by_item, double diagonal, MatrixView<T> out,
               const RunControl& control) {
  check_sparse(by_user, "by_user");
  check_transposes(by_user, by_item, "by_item");
  const std::int64_t items = by_item.rows;
  check_matrix(out, items, items, "out");
  check_number(diagonal, -std::numeric_limits<T>::max(), std::numeric_limits<T>::max(), "diagonal");
  const auto begin = balanced_tasks(items, steps_per_task, [&](std::int64_t i) {
    double steps = static_cast<double>(items - i);
    for (std::int64_t e = by_item.row_begin[i]; e < by_item.row_begin[i + 1]; ++e) {
      steps += 8 + 0.5 * static_cast<double>(by_user.row_size(by_item.column[e]));
    }
    return steps;
  });
  const auto make_sum = [&] { return Buffer<double>(items); };
  parallel_for(static_cast<std::int64_t>(begin.size()) - 1, control, make_sum,
               [&](Buffer<double>& sum, std::int64_t t, const CancellationCheck& check_cancelled) {
                 for (std::int64_t i = begin[t]; i < begin[t + 1]; ++i) {
                   std::fill(sum.begin() + i, sum.end(), 0.0);
                   for (std::int64_t e = by_item.row_begin[i]; e < by_item.row_begin[i + 1]; ++e) {
                     const double factor = by_item.value ? static_cast<double>(by_item.value[e]) : 1.0;
                     add_user(by_user, by_item.column[e], i, factor, sum.data());
                     if (e % 1024 == 0) check_cancelled();
                   }
                   sum[i] += diagonal;
                   T* row = out.row(i);
                   for (std::int64_t j = i; j < items; ++j) row[j] = static_cast<T>(sum[j]);
                 }
               });
  mirror_upper(out, T(1), control);
}

template void item_gram<float>(const CsrView<float>&, const CsrView<float>&, double, MatrixView<float>,
                               const RunControl&);
template void item_gram<double>(const CsrView<double>&, const CsrView<double>&, double, MatrixView<double>,
                                const RunControl&);

}  // namespace coals
