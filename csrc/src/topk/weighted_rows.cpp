// Scores and lists from a dense matrix of weights; see dense_scores.hpp.
#include <algorithm>
#include <cmath>

#include "checks/arguments.hpp"
#include "coals/dense_scores.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"
#include "topk/query.hpp"

namespace coals {

namespace {

template <class T>
struct QueryState {
  QueryState(std::int64_t items, std::int64_t capacity) : scores(items), heap(capacity) {}
  Buffer<T> scores;
  BoundedHeap<T> heap;
};

template <class T>
void add_rows(const Kernels<T>& kernels, const CsrView<T>& queries, std::int64_t row, MatrixView<const T> weights,
              T* scores) {
  const std::int64_t first = queries.row_begin[row], count = queries.row_size(row);
  const std::int64_t whole = weights.columns / kernels.lanes * kernels.lanes;
  const std::int32_t* item = queries.column + first;
  const T* value = queries.value ? queries.value + first : nullptr;
  if (whole) kernels.combine_rows(weights.data, weights.stride, item, value, count, whole, scores);
  for (std::int64_t c = whole; c < weights.columns; ++c) {
    T sum = 0;
    for (std::int64_t e = 0; e < count; ++e) sum += (value ? value[e] : T(1)) * weights.row(item[e])[c];
    scores[c] = sum;
  }
}

template <class T>
void check_queries(const CsrView<T>& queries, const std::int64_t* rows, std::int64_t count,
                   MatrixView<const T> weights) {
  check_sparse(queries, queries.rows, weights.rows, "queries");
  check_indices(rows, count, queries.rows, "rows");
  check_matrix(weights, weights.rows, weights.columns, "weights");
}

}  // namespace

template <class T>
void top_k_weighted_rows(const CsrView<T>& queries, const std::int64_t* rows, std::int64_t count,
                         MatrixView<const T> weights, const std::uint8_t* candidate, const TopKFilter& filter,
                         const TopKLists<T>& out, const RunControl& control) {
  const Kernels<T>& kernels = active_kernels<T>();
  const std::int64_t items = weights.columns;
  check_filter(filter, count, items);
  check_queries(queries, rows, count, weights);
  check_lists(out, count);
  const T below = below_least<T>(filter.min_score);
  TopKFilter others = filter;
  others.excluded = {};
  const auto make_state = [&] { return QueryState<T>(items, std::min(out.n, std::max<std::int64_t>(items, 1))); };
  parallel_for(count, control, make_state, [&](QueryState<T>& state, std::int64_t q) {
    if (queries.row_size(rows[q]) > 0) {
      add_rows(kernels, queries, rows[q], weights, state.scores.data());
      // Items come in order, so those to leave out are met in order, too.
      const std::int64_t* const begin = filter.excluded.row_begin;
      const std::int32_t* skip = begin ? filter.excluded.column + begin[q] : nullptr;
      const std::int32_t* const end = begin ? filter.excluded.column + begin[q + 1] : nullptr;
      T bound = below;
      for (std::int64_t j = 0; j < items; ++j) {
        if (!(state.scores[j] > bound) || (candidate && !candidate[j])) continue;
        while (skip != end && *skip < j) ++skip;
        if ((skip != end && *skip == j) || !admits(others, q, j)) continue;
        state.heap.offer(j, state.scores[j]);
        bound = std::max(below, state.heap.bound());
      }
    }
    state.heap.write(q, out);
  });
}

template <class T>
void score_weighted_rows(const CsrView<T>& queries, const std::int64_t* rows, MatrixView<const T> weights,
                         const std::int64_t* columns, std::int64_t pairs, T* score, const RunControl& control) {
  constexpr std::int64_t pairs_per_task = 4096;
  check_queries(queries, rows, pairs, weights);
  check_indices(columns, pairs, weights.columns, "columns");
  check_pointer(score, pairs, "score");
  parallel_for((pairs + pairs_per_task - 1) / pairs_per_task, control,
               [&](std::int64_t t, const CancellationCheck& check_cancelled) {
                 for (std::int64_t p = t * pairs_per_task; p < std::min(pairs, (t + 1) * pairs_per_task); ++p) {
                   T sum = 0;
                   for (std::int64_t e = queries.row_begin[rows[p]]; e < queries.row_begin[rows[p] + 1]; ++e) {
                     sum += (queries.value ? queries.value[e] : T(1)) * weights.row(queries.column[e])[columns[p]];
                   }
                   score[p] = sum;
                   if (p % 64 == 0) check_cancelled();
                 }
               });
}

template <class T>
CsrMatrix<T> strongest_of_columns(MatrixView<const T> matrix, std::int64_t count, const RunControl& control) {
  constexpr std::int64_t columns_per_task = 16;  // a cache line of each row
  check_matrix(matrix, matrix.rows, matrix.columns, "matrix");
  require(count >= 1, "count must be at least 1");
  const std::int64_t columns = matrix.columns, kept = std::min(count, matrix.rows);
  Buffer<std::int32_t> row(columns * kept);
  Buffer<T> value(columns * kept);
  CsrMatrix<T> out;
  out.rows = columns;
  out.columns = matrix.rows;
  out.row_begin = Buffer<std::int64_t>(columns + 1, control.memory);
  out.row_begin[0] = 0;
  const auto make_heaps = [&] {
    return std::vector<BoundedHeap<T>>(columns_per_task, BoundedHeap<T>(std::max<std::int64_t>(1, kept)));
  };
  parallel_for((columns + columns_per_task - 1) / columns_per_task, control, make_heaps,
               [&](std::vector<BoundedHeap<T>>& heaps, std::int64_t t, const CancellationCheck& check_cancelled) {
                 const std::int64_t first = t * columns_per_task, here = std::min(columns_per_task, columns - first);
                 for (std::int64_t i = 0; i < matrix.rows; ++i) {
                   for (std::int64_t c = 0; c < here; ++c) {
                     const T size = std::abs(matrix.row(i)[first + c]);
                     if (size > std::max(heaps[c].bound(), T(0))) heaps[c].offer(i, size);
                   }
                   if (i % 1024 == 0) check_cancelled();
                 }
                 for (std::int64_t c = 0; c < here; ++c) {
                   std::int64_t at = (first + c) * kept;
                   heaps[c].drain_by_item([&](std::int64_t i, T) {
                     row[at] = static_cast<std::int32_t>(i);
                     value[at++] = matrix.row(i)[first + c];
                   });
                   out.row_begin[first + c + 1] = at - (first + c) * kept;
                 }
               });
  for (std::int64_t j = 0; j < columns; ++j) out.row_begin[j + 1] += out.row_begin[j];
  out.column = Buffer<std::int32_t>(out.row_begin[columns], control.memory);
  out.value = Buffer<T>(out.row_begin[columns], control.memory);
  for (std::int64_t j = 0; j < columns; ++j) {
    const std::int64_t size = out.row_begin[j + 1] - out.row_begin[j];
    std::copy(row.data() + j * kept, row.data() + j * kept + size, out.column.data() + out.row_begin[j]);
    std::copy(value.data() + j * kept, value.data() + j * kept + size, out.value.data() + out.row_begin[j]);
  }
  return out;
}

#define COALS_INSTANTIATE(T)                                                                                      \
  template void top_k_weighted_rows<T>(const CsrView<T>&, const std::int64_t*, std::int64_t, MatrixView<const T>, \
                                       const std::uint8_t*, const TopKFilter&, const TopKLists<T>&,               \
                                       const RunControl&);                                                        \
  template void score_weighted_rows<T>(const CsrView<T>&, const std::int64_t*, MatrixView<const T>,               \
                                       const std::int64_t*, std::int64_t, T*, const RunControl&);                 \
  template CsrMatrix<T> strongest_of_columns<T>(MatrixView<const T>, std::int64_t, const RunControl&);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
