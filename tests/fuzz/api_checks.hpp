// What must hold of what the C interface returns, and the lists and filters that it is asked with.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "api_inputs.hpp"

inline void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (holds) return;
  std::printf("does not hold: %s, line %d\n", file, line);
  std::fflush(stdout);
  std::abort();
}

inline void check_status(coals_status status, const Given<coals_error>& given) {
  if (status == COALS_INTERNAL) std::printf("internal error: %s\n", given.known().message);
  require(status >= COALS_OK && status < COALS_INTERNAL);  // INTERNAL is for what nobody thought of
  require(std::strcmp(coals_status_name(status), "unknown status") != 0);
  if (!given.sound() || !given.whole()) return;
  const coals_error error = given.known();
  require(error.status == status && std::memchr(error.message, 0, sizeof error.message) != nullptr);
  require((error.message[0] != '\0') == (status != COALS_OK));
  require(status == COALS_SINGULAR ? error.row >= 0 : error.row == -1);
}

inline void check_finite(const void* data, std::int32_t dtype, std::int64_t count, bool nonnegative = false) {
  for (std::int64_t k = 0; data && k < count; ++k) {
    const double value = number_at(data, dtype, k);
    require(std::isfinite(value) && (!nonnegative || value >= 0));
  }
}

inline void check_model(const coals_model_view& view, const coals_csr& data, const coals_fit_options& options) {
  require(view.users == data.rows && view.items == data.columns && view.dtype == data.dtype);
  require(view.factors == options.factors && view.sweeps >= 1 && view.sweeps <= options.iterations);
  check_finite(view.user_factors, view.dtype, view.users * view.factors, options.nonnegative != 0);
  check_finite(view.item_factors, view.dtype, view.items * view.factors, options.nonnegative != 0);
  check_finite(view.user_bias, view.dtype, view.users);
  check_finite(view.item_bias, view.dtype, view.items);
  check_finite(view.objective, COALS_FLOAT64, view.sweeps);
}

// Room for the lists of some queries.
class Lists {
 public:
  Lists(Bytes& bytes, std::int64_t queries, std::int32_t dtype)
      : dtype_(dtype), n_(length(bytes, queries)), places_(queries > 0 ? queries * std::max<std::int64_t>(n_, 0) : 0) {
    ids_.assign(static_cast<std::size_t>(places_), -7);
    scores_.assign(static_cast<std::size_t>(places_) * width_of(dtype), 'x');
    counts_.assign(static_cast<std::size_t>(queries), -7);
    coals_lists own{sizeof own, n_, pointer(ids_), pointer(scores_), pointer(counts_)};
    const std::uint8_t choice = bytes.byte();
    if (choice == 255) own.ids = nullptr;
    if (choice == 254) own.scores = nullptr;
    if (choice == 253) own.counts = nullptr;
    given_.reset(new Given<coals_lists>(own, bytes));
  }

  coals_lists* get() const { return given_->get(); }
  std::int64_t n() const { return n_; }
  std::int64_t count(std::int64_t q) const { return counts_[static_cast<std::size_t>(q)]; }
  std::int64_t id(std::int64_t q, std::int64_t p) const { return ids_[static_cast<std::size_t>(q * n_ + p)]; }
  double score(std::int64_t q, std::int64_t p) const { return number_at(scores_.data(), dtype_, q * n_ + p); }

 private:
  static std::int64_t length(Bytes& bytes, std::int64_t queries) {
    const std::int64_t n = bytes.count(10);
    return queries > 0 ? std::min<std::int64_t>(n, 64) : n;
  }
  // Never null, as it would be for no queries.
  template <class T>
  static T* pointer(std::vector<T>& values) {
    values.reserve(1);
    return values.data();
  }

  std::int32_t dtype_;
  std::int64_t n_, places_;
  std::vector<std::int64_t> ids_, counts_;
  std::vector<char> scores_;
  std::unique_ptr<Given<coals_lists>> given_;
};

