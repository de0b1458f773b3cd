// Ranking metrics: the places of a user's relevant items are looked up in the list, running sums are formed once for
// all metrics, and each metric is read off them at its k.
#include "coals/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

#include "metrics/check_ranked_lists.hpp"
#include "metrics/list_index.hpp"
#include "metrics/rank_sums.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

// About a tenth of a millisecond.
std::int64_t users_per_task(std::int64_t places) { return std::clamp<std::int64_t>(4096 / (places + 1), 1, 256); }

// The best DCG that the first q places can have, for binary gains: the same sum in the same order as that of a perfect
// list, which therefore has exactly 1.
std::vector<double> best_binary(std::int64_t places) {
  std::vector<double> best(places + 1, 0.0);
  for (std::int64_t p = 1; p <= places; ++p) best[p] = best[p - 1] + 1.0 / std::log2(static_cast<double>(p + 1));
  return best;
}

// A sum that leaves double would make ndcg inf / inf.
void check_gains(const CsrView<double>& relevant, std::int64_t user) {
  double sum = 0;
  for (std::int64_t e = relevant.row_begin[user]; e < relevant.row_begin[user + 1]; ++e) {
    const double gain = relevant.value[e];
    if (!(gain >= 0)) {
      throw std::invalid_argument("relevant holds a gain that is negative or NaN, in row " + std::to_string(user) +
                                  ", column " + std::to_string(relevant.column[e]));
    }
    sum += gain;
  }
  if (!std::isfinite(sum)) {
    throw std::invalid_argument("the gains in row " + std::to_string(user) +
                                " of relevant have no finite sum: use smaller ones");
  }
}

class UserMetrics {
 public:
  UserMetrics(const RankedLists& lists, const CsrView<double>& relevant, const std::vector<MetricAt>& metrics,
              const std::vector<double>& best, std::int64_t longest)
      : lists_(lists),
        relevant_(relevant),
        metrics_(metrics),
        best_(best),
        index_(longest),
        sums_(longest),
        hit_(longest),
        gain_(longest) {}

  void compute(std::int64_t user, MatrixView<double> out) {
    index_.load(lists_, user, relevant_.columns);
    wanted_ = relevant_.row_size(user);
    if (wanted_ > 0) {
      if (relevant_.value) check_gains(relevant_, user);
      mark(user);
      sum(user);
    }
    for (std::size_t m = 0; m < metrics_.size(); ++m) {
      const double nothing = std::numeric_limits<double>::quiet_NaN();
      // Only rounding can lead above 1.
      out.row(static_cast<std::int64_t>(m))[user] = wanted_ > 0 ? std::min(value(user, metrics_[m]), 1.0) : nothing;
    }
  }

 private:
  // Which places of the list are hits.
  void mark(std::int64_t user) {
    const std::int64_t count = lists_.counts[user];
    std::fill(hit_.begin(), hit_.begin() + count, std::uint8_t{0});
    std::fill(gain_.begin(), gain_.begin() + count, 0.0);
    for (std::int64_t e = relevant_.row_begin[user]; e < relevant_.row_begin[user + 1]; ++e) {
      const std::int64_t place = index_.place(relevant_.column[e]);
      if (place < 0) continue;
      hit_[place] = 1;
      gain_[place] = relevant_.value ? relevant_.value[e] : 1.0;
    }
  }

  void sum(std::int64_t user) {
    const std::int64_t count = lists_.counts[user];
    const double* scores = lists_.scores ? lists_.scores + user * lists_.places : nullptr;
    sums_.start();
    for (std::int64_t begin = 0, end; begin < count; begin = end) {
      end = begin + 1;
      while (scores && end < count && scores[end] == scores[begin]) ++end;
      if (end == begin + 1) {
        hit_[begin] ? sums_.add_hit(end, gain_[begin]) : sums_.add_miss(end);
      } else {
        std::int64_t hits = 0;
        double gained = 0;
        for (std::int64_t p = begin; p < end; ++p) {
          hits += hit_[p];
          gained += gain_[p];
        }
        sums_.add_tied(begin, end - begin, hits, gained);
      }
    }
  }

