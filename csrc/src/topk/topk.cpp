// Top-N: blocks of queries pass over the panels of an index, and keep only what may still get onto a list.
#include "coals/topk.hpp"

#include <optional>
#include <stdexcept>

#include "checks/arguments.hpp"
#include "topk/bytes.hpp"
#include "topk/listed.hpp"
#include "topk/real.hpp"

namespace coals {

namespace {

// Whether integers can pay: long lists keep so much that most pairs would be scored twice.
template <class T>
bool takes_bytes(const TopKTask<T>& task, TopKMethod method) {
  constexpr std::int64_t most_factors = 65536;  // sums of products fit in 32 bits
  if (method == TopKMethod::real || task.items.metric() != TopKMetric::inner_product) return false;
  const std::int64_t factors = task.queries.columns, size = task.items.size();
  if (factors < 1 || factors > most_factors || size == 0) return false;
  return method == TopKMethod::bytes || (quick_byte_kernels() && task.capacity * 16 <= size);
}

// A thread's ways to rank.
template <class T>
class Ranker {
 public:
  Ranker(const TopKTask<T>& task, const BytePanels* bytes, const RunControl& control)
      : task_(task), control_(control), listed_(task) {
    if (bytes) bytes_.emplace(task, *bytes);
  }

  // Lists of one block of queries, from every step-th panel.
  void rank(std::int64_t block, std::int64_t start, std::int64_t step, const TopKLists<T>& out,
            const CancellationCheck& check_cancelled) {
    const std::int64_t first = block * queries_per_block;
    const std::int64_t end = std::min(task_.queries.rows, first + queries_per_block);
    bool asks = false, bounded = bytes_.has_value();
    for (std::int64_t q = first; q < end; ++q) {
      if (lists_its_items(q)) continue;
      asks = true;
      bounded = bounded && bytes_->is_bounded(q);
    }
    const auto active = [&](std::int64_t q) { return !lists_its_items(q); };
    if (asks && bounded) {
      bytes_->load(first, active);
      bytes_->rank(start, step, out, check_cancelled);
    } else if (asks) {
      if (!real_) real_.emplace(task_);
      real_->load(first, active);
      real_->score(task_.items.real_panels({1, nullptr}), start, step, check_cancelled);
      real_->write(out);
    }
    for (std::int64_t q = first; q < end; ++q) {
      if (lists_its_items(q)) rank_listed(q, start, out);
    }
  }

 private:
  // Few items that a query may get are scored by themselves.
  bool lists_its_items(std::int64_t q) const {
    return task_.filter.allowed.row_begin && task_.filter.allowed.row_size(q) * 8 <= task_.items.size();
  }

  void rank_listed(std::int64_t q, std::int64_t start, const TopKLists<T>& out) {
    const CsrView<void>& allowed = task_.filter.allowed;
    const std::int64_t count = start == 0 ? allowed.row_size(q) : 0;
    listed_.rank(q, allowed.column + allowed.row_begin[q], count, out);
  }

