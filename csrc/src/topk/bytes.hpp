// Ranks a block of queries by a first pass in 8-bit integers. With q = a x + d and v = b y + e, x and y integers,
//
//   |q.v - a b x.y| <= |a x| |e| + |d| |v|      (Cauchy-Schwarz, twice)
//
// and what rounding does to the score in T is bounded too, so that every pair has a proven interval around its score.
//
// A pair costs next to nothing until it gets into the open, so few should: a sample of the panels says about which
// score a list will need, and pairs whose interval ends below it are dropped at once. Those left open are scored in T,
// and N scores that reach the guess prove it right, or else the query goes again, with a lower one, then with none. If
// so many are left that scoring them is dear, N lower ends rule out what ends below them.
#pragma once

#include <cmath>

#include "threading/parallel.hpp"
#include "topk/byte_queries.hpp"
#include "topk/listed.hpp"
#include "topk/open_pairs.hpp"

namespace coals {

// The value that `rank` others are not below; few values may be reordered.
inline float nth_largest(float* value, std::int64_t count, int rank) {
  constexpr int most = 16;
  if (rank >= most) {
    std::nth_element(value, value + rank, value + count, [](float a, float b) { return a > b; });
    return value[rank];
  }
  float best[most];
  std::fill_n(best, most, -std::numeric_limits<float>::infinity());
  for (std::int64_t i = 0; i < count; ++i) {
    if (!(value[i] > best[rank])) continue;
    int at = rank;
    for (; at > 0 && best[at - 1] < value[i]; --at) best[at] = best[at - 1];
    best[at] = value[i];
  }
  return best[rank];
}

template <class T>
class ByteBlock {
 public:
  ByteBlock(const TopKTask<T>& task, const BytePanels& panels)
      : task_(task),
        panels_(panels),
        kernels_(*panels.kernels),
        queries_(kernels_.rows, task.queries.columns),
        listed_(task),
        dots_(kernels_.rows * kernels_.width),
        above_(kernels_.rows),
        sampled_(queries_per_block * kernels_.width),
        guess_(queries_per_block),
        exact_(static_cast<std::size_t>(queries_per_block), BoundedHeap<T>(task.capacity)),
        open_(queries_per_block) {}

  // Whether bounds hold for a query: no score comes near an overflow.
  bool is_bounded(std::int64_t query) const {
    constexpr double largest = 1e-3 * static_cast<double>(std::numeric_limits<T>::max());
    const double norm = norm_above(task_.queries.row(query), task_.queries.columns);
    return norm < largest && norm * task_.items.norm()[0] < largest;
  }

  // Queries that are not `active` are left alone; those that are must be bounded.
  template <class Active>
  void load(std::int64_t first, Active active) {
    first_ = first;
    count_ = std::min(queries_per_block, task_.queries.rows - first);
    queries_.clear();
    for (std::int64_t q = 0; q < count_; ++q) {
      if (!active(first + q)) continue;
      queries_.load(q, task_.queries.row(first + q), task_.queries.columns);
      queries_.raise(q, static_cast<double>(task_.below));
    }
  }

  // The lists of panels start, start + step, ...
  void rank(std::int64_t start, std::int64_t step, const TopKLists<T>& out, const CancellationCheck& check_cancelled) {
    guess(start, step, check_cancelled);
    pass(0, count_, start, step, check_cancelled);
    for (std::int64_t q = 0; q < count_; ++q) {
      if (is_idle(q)) continue;
      settle(q);
      if (was_too_high(q)) again(q, start, step, check_cancelled);
      exact_[q].write(first_ + q, out);
    }
  }

 private:
  static constexpr double nothing = -std::numeric_limits<double>::infinity();

  bool is_idle(std::int64_t q) const { return queries_.reach[q] == -nothing; }