  double value(std::int64_t user, const MetricAt& metric) {
    const std::int64_t k = metric.k, p = std::min(k, lists_.counts[user]), reachable = std::min(k, wanted_);
    switch (metric.metric) {
      case RankingMetric::precision: return sums_.hits[p] / static_cast<double>(k);
      case RankingMetric::recall: return sums_.hits[p] / static_cast<double>(wanted_);
      case RankingMetric::recall_min: return sums_.hits[p] / static_cast<double>(reachable);
      case RankingMetric::f1: return 2 * sums_.hits[p] / (static_cast<double>(k) + static_cast<double>(wanted_));
      case RankingMetric::ndcg: return sums_.gain[p] > 0 ? sums_.gain[p] / best_gain(user, reachable) : 0.0;
      case RankingMetric::average_precision: return sums_.precision[p] / static_cast<double>(reachable);
      case RankingMetric::hit_rate: return 1 - sums_.missed[p];
      case RankingMetric::reciprocal_rank: return sums_.reciprocal[p];
      case RankingMetric::auc: return auc(p);
    }
    return 0;
  }

  double best_gain(std::int64_t user, std::int64_t reachable) {
    if (!relevant_.value) return best_[reachable];
    const double* gains = relevant_.value + relevant_.row_begin[user];
    sorted_.assign(gains, gains + wanted_);
    std::sort(sorted_.begin(), sorted_.end(), std::greater<double>());
    double best = 0;
    for (std::int64_t q = 0; q < reachable; ++q) best += sorted_[q] * (1.0 / std::log2(static_cast<double>(q + 2)));
    return best;
  }

  // Pairs within the first p places are known. Of the others, an item that is not relevant has all hits before it, and
  // half of the relevant items that are not among the first p.
  double auc(std::int64_t p) const {
    const double wanted = static_cast<double>(wanted_), listed = static_cast<double>(p), hits = sums_.hits[p];
    const double others = static_cast<double>(relevant_.columns - wanted_);
    if (others == 0) return 1;
    const double square = hits * hits + sums_.spread[p];
    const double behind = (square + hits * (others - listed + wanted) + wanted * (others - listed)) / 2;
    return (sums_.ordered[p] + behind) / (wanted * others);
  }

  const RankedLists& lists_;
  const CsrView<double>& relevant_;
  const std::vector<MetricAt>& metrics_;
  const std::vector<double>& best_;
  ListIndex index_;
  RankSums sums_;
  std::vector<std::uint8_t> hit_;
  std::vector<double> gain_, sorted_;
  std::int64_t wanted_ = 0;
};

}  // namespace

void ranking_metrics(const RankedLists& lists, const CsrView<double>& relevant, const std::vector<MetricAt>& metrics,
                     MatrixView<double> out, const RunControl& control) {
  const std::int64_t longest_list = check_ranked_lists(lists);
  check_sparse(relevant, lists.users, relevant.columns, "relevant");
  check_matrix(out, static_cast<std::int64_t>(metrics.size()), lists.users, "out");
  for (const MetricAt& metric : metrics) {
    check_name(metric.metric, all_ranking_metrics, "metric");
    require(metric.k >= 1, "k must be at least 1");
  }
  std::int64_t longest = 0, reachable = 0;
  for (const MetricAt& metric : metrics) longest = std::max(longest, metric.k);
  for (std::int64_t u = 0; u < lists.users; ++u) reachable = std::max(reachable, relevant.row_size(u));
  const std::vector<double> best = best_binary(std::min(longest, reachable));
  const std::int64_t step = users_per_task(longest_list);
  parallel_for((lists.users + step - 1) / step, control,
               [&] { return UserMetrics(lists, relevant, metrics, best, longest_list); },
               [&](UserMetrics& state, std::int64_t task) {
                 const std::int64_t end = std::min(lists.users, (task + 1) * step);
                 for (std::int64_t u = task * step; u < end; ++u) state.compute(u, out);
               });
}

}  // namespace coals
