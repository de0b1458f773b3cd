// The values of a matrix laid out for summing over users: by user, items numbered by rank (most users first), and by
// rank the places of its entries in there. Small types, since what is summed is read from memory over and over.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "coals/buffer.hpp"
#include "coals/cooccurrence.hpp"
#include "cooccurrence/ranked_pairs.hpp"
#include "threading/parallel.hpp"

namespace coals {

// A user of an item, and how many entries of that user come before it.
struct UserPlace {
  std::int32_t user;
  std::int32_t before;
};

// Index numbers the ranks; Number is what values are rounded to.
template <class Index, class Number>
struct RankedValues {
  RankedItems items;
  Buffer<std::int64_t> user_begin;
  Buffer<Index> rank;  // ascending for each user
  Buffer<Number> value;
  Buffer<std::int64_t> rank_begin;
  Buffer<UserPlace> place;  // users ascending for each rank
  Buffer<Number> own;       // the value that goes with it

  std::int64_t users() const { return user_begin.size() - 1; }
  std::int64_t bytes() const {
    return rank.size() * static_cast<std::int64_t>(sizeof(Index) + 2 * sizeof(Number) + sizeof(UserPlace)) +
           8 * (user_begin.size() + rank_begin.size()) + 16 * items.count;
  }
};

// Lays out entries in three passes over parts of the users, without a sort: counting the entries of each part and rank
// tells every part where its own go.
template <class Index, class Number>
class ValueRanking {
 public:
  using Values = RankedValues<Index, Number>;

  ValueRanking(const CsrView<double>& matrix, Values& out, const RunControl& control)
      : matrix_(matrix), out_(out), control_(control), parts_(few_parts(matrix.structure(), control)) {}

  void operator()() {
    const std::int64_t items = out_.items.count;
    begin_ = Buffer<std::int64_t>(std::max<std::int64_t>(1, parts()) * items);
    std::fill(begin_.begin(), begin_.end(), std::int64_t{0});
    out_.user_begin = Buffer<std::int64_t>(matrix_.rows + 1);
    out_.rank_begin = Buffer<std::int64_t>(items + 1);
    parallel_for(parts(), control_, [&](std::int64_t p) { count(p); });
    out_.user_begin[0] = 0;
    for (std::int64_t u = 0; u < matrix_.rows; ++u) out_.user_begin[u + 1] += out_.user_begin[u];
    std::int64_t at = 0;
    for (std::int64_t r = 0; r < items; ++r) {
      out_.rank_begin[r] = at;
      for (std::int64_t p = 0; p < parts(); ++p) at += std::exchange(begin_[p * items + r], at);
    }
    out_.rank_begin[items] = at;
    out_.rank = Buffer<Index>(at);
    out_.value = Buffer<Number>(at);
    out_.place = Buffer<UserPlace>(at);
    out_.own = Buffer<Number>(at);
    parallel_for(parts(), control_, [&](std::int64_t p) { place_by_rank(p); });
    parallel_for(parts(), control_, [&](std::int64_t p) { place_by_user(p); });
  }

 private:
  std::int64_t parts() const { return static_cast<std::int64_t>(parts_.size()) - 1; }

  // Entries of each rank, and of each user.
  void count(std::int64_t part) {
    std::int64_t* counts = begin_.data() + part * out_.items.count;
    for (std::int64_t u = parts_[part]; u < parts_[part + 1]; ++u) {
      std::int64_t size = 0;
      for (std::int64_t e = matrix_.row_begin[u]; e < matrix_.row_begin[u + 1]; ++e) {
        const std::int32_t rank = out_.items.rank[matrix_.column[e]];
        if (rank < 0) continue;
        ++counts[rank];
        ++size;
      }
      out_.user_begin[u + 1] = size;
    }
  }