  // Sets guess_[q], and what q must reach, by every so many of the panels.
  void guess(std::int64_t start, std::int64_t step, const CancellationCheck& check_cancelled) {
    std::fill(guess_.begin(), guess_.end(), nothing);
    const std::int64_t panels = (panels_.count - start + step - 1) / step;
    const double items = static_cast<double>(panels * kernels_.width);
    const auto every = std::clamp<std::int64_t>(std::llround(std::sqrt(items / 200)), 2, 64);
    if (panels < 4 * every) return;
    std::fill(sampled_.begin(), sampled_.end(), -std::numeric_limits<float>::infinity());
    for (std::int64_t p = start; p < panels_.count; p += step * every) {
      for (std::int64_t q = 0; q < count_; q += kernels_.rows) sample(q, p);
      check_cancelled();
    }
    sampled_part_ = 1.0 / static_cast<double>(every);
    for (std::int64_t q = 0; q < count_; ++q) {
      if (!is_idle(q)) aim(q, 1);
    }
  }

  void sample(std::int64_t q, std::int64_t p) {
    constexpr int most_rows = 32;
    float scale[most_rows], shift[most_rows];
    const BytePanels::Panel& panel = panels_.panel[p];
    for (std::int64_t m = 0; m < kernels_.rows; ++m) {
      const double both = queries_.scale[q + m] * panel.scale;
      scale[m] = static_cast<float>(both);
      shift[m] = static_cast<float>(-both * queries_.offset[q + m]);
    }
    (count_ == 1 ? kernels_.sample_row : kernels_.sample_tile)(queries_.packed.data() + queries_.place(q),
                                                               panels_.bytes(p), queries_.steps, scale, shift,
                                                               sampled_.data() + q * kernels_.width);
  }

  // Has q reach a guess, if that is more than it must reach anyway.
  void aim(std::int64_t q, double stretch) {
    const double score = sampled_score(q, stretch);
    if (score > queries_.reach[q]) queries_.raise(q, guess_[q] = score);
  }

  bool was_too_high(std::int64_t q) const {
    return queries_.reach[q] == guess_[q] && static_cast<double>(exact_[q].bound()) < guess_[q];
  }

  // A score that, going by the sample, a few more than a list takes will reach, times `stretch`.
  double sampled_score(std::int64_t q, double stretch) {
    const double all = static_cast<double>(task_.items.size());
    double admitted = 1;
    if (task_.filter.excluded.row_begin) {
      admitted -= static_cast<double>(task_.filter.excluded.row_size(first_ + q)) / all;
    }
    if (task_.filter.allowed.row_begin) {
      admitted *= std::min(1.0, static_cast<double>(task_.filter.allowed.row_size(first_ + q)) / all);
    }
    const double expected = static_cast<double>(task_.capacity) * sampled_part_ / std::max(admitted, 1e-3);
    // One guess in a hundred or two is too high; every step up here opens as many pairs as panels are passed over.
    const double rank = stretch * (expected + 2.2 * std::sqrt(expected));
    // Lanes hold the best of many items each: the first few of them are about the best of all.
    if (rank > static_cast<double>(kernels_.width) * 0.6) return nothing;
    const float nth = nth_largest(sampled_.data() + q * kernels_.width, kernels_.width, static_cast<int>(rank));
    // Beyond single precision there is no guess.
    return std::isfinite(nth) ? static_cast<double>(nth) : nothing;
  }

  // Opens what queries first to first + count may want of panels start, start + step, ...
  void pass(std::int64_t first, std::int64_t count, std::int64_t start, std::int64_t step,
            const CancellationCheck& check_cancelled) {
    const std::int64_t panels_between = std::max<std::int64_t>(1, (1 << 21) / panels_.size);
    const auto score = count == 1 ? kernels_.score_row : kernels_.score_tile;
    std::int64_t scored = 0;
    for (std::int64_t p = start; p < panels_.count; p += step) {
      const BytePanels::Panel& panel = panels_.panel[p];
      if (panel.norm < queries_.weakest(first, count)) break;
      for (std::int64_t q = first; q < first + count; q += kernels_.rows) {
        if (panel.norm < queries_.weakest(q, std::min(kernels_.rows, count))) continue;
        std::uint32_t rows =
            score(queries_.packed.data() + queries_.place(q), panels_.bytes(p), queries_.steps, queries_.limits(q),
                  panel.error, panel.norm, 1 / panel.scale, dots_.data(), above_.data());
        for (; rows; rows &= rows - 1) {
          const int m = __builtin_ctz(rows);
          open(q + m, dots_.data() + m * kernels_.width, above_[m], p);
        }
      }
      if (++scored % panels_between == 0) check_cancelled();
    }
  }

