// Sums over users for one item and all others: a scatter over the items of its users.
//
// Users come in ascending order, and a product does not care which of its factors is whose, so the sums of a pair have
// the same bits whether they are computed for the one item or for the other.
#pragma once

#include <vector>

#include "cooccurrence/pair_terms.hpp"
#include "cooccurrence/ranked_values.hpp"
#include "runtime/dispatch.hpp"

namespace coals {

enum class PairsWith {
  all,           // every item, itself included
  more_popular,  // items of lower rank alone: each pair comes up once
};

template <class Index, class Number, class Sums>
class PairScatter {
 public:
  explicit PairScatter(const RankedValues<Index, Number>& values, PairsWith which)
      : values_(values), which_(which), add_(scatter_kernel<Sums, Index, Number>(active_table().pairs)) {}

  struct Worker {
    explicit Worker(std::int64_t items)
        : sums(static_cast<std::size_t>(items)), seen(static_cast<std::size_t>(items)) {}
    std::vector<Sums> sums;           // by rank; blank between rows
    std::vector<unsigned char> seen;  // by rank; zero between rows
    std::vector<std::int32_t> found;
  };
  Worker make_worker() const { return Worker(values_.items.count); }
  std::int64_t worker_bytes() const { return values_.items.count * static_cast<std::int64_t>(sizeof(Sums) + 5); }

  // Steps that the row of this rank takes.
  std::int64_t work(std::int64_t rank) const {
    std::int64_t steps = 0;
    for (std::int64_t p = values_.rank_begin[rank]; p < values_.rank_begin[rank + 1]; ++p) {
      steps += others(values_.place[p]);
    }
    return steps;
  }

  // visit(rank of the other item, sums) for each pair with a user in it; `steps` is work(rank).
  template <class Check, class Visit>
  void row(Worker& worker, std::int64_t rank, std::int64_t steps, const Check& check_cancelled, Visit visit) const {
    if (dense(rank, steps)) {
      sum_all(worker, rank, check_cancelled);
      for (std::int64_t r = 0; r < others_of(rank); ++r) take(worker, r, visit);
      return;
    }
    worker.found.clear();
    scatter(worker, rank, check_cancelled, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t e = begin; e < end; ++e) {
        unsigned char& seen = worker.seen[values_.rank[e]];
        if (seen == 0) worker.found.push_back(static_cast<std::int32_t>(values_.rank[e]));
        seen = 1;
      }
    });
    for (const std::int32_t r : worker.found) {
      worker.seen[static_cast<std::size_t>(r)] = 0;
      take(worker, r, visit);
    }
  }

  // Whether a row touches enough others that scanning all of them is faster.
  bool dense(std::int64_t rank, std::int64_t steps) const { return steps > others_of(rank) / 8; }
  std::int64_t others_of(std::int64_t rank) const { return which_ == PairsWith::all ? values_.items.count : rank; }

  // Leaves the sums of a row in worker.sums; whoever reads them blanks them.
  template <class Check>
  void sum_all(Worker& worker, std::int64_t rank, const Check& check_cancelled) const {
    scatter(worker, rank, check_cancelled, [](std::int64_t, std::int64_t) {});
  }

 private:
  // How many items go with one of that user.
  std::int64_t others(const UserPlace& place) const {
    return which_ == PairsWith::all ? values_.user_begin[place.user + 1] - values_.user_begin[place.user]
                                    : place.before;
  }

  template <class Visit>
  static void take(Worker& worker, std::int64_t rank, Visit& visit) {
    Sums& sums = worker.sums[static_cast<std::size_t>(rank)];
    if (!none(sums)) visit(rank, sums);
    sums = Sums();
  }

  template <class Check, class Note>
  void scatter(Worker& worker, std::int64_t rank, const Check& check_cancelled, Note note) const {
    constexpr std::int64_t ahead = 3;  // users whose items are on their way
    const std::int64_t last = values_.rank_begin[rank + 1];
    const Index* ranks = values_.rank.data();
    const Number* values = values_.value.data();
    Sums* sums = worker.sums.data();
    std::int64_t since_check = 0;
    for (std::int64_t p = values_.rank_begin[rank]; p < last; ++p) {
      if (p + 2 * ahead < last) __builtin_prefetch(&values_.user_begin[values_.place[p + 2 * ahead].user]);
      if (p + ahead < last) fetch(values_.user_begin[values_.place[p + ahead].user]);
      const std::int64_t begin = values_.user_begin[values_.place[p].user], end = begin + others(values_.place[p]);
      const auto x = static_cast<double>(values_.own[p]);
      add_(sums, ranks + begin, values + begin, end - begin, x);
      note(begin, end);
      if ((since_check += end - begin + 8) < (1 << 20)) continue;
      check_cancelled();
      since_check = 0;
    }
  }

  // The hardware fetches ahead within a user's items, but cannot know where the next user's begin.
  void fetch(std::int64_t begin) const {
    constexpr std::int64_t line = 64, most = 96;  // entries; past the end nothing is read
    const auto* ranks = reinterpret_cast<const char*>(values_.rank.data() + begin);
    const auto* values = reinterpret_cast<const char*>(values_.value.data() + begin);
    for (std::int64_t at = 0; at < most * static_cast<std::int64_t>(sizeof(Index)); at += line)
      __builtin_prefetch(ranks + at);
    for (std::int64_t at = 0; at < most * static_cast<std::int64_t>(sizeof(Number)); at += line)
      __builtin_prefetch(values + at);
  }

  const RankedValues<Index, Number>& values_;
  PairsWith which_;
  void (*add_)(Sums*, const Index*, const Number*, std::int64_t, double);
};

}  // namespace coals
