// Runs the rows of a co-occurrence in parallel and puts the answer together.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "checks/arguments.hpp"
#include "coals/cooccurrence.hpp"
#include "cooccurrence/ranked_pairs.hpp"
#include "cooccurrence/row_sink.hpp"
#include "threading/parallel.hpp"

namespace coals {

// The k-th of `count` places if they are taken from both ends: first, last, second, last but one, ... Neighbours are
// best among popular items or among rare ones, depending on the data; either way good ones come early, and the bound
// that others have to reach rises soon.
inline std::int64_t from_both_ends(std::int64_t k, std::int64_t count) {
  return k % 2 == 0 ? k / 2 : count - 1 - k / 2;
}

// A row to compute: of the item at `rank`, for row `place` of the answer.
struct RowPlace {
  std::int64_t rank;
  std::int64_t place;
};

// The rows asked for whose item has a rank, a stretch of the answer after the other, so that they fill it from its
// beginning when they are put together, while what they were kept in is given back. In a stretch the most popular ones
// come first: they are costly and start early.
inline std::vector<RowPlace> rows_to_count(const RankedItems& items, const NeighborOptions& keep) {
  std::vector<RowPlace> rows;
  if (!keep.rows) {
    for (std::int64_t i = 0; i < items.rank.size(); ++i) {
      if (items.rank[i] >= 0) rows.push_back({items.rank[i], i});
    }
  } else {
    for (std::int64_t k = 0; k < keep.row_count; ++k) {
      const std::int64_t rank = items.rank[keep.rows[k]];
      if (rank >= 0) rows.push_back({rank, k});
    }
  }
  const std::int64_t stretch = std::max<std::int64_t>(1, (keep.rows ? keep.row_count : items.rank.size()) / 16);
  std::sort(rows.begin(), rows.end(), [=](const RowPlace& a, const RowPlace& b) {
    const std::int64_t of_a = a.place / stretch, of_b = b.place / stretch;
    return of_a != of_b ? of_a < of_b : a.rank < b.rank || (a.rank == b.rank && a.place < b.place);
  });
  return rows;
}

inline void check_options(const PairOptions& pairs, const NeighborOptions& keep, std::int64_t items) {
  require(keep.neighbors >= 1 || keep.neighbors == -1, "neighbors must be at least 1, or -1 for all");
  require(keep.threshold == keep.threshold, "threshold must not be NaN");
  check_number(pairs.shrinkage, 0, largest_option, "shrinkage");
  check_count(pairs.min_support, "min_support");
  check_count(pairs.min_overlap, "min_overlap");
  require(keep.memory_limit >= -1, "memory_limit must be a number of bytes, or -1");
  if (keep.rows) check_indices(keep.rows, keep.row_count, items, "rows");
}

// Entries that the answer may have after `workspace` bytes, or -1 for any number.
template <class T>
std::int64_t room_for_answer(const NeighborOptions& keep, std::int64_t workspace) {
  if (keep.memory_limit < 0) return -1;
  if (workspace > keep.memory_limit) {
    throw std::invalid_argument("memory_limit: counting takes about " + std::to_string((workspace >> 20) + 1) +
                                " MB before the first row of the answer: raise it");
  }
  return (keep.memory_limit - workspace) / static_cast<std::int64_t>(sizeof(T) + sizeof(std::int32_t));
}

struct Nothing {
  void operator()() const {}
};

// work(worker, tasks[t], tasks[t + 1], sink, check_cancelled) for stretches of rows; it offers to the sink and finishes
// each row. finish() may give back what only the work needed, before the answer is put together.
template <class T, class MakeWorker, class Work, class Finish = Nothing>
CsrMatrix<T> collect_rows(const std::vector<std::int64_t>& tasks, std::int64_t rows, std::int64_t columns,
                          const NeighborOptions& keep, std::int64_t workspace, const RunControl& control,
                          MakeWorker make_worker, Work work, Finish finish = {}) {
  RowStores<T> stores(room_for_answer<T>(keep, workspace));
  using Worker = decltype(make_worker());
  struct State {
    Worker worker;
    RowSink<T> sink;
  };
  parallel_for(
      static_cast<std::int64_t>(tasks.size()) - 1, control,
      [&] { return State{make_worker(), RowSink<T>(keep, columns, stores.add())}; },
      [&](State& state, std::int64_t t, const CancellationCheck& check_cancelled) {
        work(state.worker, tasks[t], tasks[t + 1], state.sink, check_cancelled);
      });
  finish();
  return stores.join(keep.rows ? keep.row_count : rows, columns, control);
}

}  // namespace coals
