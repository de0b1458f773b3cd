// Lists of several models blended into one.
#pragma once

#include <vector>

#include "coals/csr.hpp"
#include "coals/topk.hpp"

namespace coals {

// The lists of one model: those of query q at ids[q * depth] and scores[q * depth], best first, counts[q] of them real.
// Scores are finite.
struct BlendedLists {
  const std::int64_t* ids;
  const double* scores;
  const std::int64_t* counts;
  std::int64_t depth;
  double weight;
};

// The n best of each query that pass the filter, ties to the lower item. With z from 1 for the best of
// a list to 0 for its last, in proportion to the scores and 1 where all are equal, an item has the sum of weight * z
// over the lists it is in; as a cascade, 2 * (lists after it) + z by the first list it is in. Items are 0 .. items - 1;
// a model of weight 0 says nothing but in a cascade. Cost: that of the entries of all lists. Memory: 9 bytes an item
// and thread.
void top_k_blended(const std::vector<BlendedLists>& members, bool cascade, std::int64_t queries, std::int64_t items,
                   const TopKFilter& filter, const TopKLists<double>& out, const RunControl& control);

}  // namespace coals
