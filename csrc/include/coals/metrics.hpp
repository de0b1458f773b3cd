// What ranked lists are worth, user by user, given what each user should have found.
//
// Every function takes the lists of many users at once and writes one value a user, the same bits for every number of
// threads. A list that makes no sense (a count beyond its places, an item out of range or twice) is a
// std::invalid_argument that names the list: an item listed twice would lift values above 1.
#pragma once

#include <cstdint>
#include <vector>

#include "coals/run_control.hpp"
#include "coals/views.hpp"

namespace coals {

// `ids` is users x places, best first, of which `counts` says how many are real; the rest is not looked at.
struct RankedLists {
  std::int64_t users = 0;
  std::int64_t places = 0;
  const std::int64_t* ids = nullptr;
  const std::int64_t* counts = nullptr;
  // As `ids`, or null. Neighbours of equal score are tied, and every metric is then its expected value when tied items
  // come in random order (McSherry and Najork 2008). A tie that reaches the end of the list is taken to end there.
  const double* scores = nullptr;
};

// The names and definitions are in ranking_metrics.def.
enum class RankingMetric {
#define COALS_RANKING_METRIC(name, ...) name,
#include "coals/ranking_metrics.def"
};
inline constexpr RankingMetric all_ranking_metrics[] = {
#define COALS_RANKING_METRIC(name, ...) RankingMetric::name,
#include "coals/ranking_metrics.def"
};

struct MetricAt {
  RankingMetric metric;
  std::int64_t k;  // at least 1; may exceed the places and the number of items
};

// Row u of `relevant` (users x items) stores the relevant items of list u; its values are the gains of ndcg, all 1
// where there are none: a row with one that is negative or NaN, or without a finite sum, is a std::invalid_argument.
// Row m of `out` (metrics x users) receives metric m: in [0, 1], NaN for a user without relevant items, and 0 for ndcg
// if no relevant item has a gain. Cost: users * (places + metrics) + entries of `relevant`; memory 80 bytes a place and
// thread.
void ranking_metrics(const RankedLists& lists, const CsrView<double>& relevant, const std::vector<MetricAt>& metrics,
                     MatrixView<double> out, const RunControl& control);

// How unlike each other the first k items of a list are: the mean of 1 - cosine over all pairs of them. Items are the
// rows of `vectors` (items x features, without values all 1); one without entries is like no other. Row i of `out`
// receives the values for lengths[i]: NaN where a list has fewer than two items.
// Cost: the entries of the listed items' vectors; memory 8 bytes a feature and thread.
void list_diversity(const RankedLists& lists, const CsrView<double>& vectors, const std::vector<std::int64_t>& lengths,
                    MatrixView<double> out, const RunControl& control);

}  // namespace coals
