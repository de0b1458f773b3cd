// Top-N for models without factors: mean similarity over a history, and one ranking for everybody.
#include "bounded_heap.hpp"
#include "coals/buffer.hpp"
#include "parallel.hpp"

namespace coals {

namespace {

// Sums of one query, zero between queries. Similarities are positive, so zero means untouched.
struct Accumulator {
  Accumulator(std::int64_t items, std::int64_t capacity) : sum(items), heap(capacity) {
    std::fill(sum.begin(), sum.end(), 0.0);
  }
  Buffer<double> sum;
  std::vector<std::int32_t> touched;
  BoundedHeap<double> heap;
};

void add_similarities(const CsrView<void>& history, const CsrView<double>& similarity, std::int64_t query,
                      Accumulator& state) {
  for (std::int64_t h = history.row_begin[query]; h < history.row_begin[query + 1]; ++h) {
    const std::int64_t item = history.column[h];
    for (std::int64_t e = similarity.row_begin[item]; e < similarity.row_begin[item + 1]; ++e) {
      double& sum = state.sum[similarity.column[e]];
      if (sum == 0.0) state.touched.push_back(similarity.column[e]);
      sum += similarity.value[e];
    }
  }
}

}  // namespace

void top_k_mean_similarity(const CsrView<void>& history, const CsrView<double>& similarity,
                           const CsrView<void>& excluded, const TopKLists<double>& out, const RunControl& control) {
  constexpr std::int64_t queries_per_task = 16;
  const std::int64_t capacity = std::min(out.n, similarity.columns);
  parallel_for((history.rows + queries_per_task - 1) / queries_per_task, control,
               [&] { return Accumulator(similarity.columns, capacity); },
               [&](Accumulator& state, std::int64_t t) {
                 const std::int64_t end = std::min(history.rows, (t + 1) * queries_per_task);
                 for (std::int64_t q = t * queries_per_task; q < end; ++q) {
                   add_similarities(history, similarity, q, state);
                   const auto items = static_cast<double>(history.row_size(q));
                   for (const std::int32_t item : state.touched) {
                     const double mean = std::exchange(state.sum[item], 0.0) / items;
                     if (!contains(excluded, q, item)) state.heap.offer(item, mean);
                   }
                   state.touched.clear();
                   state.heap.write(q, out);
                 }
               });
}

void top_k_from_ranking(const std::int64_t* ranking, std::int64_t ranked, const double* score,
                        const CsrView<void>& excluded, const TopKLists<double>& out, const RunControl& control) {
  constexpr std::int64_t queries_per_task = 256;
  parallel_for((excluded.rows + queries_per_task - 1) / queries_per_task, control, [&](std::int64_t t) {
    const std::int64_t end = std::min(excluded.rows, (t + 1) * queries_per_task);
    for (std::int64_t q = t * queries_per_task; q < end; ++q) {
      std::int64_t count = 0;
      for (std::int64_t r = 0; r < ranked && count < out.n; ++r) {
        if (contains(excluded, q, ranking[r])) continue;
        out.ids[q * out.n + count] = ranking[r];
        out.scores[q * out.n + count++] = score[ranking[r]];
      }
      out.counts[q] = count;
      std::fill(out.ids + q * out.n + count, out.ids + (q + 1) * out.n, std::int64_t{-1});
      std::fill(out.scores + q * out.n + count, out.scores + (q + 1) * out.n, std::numeric_limits<double>::quiet_NaN());
    }
  });
}

}  // namespace coals
