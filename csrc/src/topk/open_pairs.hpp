// What a query's first pass could not rule out: positions in an index, and what integers say about their scores.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "topk/query.hpp"

namespace coals {

// Proven bounds of a score.
struct Interval {
  double lower, upper;
};

struct OpenPair {
  std::int32_t position;
  std::int32_t dot;
};

// bounds(pair) gives the interval of its score, wants(position) says whether the item may be on the list.
class OpenPairs {
 public:
  void clear() {
    pairs_.clear();
    admitted_ = 0;
  }

  bool are_many(std::int64_t n) const { return pairs_.size() >= patience + 2 * static_cast<std::size_t>(n); }

  void add(std::int64_t position, std::int32_t dot) { pairs_.push_back({static_cast<std::int32_t>(position), dot}); }

  // Drops what is not wanted. Returns the n-th largest lower bound of the others, or -infinity if they are fewer: at
  // least n items that may be on the list have such a score.
  template <class Bounds, class Wants>
  double reached_by(std::int64_t n, std::vector<double>& lower, Bounds bounds, Wants wants) {
    const auto unwanted = [&](const OpenPair& pair) { return !wants(pair.position); };
    pairs_.erase(std::remove_if(pairs_.begin() + admitted_, pairs_.end(), unwanted), pairs_.end());
    admitted_ = static_cast<std::ptrdiff_t>(pairs_.size());
    if (admitted_ < n) return -std::numeric_limits<double>::infinity();
    lower.resize(pairs_.size());
    std::transform(pairs_.begin(), pairs_.end(), lower.begin(), [&](const OpenPair& p) { return bounds(p).lower; });
    std::nth_element(lower.begin(), lower.begin() + (n - 1), lower.end(), [](double a, double b) { return a > b; });
    return lower[n - 1];
  }

  // Drops what cannot reach that.
  template <class Bounds>
  void rule_out_below(double reach, Bounds bounds) {
    const auto ruled_out = [&](const OpenPair& pair) { return bounds(pair).upper < reach; };
    pairs_.erase(std::remove_if(pairs_.begin(), pairs_.end(), ruled_out), pairs_.end());
    admitted_ = std::min(admitted_, static_cast<std::ptrdiff_t>(pairs_.size()));
  }

  const std::vector<OpenPair>& pairs() const { return pairs_; }

 private:
  // So many wait, and twice the length of a list, before they are looked at.
  static constexpr std::size_t patience = 128;

  std::vector<OpenPair> pairs_;
  std::ptrdiff_t admitted_ = 0;  // how many of the first are wanted
};

}  // namespace coals
