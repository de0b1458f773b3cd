// Lists and scores by filters on the graph of items; see graph_scores.hpp. A block of users is filtered at a time, and
// only its best items are kept.
#include "coals/graph_scores.hpp"

#include <limits>
#include <vector>

#include "checks/arguments.hpp"
#include "linear/graph_block.hpp"
#include "topk/query.hpp"

namespace coals {

namespace {

template <class T>
void check_graph(const GraphFilterView<T>& filter) {
  const std::int64_t items = filter.by_item.rows;
  if (filter.by_user.rows > 0) {
    check_valued(filter.by_user, "by_user");
    check_transposes(filter.by_user, filter.by_item, "by_item");
  } else {
    check_sparse(filter.by_item, items, items, "by_item");
  }
  check_valued(filter.by_item, "by_item");
  require(filter.first_size >= 1, "first must have at least one coefficient");
  check_pointer(filter.first, filter.first_size, "first");
  check_count(filter.second_size, "second");
  check_pointer(filter.second, filter.second_size, "second");
  if (filter.directions.rows > 0) {
    check_matrix(filter.directions, items, filter.directions.columns, "directions");
    if (filter.directions.columns % 16 != 0) refuse("directions", "must have a multiple of 16 columns");
  }
}

// The lists of a block: a heap for each query.
template <class T>
struct ListBlock {
  ListBlock(const GraphFilterView<T>& filter, std::int64_t width, std::int64_t n)
      : block(filter, width), heaps(static_cast<std::size_t>(width), BoundedHeap<T>(n)), bound(width) {}
  GraphBlock<T> block;
  std::vector<BoundedHeap<T>> heaps;
  Buffer<T> bound;
};

}  // namespace

template <class T>
void top_k_graph_scores(const GraphFilterView<T>& graph, const CsrView<T>& queries, const std::int64_t* rows,
                        std::int64_t count, const std::uint8_t* candidate, const TopKFilter& filter,
                        const TopKLists<T>& out, const RunControl& control) {
  const std::int64_t items = graph.by_item.rows;
  check_graph(graph);
  check_filter(filter, count, items);
  check_sparse(queries, queries.rows, items, "queries");
  check_indices(rows, count, queries.rows, "rows");
  check_lists(out, count);
  const T below = below_least<T>(filter.min_score);
  const std::int64_t width = graph_block_width(graph), n = std::min(out.n, std::max<std::int64_t>(items, 1));
  parallel_for((count + width - 1) / width, control, [&] { return ListBlock<T>(graph, width, n); },
               [&](ListBlock<T>& lists, std::int64_t t, const CancellationCheck& check_cancelled) {
                 const std::int64_t first = t * width, here = std::min(width, count - first);
                 const T* scores = lists.block.scores(queries, rows + first, here, check_cancelled);
                 const std::int64_t stride = lists.block.width();
                 for (std::int64_t q = 0; q < here; ++q) {
                   lists.bound[q] = queries.row_size(rows[first + q]) > 0 ? below : std::numeric_limits<T>::infinity();
                 }
                 for (std::int64_t i = 0; i < items; ++i) {
                   if (candidate && !candidate[i]) continue;
                   for (std::int64_t q = 0; q < here; ++q) {
                     const T score = scores[i * stride + q];
                     if (!(score > lists.bound[q]) || !admits(filter, first + q, i)) continue;
                     auto& heap = lists.heaps[static_cast<std::size_t>(q)];
                     heap.offer(i, score);
                     lists.bound[q] = std::max(below, heap.bound());
                   }
                 }
                 for (std::int64_t q = 0; q < here; ++q) lists.heaps[static_cast<std::size_t>(q)].write(first + q, out);
               });
}

template <class T>
void score_graph(const GraphFilterView<T>& filter, const CsrView<T>& queries, const std::int64_t* rows,
                 const std::int64_t* columns, std::int64_t pairs, T* score, const RunControl& control) {
  check_graph(filter);
  check_sparse(queries, queries.rows, filter.by_item.rows, "queries");
  check_indices(rows, pairs, queries.rows, "rows");
  check_indices(columns, pairs, filter.by_item.rows, "columns");
  check_pointer(score, pairs, "score");
  std::vector<std::int64_t> query, begin;  // stretches of pairs of one row
  for (std::int64_t p = 0; p < pairs; ++p) {
    if (p > 0 && rows[p] == rows[p - 1]) continue;
    query.push_back(rows[p]);
    begin.push_back(p);
  }
  begin.push_back(pairs);
  const std::int64_t width = graph_block_width(filter), count = static_cast<std::int64_t>(query.size());
  parallel_for((count + width - 1) / width, control, [&] { return GraphBlock<T>(filter, width); },
               [&](GraphBlock<T>& block, std::int64_t t, const CancellationCheck& check_cancelled) {
                 const std::int64_t first = t * width, here = std::min(width, count - first);
                 const T* scores = block.scores(queries, query.data() + first, here, check_cancelled);
                 for (std::int64_t q = 0; q < here; ++q) {
                   const auto at = static_cast<std::size_t>(first + q);
                   for (std::int64_t p = begin[at]; p < begin[at + 1]; ++p)
                     score[p] = scores[columns[p] * block.width() + q];
                 }
               });
}

#define COALS_INSTANTIATE(T)                                                                                           \
  template void top_k_graph_scores<T>(const GraphFilterView<T>&, const CsrView<T>&, const std::int64_t*, std::int64_t, \
                                      const std::uint8_t*, const TopKFilter&, const TopKLists<T>&, const RunControl&); \
  template void score_graph<T>(const GraphFilterView<T>&, const CsrView<T>&, const std::int64_t*, const std::int64_t*, \
                               std::int64_t, T*, const RunControl&);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
