// Similarities that follow from counts, for items numbered by rank (most users first).
#pragma once

#include <cstdint>

#include "coals/buffer.hpp"
#include "coals/cooccurrence.hpp"

namespace coals {

class CountSimilarity {
 public:
  // size[r] = users of the item at rank r; it must outlive this.
  CountSimilarity(const SimilarityOptions& options, const std::int64_t* size, std::int64_t items, std::int64_t users);

  // value[k] = similarity of items i and j[k], which have both[k] >= 1 users in common.
  void evaluate(std::int64_t i, const std::int32_t* j, const std::uint32_t* both, std::int64_t count,
                double* value) const;

  // No item at rank j or before reaches `bound` with item i by fewer common users than this. Every measure rises with
  // the common users and falls (or stays) with the users of j, as far as it is positive.
  std::uint32_t least_count(double bound, std::int64_t i, std::int64_t j) const;

 private:
  double of_pair(std::int64_t i, std::int32_t j, std::uint32_t both) const;
  double log(std::int64_t number) const;
  double log_likelihood(std::int64_t of_i, std::int64_t of_j, std::int64_t both) const;
  double pmi(std::int64_t of_i, std::int64_t of_j, std::int64_t both) const;

  SimilarityOptions options_;
  const std::int64_t* size_;
  std::int64_t users_;
  Buffer<double> power_i_, power_j_;  // of asymmetric cosine, by rank
  Buffer<double> log_;                // of numbers up to `users`, where there is room
};

}  // namespace coals