  void place_by_rank(std::int64_t part) {
    std::int64_t* next = begin_.data() + part * out_.items.count;
    for (std::int64_t u = parts_[part]; u < parts_[part + 1]; ++u) {
      for (std::int64_t e = matrix_.row_begin[u]; e < matrix_.row_begin[u + 1]; ++e) {
        const std::int32_t rank = out_.items.rank[matrix_.column[e]];
        if (rank < 0) continue;
        const std::int64_t place = next[rank]++;
        out_.place[place].user = static_cast<std::int32_t>(u);
        out_.own[place] = static_cast<Number>(matrix_.value[e]);
      }
    }
  }

  // After place_by_rank, begin_ holds the ends: those of a part are the begins of the next.
  void place_by_user(std::int64_t part) {
    const std::int64_t items = out_.items.count;
    const std::int64_t first = parts_[part];
    std::vector<std::int64_t> next(out_.user_begin.data() + first, out_.user_begin.data() + parts_[part + 1]);
    for (std::int64_t r = 0; r < items; ++r) {
      const std::int64_t from = part == 0 ? out_.rank_begin[r] : begin_[(part - 1) * items + r];
      for (std::int64_t place = from; place < begin_[part * items + r]; ++place) {
        const std::int32_t user = out_.place[place].user;
        const std::int64_t e = next[static_cast<std::size_t>(user - first)]++;
        out_.rank[e] = static_cast<Index>(r);
        out_.value[e] = out_.own[place];
        out_.place[place].before = static_cast<std::int32_t>(e - out_.user_begin[user]);
      }
    }
  }

  const CsrView<double>& matrix_;
  Values& out_;
  const RunControl& control_;
  std::vector<std::int64_t> parts_;
  Buffer<std::int64_t> begin_;  // of the entries of each part and rank
};

// Scales the values of each item to length 1; zeros stay zeros.
template <class Index, class Number>
void scale_to_unit(RankedValues<Index, Number>& values, const RunControl& control) {
  const std::int64_t items = values.items.count;
  Buffer<double> largest(items), norm(items);
  const auto scaled = [&](Number x, std::int64_t r) {  // by the largest first: squares neither vanish nor overflow
    return static_cast<double>(x) / largest[r] / norm[r];
  };
  const auto tasks = balanced_tasks(items, 1e5, [&](std::int64_t r) {
    return static_cast<double>(values.rank_begin[r + 1] - values.rank_begin[r]) + 1;
  });
  parallel_for(static_cast<std::int64_t>(tasks.size()) - 1, control, [&](std::int64_t t) {
    for (std::int64_t r = tasks[t]; r < tasks[t + 1]; ++r) {
      Number* first = values.own.data() + values.rank_begin[r];
      Number* last = values.own.data() + values.rank_begin[r + 1];
      double most = 0, squares = 0;
      for (const Number* x = first; x < last; ++x) most = std::max(most, std::abs(static_cast<double>(*x)));
      largest[r] = most > 0 ? most : 1;
      norm[r] = 1;
      for (const Number* x = first; x < last; ++x) squares += scaled(*x, r) * scaled(*x, r);
      if (squares > 0) norm[r] = std::sqrt(squares);
      for (Number* x = first; x < last; ++x) *x = static_cast<Number>(scaled(*x, r));
    }
  });
  constexpr std::int64_t together = 1 << 16;
  const std::int64_t entries = values.rank.size();
  parallel_for((entries + together - 1) / together, control, [&](std::int64_t t) {
    for (std::int64_t e = t * together; e < std::min(entries, (t + 1) * together); ++e) {
      values.value[e] = static_cast<Number>(scaled(values.value[e], values.rank[e]));
    }
  });
}

// `items` are those of the matrix; entries of items without a rank are left out.
template <class Index, class Number>
RankedValues<Index, Number> rank_values(const CsrView<double>& matrix, RankedItems items, const RunControl& control) {
  RankedValues<Index, Number> out;
  out.items = std::move(items);
  ValueRanking<Index, Number>(matrix, out, control)();
  return out;
}

}  // namespace coals
