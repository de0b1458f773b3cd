// Top-N from one ranking for everybody.
#include "bounded_heap.hpp"
#include "parallel.hpp"

namespace coals {

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
