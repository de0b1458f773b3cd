// Top-N from one ranking for everybody.
#include "checks/arguments.hpp"
#include "runtime/ranked.hpp"
#include "threading/parallel.hpp"
#include "topk/query.hpp"

namespace coals {

void top_k_from_ranking(const std::int64_t* ranking, std::int64_t ranked, const double* score, std::int64_t queries,
                        const TopKFilter& filter, const TopKLists<double>& out, const RunControl& control) {
  constexpr std::int64_t queries_per_task = 256;
  const std::int64_t items = filter.excluded.row_begin  ? filter.excluded.columns
                             : filter.allowed.row_begin ? filter.allowed.columns
                                                        : most_rows;
  check_filter(filter, queries, items);
  check_lists(out, queries);
  check_indices(ranking, ranked, items, "ranking");
  check_pointer(score, ranked, "score");
  const double below = below_least<double>(filter.min_score);
  for (std::int64_t r = 1; r < ranked; ++r) {
    const double before = score[ranking[r - 1]], here = score[ranking[r]];
    if (std::isnan(here) || better(before, ranking[r - 1], here, ranking[r])) continue;
    refuse("ranking", "item " + std::to_string(ranking[r]) + " comes after one of a smaller score, or a later tie");
  }
  while (ranked > 0 && !(score[ranking[ranked - 1]] > below)) --ranked;
  parallel_for((queries + queries_per_task - 1) / queries_per_task, control, [&](std::int64_t t) {
    const std::int64_t end = std::min(queries, (t + 1) * queries_per_task);
    for (std::int64_t q = t * queries_per_task; q < end; ++q) {
      std::int64_t count = 0;
      for (std::int64_t r = 0; r < ranked && count < out.n; ++r) {
        if (!admits(filter, q, ranking[r])) continue;
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