  const TopKTask<T>& task_;
  const RunControl& control_;
  std::optional<ByteBlock<T>> bytes_;
  std::optional<RealBlock<T>> real_;
  ListedItems<T> listed_;
};

// Into how many parts the items are cut, so that few queries too keep all threads busy. The lists are the same for any
// number of parts.
template <class T>
std::int64_t parts(const TopKTask<T>& task, std::int64_t blocks, const RunControl& control) {
  constexpr double work_per_part = 1e7;  // multiply-adds that are worth a thread's start
  const std::int64_t threads = wanted_threads(control);
  const double work = static_cast<double>(task.queries.rows) * static_cast<double>(task.items.size()) *
                      static_cast<double>(task.queries.columns);
  if (blocks == 0 || blocks >= 4 * threads || work < 2 * work_per_part) return 1;
  return std::clamp<std::int64_t>((blocks < threads ? threads : 4 * threads) / blocks, 1,
                                  static_cast<std::int64_t>(work / work_per_part));
}

// The best of the lists that the parts found.
template <class T>
void merge(const std::vector<TopKLists<T>>& found, std::int64_t queries, std::int64_t capacity,
           const TopKLists<T>& out) {
  BoundedHeap<T> heap(capacity);
  for (std::int64_t q = 0; q < queries; ++q) {
    for (const TopKLists<T>& lists : found) {
      for (std::int64_t k = 0; k < lists.counts[q]; ++k)
        heap.offer(lists.ids[q * lists.n + k], lists.scores[q * lists.n + k]);
    }
    heap.write(q, out);
  }
}

template <class T>
void rank_all(const TopKTask<T>& task, TopKMethod method, const RunControl& control) {
  const std::int64_t queries = task.queries.rows;
  const std::int64_t blocks = (queries + queries_per_block - 1) / queries_per_block;
  // An infinite norm leaves nothing to bound.
  const bool bytes = takes_bytes(task, method) && std::isfinite(task.items.norm()[0]);
  const BytePanels* panels = bytes ? &task.items.byte_panels(control) : nullptr;
  if (!bytes && task.items.size() > 0) task.items.real_panels(control);
  const std::int64_t cuts = parts(task, blocks, control);
  const auto ranker = [&] { return Ranker<T>(task, panels, control); };
  if (cuts == 1) {
    return parallel_for(blocks, control, ranker,
                        [&](Ranker<T>& state, std::int64_t b, const CancellationCheck& check_cancelled) {
                          state.rank(b, 0, 1, task.out, check_cancelled);
                        });
  }
  const std::int64_t size = queries * task.capacity;
  Buffer<std::int64_t> ids(cuts * size), counts(cuts * queries);
  Buffer<T> scores(cuts * size);
  std::vector<TopKLists<T>> found;
  for (std::int64_t c = 0; c < cuts; ++c) {
    found.push_back({task.capacity, ids.data() + c * size, scores.data() + c * size, counts.data() + c * queries});
  }
  parallel_for(blocks * cuts, control, ranker,
               [&](Ranker<T>& state, std::int64_t t, const CancellationCheck& check_cancelled) {
                 state.rank(t / cuts, t % cuts, cuts, found[t % cuts], check_cancelled);
               });
  merge(found, queries, task.capacity, task.out);
}

// The candidates of both, or none if that leaves most of the index.
template <class T>
std::vector<std::uint8_t> few_candidates(const ItemIndex<T>& items, const TopKFilter& filter) {
  std::vector<std::uint8_t> both;
  if (!filter.candidate) return both;
  std::int64_t count = 0;
  for (std::int64_t p = 0; p < items.size(); ++p) count += filter.candidate[items.item()[p]] != 0;
  if (count * 4 > items.size()) return both;
  both.resize(static_cast<std::size_t>(std::max<std::int64_t>(1, items.items().rows)));
  for (std::int64_t p = 0; p < items.size(); ++p) both[items.item()[p]] = filter.candidate[items.item()[p]];
  return both;
}

}  // namespace

template <class T>
void top_k(As<MatrixView<const T>> queries, const ItemIndex<T>& items, const TopKFilter& filter,
           const TopKLists<T>& out, TopKMethod method, const RunControl& control) {
  check_matrix(queries, queries.rows, items.items().columns, "queries");
  check_filter(filter, queries.rows, items.items().rows);
  check_lists(out, queries.rows);
  check_name(method, TopKMethod::bytes, "method");
  const std::vector<std::uint8_t> few = few_candidates(items, filter);
  if (!few.empty()) {
    const ItemIndex<T> part(items.items(), few.data(), items.metric(), control);
    TopKFilter rest = filter;
    rest.candidate = nullptr;
    return top_k(queries, part, rest, out, method, control);
  }
  const std::int64_t capacity = std::max<std::int64_t>(1, std::min(out.n, items.size()));
  rank_all(TopKTask<T>{queries, items, filter, out, capacity, below_least<T>(filter.min_score)}, method, control);
}

template <class T>
void top_k_inner_product(MatrixView<const T> queries, MatrixView<const T> items, const CsrView<void>& excluded,
                         const std::uint8_t* candidate, const TopKLists<T>& out, const RunControl& control) {
  const ItemIndex<T> index(items, candidate, TopKMetric::inner_product, control);
  TopKFilter filter;
  filter.excluded = excluded;
  top_k(queries, index, filter, out, TopKMethod::automatic, control);
}

#define COALS_INSTANTIATE(T)                                                                                           \
  template void top_k<T>(MatrixView<const T>, const ItemIndex<T>&, const TopKFilter&, const TopKLists<T>&, TopKMethod, \
                         const RunControl&);                                                                           \
  template void top_k_inner_product<T>(MatrixView<const T>, MatrixView<const T>, const CsrView<void>&,                 \
                                       const std::uint8_t*, const TopKLists<T>&, const RunControl&);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