  void open(std::int64_t q, const std::int32_t* dots, std::uint64_t mask, std::int64_t panel) {
    const std::int64_t first = panel * kernels_.width, left = task_.items.size() - first;
    if (left < kernels_.width) mask &= (std::uint64_t{1} << left) - 1;
    OpenPairs& pairs = open_[q];
    for (; mask; mask &= mask - 1) {
      const std::int64_t c = __builtin_ctzll(mask);
      pairs.add(first + c, dots[c]);
    }
    if (pairs.are_many(task_.capacity)) make_room(q);
  }

  Interval bounds(std::int64_t q, const OpenPair& pair) const {
    const double scale = queries_.scale[q] * panels_.scale[pair.position];
    const double score = scale * (pair.dot - queries_.offset[q]);
    // More than all roundings here.
    const double slack = queries_.slack(q, panels_.error[pair.position], item_norm_[pair.position]) * 1.000001;
    return {score - slack - std::abs(score) * 1e-12, score + slack + std::abs(score) * 1e-12};
  }

  void prune(std::int64_t q) {
    const auto bounds_of = [&](const OpenPair& pair) { return bounds(q, pair); };
    const double proven = open_[q].reached_by(task_.capacity, lower_, bounds_of, [&](std::int32_t position) {
      return admits(task_.filter, first_ + q, item_[position]);
    });
    if (proven > queries_.reach[q]) queries_.raise(q, proven);
    open_[q].rule_out_below(queries_.reach[q], bounds_of);
  }

  void make_room(std::int64_t q) {
    prune(q);
    if (!open_[q].are_many(task_.capacity / 2)) return;
    settle(q);
    const auto reached = static_cast<double>(exact_[q].bound());
    if (reached > queries_.reach[q]) queries_.raise(q, reached);
  }

  // Scores what is open.
  void settle(std::int64_t q) {
    items_.clear();
    for (const OpenPair& pair : open_[q].pairs()) items_.push_back(item_[pair.position]);
    open_[q].clear();
    if (items_.empty()) return;
    listed_.offer(first_ + q, items_.data(), static_cast<std::int64_t>(items_.size()), exact_[q],
                  [&](std::int32_t item) { return admits(task_.filter, first_ + q, item); });
  }

  void again(std::int64_t q, std::int64_t start, std::int64_t step, const CancellationCheck& check_cancelled) {
    for (const double stretch : {2.5, 0.0}) {
      open_[q].clear();
      exact_[q].clear();
      queries_.raise(q, static_cast<double>(task_.below));
      guess_[q] = nothing;
      if (stretch > 0) aim(q, stretch);
      pass(q, 1, start, step, check_cancelled);
      settle(q);
      if (!was_too_high(q)) return;
    }
  }

  const TopKTask<T>& task_;
  const BytePanels& panels_;
  const ByteKernels& kernels_;
  const double* item_norm_ = task_.items.norm();
  const std::int32_t* item_ = task_.items.item();
  ByteQueries<T> queries_;
  ListedItems<T> listed_;
  std::int64_t first_ = 0, count_ = 0;
  Buffer<std::int32_t> dots_;
  Buffer<std::uint64_t> above_;
  Buffer<float> sampled_;
  Buffer<double> guess_;
  double sampled_part_ = 1;
  std::vector<BoundedHeap<T>> exact_;
  std::vector<OpenPairs> open_;
  std::vector<std::int32_t> items_;
  std::vector<double> lower_;
};

}  // namespace coals
