// A fitted ALS model with all that it takes to rank: what a handle of the C interface holds.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>

#include "coals/csr.hpp"
#include "coals/fit.hpp"
#include "coals/topk.hpp"

namespace coals::c_api {

// Rows of item indices, owned.
struct Pattern {
  std::int64_t rows = 0, columns = 0;
  Buffer<std::int64_t> row_begin;
  Buffer<std::int32_t> column;

  CsrView<void> view() const { return {rows, columns, row_begin.data(), column.data(), nullptr}; }
};

inline Pattern copy_of(const CsrView<void>& matrix) {
  Pattern own{matrix.rows, matrix.columns, Buffer<std::int64_t>(matrix.rows + 1),
              Buffer<std::int32_t>(matrix.entries())};
  std::copy(matrix.row_begin, matrix.row_begin + matrix.rows + 1, own.row_begin.begin());
  std::copy(matrix.column, matrix.column + matrix.entries(), own.column.begin());
  return own;
}

// Row q holds row users[q] of `seen` (row q where users is null) and row q of `more`, which may be empty.
inline Pattern rows_of_both(const CsrView<void>& seen, const std::int64_t* users, std::int64_t count,
                            const CsrView<void>& more) {
  const auto own = [&](std::int64_t q) { return users ? users[q] : q; };
  std::int64_t most = 0;
  for (std::int64_t q = 0; q < count; ++q) most += seen.row_size(own(q)) + (more.row_begin ? more.row_size(q) : 0);
  Pattern both{count, seen.columns, Buffer<std::int64_t>(count + 1), Buffer<std::int32_t>(most)};
  std::int32_t* end = both.column.begin();
  both.row_begin[0] = 0;
  for (std::int64_t q = 0; q < count; ++q) {
    const std::int32_t* first = seen.column + seen.row_begin[own(q)];
    const std::int32_t* last = seen.column + seen.row_begin[own(q) + 1];
    if (more.row_begin) {
      end = std::set_union(first, last, more.column + more.row_begin[q], more.column + more.row_begin[q + 1], end);
    } else {
      end = std::copy(first, last, end);
    }
    both.row_begin[q + 1] = end - both.column.begin();
  }
  return both;
}

template <class T>
class Model {
 public:
  // One of the two: strengths or ratings.
  ImplicitFitOptions implicit;
  ExplicitFitOptions explicits;
  bool is_explicit = false;

  std::int64_t factors = 0;
  FitReport report;
  Buffer<T> users, items, user_bias, item_bias;
  Pattern seen;

  bool biased() const { return is_explicit && explicits.biases; }
  MatrixView<T> user_rows() { return {users.data(), seen.rows, factors, factors}; }
  MatrixView<T> item_rows() { return {items.data(), seen.columns, factors, factors}; }
  MatrixView<const T> rows_of(Side side) const {
    return side == Side::users ? MatrixView<const T>{users.data(), seen.rows, factors, factors}
                               : MatrixView<const T>{items.data(), seen.columns, factors, factors};
  }

  // What is an interaction; a stored zero or refusal is none.
  bool counts(T value) const { return is_explicit || value > 0; }

  // After the fit. Biases become two more factors, as in Python: lists are ranked by the very scores they show.
  void make_ready(const CsrView<T>& data, const RunControl& control) {
    known_ = Buffer<std::uint8_t>(data.rows);
    candidate_ = Buffer<std::uint8_t>(data.columns);
    std::fill(known_.begin(), known_.end(), std::uint8_t{0});
    std::fill(candidate_.begin(), candidate_.end(), std::uint8_t{0});
    for (std::int64_t i = 0; i < data.rows; ++i) {
      for (std::int64_t e = data.row_begin[i]; e < data.row_begin[i + 1]; ++e) {
        if (counts(data.value[e])) known_[i] = candidate_[data.column[e]] = 1;
      }
    }
    MatrixView<const T> targets = rows_of(Side::items);
    if (is_explicit) {
      targets_ = Buffer<T>(seen.columns * (factors + 2));
      for (std::int64_t j = 0; j < seen.columns; ++j) {
        T* row = std::copy(targets.row(j), targets.row(j) + factors, targets_.data() + j * (factors + 2));
        row[0] = biased() ? item_bias[j] : T(0);
        row[1] = T(1);
      }
      targets = {targets_.data(), seen.columns, factors + 2, factors + 2};
    } else {
      gram_ = Buffer<double>(factors * factors);
      gram<T>(targets, {gram_.data(), factors, factors, factors}, control);
    }
    index_ = std::make_unique<ItemIndex<T>>(targets, candidate_.data(), TopKMetric::inner_product, control);
  }

  bool is_known(std::int64_t user) const { return known_[user] || biased(); }

  // Factors and, for a biased model, biases of new rows of one side.
  void fold_in(Side side, const CsrView<T>& rows, const T* weight, MatrixView<T> out, T* bias,
               const RunControl& control) const {
    const Side other = side == Side::users ? Side::items : Side::users;
    if (!is_explicit) {
      MatrixView<const double> known;
      if (other == Side::items) known = {gram_.data(), factors, factors, factors};
      return fold_in_implicit(rows, side, rows_of(other), known, implicit, out, control);
    }
    const T* fixed_bias = (other == Side::items ? item_bias : user_bias).data();
    fold_in_explicit(rows, weight, side, rows_of(other), fixed_bias, report.mean, explicits, out, bias, control);
  }

  // Lists for rows of factors; biases may be null. Rows that are not known get empty lists.
  template <class Row, class Bias, class Known>
  void rank(std::int64_t count, Row row, Bias bias, Known known, const TopKFilter& filter, const TopKLists<T>& out,
            const RunControl& control) const {
    const std::int64_t width = factors + (is_explicit ? 2 : 0);
    Buffer<T> queries(count * width);
    for (std::int64_t q = 0; q < count; ++q) {
      T* end = std::copy(row(q), row(q) + factors, queries.data() + q * width);
      if (!is_explicit) continue;
      end[0] = T(1);
      end[1] = static_cast<T>(report.mean) + bias(q);
    }
    top_k<T>({queries.data(), count, width, width}, *index_, filter, out, TopKMethod::automatic, control);
    for (std::int64_t q = 0; q < count; ++q) {
      if (known(q)) continue;
      out.counts[q] = 0;
      std::fill(out.ids + q * out.n, out.ids + (q + 1) * out.n, std::int64_t{-1});
      std::fill(out.scores + q * out.n, out.scores + (q + 1) * out.n, std::numeric_limits<T>::quiet_NaN());
    }
  }

 private:
  Buffer<std::uint8_t> known_, candidate_;
  Buffer<T> targets_;
  Buffer<double> gram_;
  std::unique_ptr<ItemIndex<T>> index_;
};

}  // namespace coals::c_api