class Filter {
 public:
  Filter(Bytes& bytes, std::int64_t queries, std::int64_t items) {
    const std::uint8_t choice = bytes.byte();
    coals_filter own{sizeof own, nullptr, nullptr, nullptr, 0, 0, 0.0};
    own.include_seen = choice & 1;
    if (choice & 2) own.excluded = add(excluded_, bytes, queries, items);
    if (choice & 4) own.allowed = add(allowed_, bytes, queries, items);
    if (choice & 8) {
      for (std::int64_t j = 0; j < items; ++j) candidate_.push_back(bytes.byte() % 4 != 3);
      candidate_.shrink_to_fit();
      own.candidate = candidate_.data();
    }
    own.has_min_score = choice >> 4 & 1;
    if (own.has_min_score) own.min_score = bytes.number();
    if (choice >= 32) given_.reset(new Given<coals_filter>(own, bytes));
  }

  coals_filter* get() const { return given_ ? given_->get() : nullptr; }
  bool includes_seen() const { return known().include_seen; }

  // Whether item j may be on list q, whatever its score.
  bool passes(std::int64_t q, std::int64_t j) const {
    const coals_filter own = known();
    return !(own.excluded && excluded_.matrix->has(q, j)) && !(own.allowed && !allowed_.matrix->has(q, j)) &&
           !(own.candidate && !own.candidate[j]);
  }
  std::int64_t passing(std::int64_t q, std::int64_t items) const {
    std::int64_t count = 0;
    for (std::int64_t j = 0; j < items; ++j) count += passes(q, j);
    return count;
  }

  void check(const Lists& lists, std::int64_t queries, std::int64_t items) const {
    const coals_filter own = known();
    for (std::int64_t q = 0; q < queries; ++q) {
      const std::int64_t count = lists.count(q);
      require(count >= 0 && count <= lists.n());
      for (std::int64_t p = 0; p < count; ++p) {
        const std::int64_t id = lists.id(q, p);
        const double score = lists.score(q, p);
        require(id >= 0 && id < items && passes(q, id) && score >= -std::numeric_limits<double>::max());
        require(!own.has_min_score || score >= own.min_score);
        if (p == 0) continue;
        const double before = lists.score(q, p - 1);
        require(before > score || (before == score && lists.id(q, p - 1) < id));
      }
      for (std::int64_t p = count; p < lists.n(); ++p) require(lists.id(q, p) == -1 && std::isnan(lists.score(q, p)));
    }
  }

  bool has_min_score() const { return known().has_min_score; }

 private:
  struct Rows {
    std::unique_ptr<Sparse> matrix;
    std::unique_ptr<Given<coals_csr>> given;
  };

  static coals_csr* add(Rows& rows, Bytes& bytes, std::int64_t queries, std::int64_t items) {
    queries += bytes.one_in(64);
    items += bytes.one_in(64);
    rows.matrix.reset(new Sparse(bytes, queries, items, COALS_FLOAT32));
    rows.given.reset(new Given<coals_csr>(rows.matrix->csr, bytes));
    return rows.given->get();
  }

  coals_filter known() const { return given_ ? given_->known() : coals_filter{}; }

  Rows excluded_, allowed_;
  std::vector<std::uint8_t> candidate_;
  std::unique_ptr<Given<coals_filter>> given_;
};

// Rows of columns that ascend, at most `neighbors` in each if that is not -1.
inline void check_pairs(const coals_csr& pairs, const coals_pair_options& asked, std::int64_t items) {
  require(pairs.rows == (asked.rows ? asked.row_count : items) && pairs.columns == items);
  require(pairs.dtype == asked.dtype && pairs.row_begin[0] == 0 && pairs.row_begin[pairs.rows] == pairs.entries);
  for (std::int64_t i = 0; i < pairs.rows; ++i) {
    const std::int64_t begin = pairs.row_begin[i], end = pairs.row_begin[i + 1];
    require(begin <= end && (asked.neighbors < 0 || end - begin <= asked.neighbors));
    for (std::int64_t e = begin; e < end; ++e) {
      require(pairs.column[e] >= 0 && pairs.column[e] < items);
      require(e == begin || pairs.column[e] > pairs.column[e - 1]);
      require(asked.diagonal || pairs.column[e] != (asked.rows ? asked.rows[i] : i));
      const double value = pairs.dtype == COALS_INT32 ? static_cast<const std::int32_t*>(pairs.value)[e]
                                                      : number_at(pairs.value, pairs.dtype, e);
      require(value != 0 && !std::isnan(value));
    }
  }
}
