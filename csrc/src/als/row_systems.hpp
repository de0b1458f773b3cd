// What a half-sweep asks for, row by row, in the one form that every solver understands.
//
// For row i with entries e in columns j_e the system is
//   (base + sum_e w_e y_e y_e^T + ridge_i I) x = sum_e d_e y_e + ridge_i prior_i,
// where y_e is row j_e of the fixed side, followed by a 1 if the row's bias is solved too.
#pragma once

#include <cmath>
#include <limits>

#include "coals/als.hpp"
#include "coals/buffer.hpp"
#include "kernels/kernel_table.hpp"
#include "linalg/padding.hpp"

namespace coals {

inline double ridge_of(const Penalty& penalty, std::int64_t entries) {
  return penalty.regularization * std::pow(static_cast<double>(entries) + penalty.offset, penalty.exponent);
}

// Gives w_e and d_e of entries. Explicit: w the given weight, d = w * (rating less mean and biases). Implicit: w =
// alpha |r|, and d = w, plus w0 for hkv, where r > 0; d = 0 where r < 0.
template <class T>
struct EntryRule {
  CsrView<T> data;
  bool implicit = false;
  T alpha = 1, shared = 0;      // implicit
  T mean = 0;                   // explicit, from here on
  const T* row_bias = nullptr;  // held fixed
  const T* fixed_bias = nullptr;
  const T* entry_weight = nullptr;

  bool weighted() const { return implicit || entry_weight; }

  // `count` entries of row i from entry `first` of the matrix on. `weight` is left alone unless weighted().
  void fill(std::int64_t i, std::int64_t first, std::int64_t count, T* weight, T* target) const {
    const T* value = data.value + first;
    if (implicit) {
      for (std::int64_t e = 0; e < count; ++e) {
        weight[e] = alpha * std::abs(value[e]);
        target[e] = value[e] > T(0) ? weight[e] + shared : T(0);
      }
      return;
    }
    const T offset = mean + (row_bias ? row_bias[i] : T(0));
    for (std::int64_t e = 0; e < count; ++e) target[e] = value[e] - offset;
    if (fixed_bias) {
      const std::int32_t* column = data.column + first;
      for (std::int64_t e = 0; e < count; ++e) target[e] -= fixed_bias[column[e]];
    }
    if (!entry_weight) return;
    std::copy(entry_weight + first, entry_weight + first + count, weight);
    for (std::int64_t e = 0; e < count; ++e) target[e] *= weight[e];
  }
};

template <class T>
struct RowSystems {
  EntryRule<T> rule;
  MatrixView<const T> fixed;
  MatrixView<const double> gram;  // base = gram_scale * gram: K x K, one row of K if diagonal, or empty for none
  double gram_scale = 0;
  Penalty penalty;
  MatrixView<const T> prior;
  const T* bias_prior = nullptr;
  MatrixView<T> factors;
  T* bias = nullptr;  // solved along with the factors if not null
  SolverOptions options;

  std::int64_t size() const { return fixed.columns + (bias ? 1 : 0); }
  // Next to the shared part a ridge up to this is lost in rounding: the system may be singular as if there was none, so
  // such rows are looked at one by one by the primal solver, which knows what to do then.
  double negligible_ridge() const {
    double largest = 0;
    for (std::int64_t k = 0; k < gram.columns && gram.data; ++k) {
      largest = std::max(largest, gram.rows > 1 ? gram.row(k)[k] : gram.data[k]);
    }
    return std::numeric_limits<T>::epsilon() * gram_scale * largest;
  }

  bool has_prior() const { return prior.data || (bias && bias_prior); }
  // Whether base + ridge is diagonal, which all but the primal solver need.
  bool has_diagonal_base() const { return gram.rows <= 1; }
  const CsrView<T>& data() const { return rule.data; }

  // The rows of the fixed side that entries first .. first + count stand for. `in_order` says that the entries after
  // them come next.
  GatherFrom<T> gather_from(std::int64_t first, std::int64_t count, bool append_one, const T* column_scale,
                            const T* row_scale, bool in_order = true) const {
    const std::int64_t following = in_order ? data().entries() - first - count : 0;
    return {fixed.data, fixed.stride, data().column + first, count, fixed.columns, append_one, column_scale,
            row_scale,  following};
  }

  // Asks for the rows of the fixed side that row i needs.
  void prefetch(std::int64_t i) const {
    constexpr std::int64_t per_line = 64 / static_cast<std::int64_t>(sizeof(T));
    for (std::int64_t e = data().row_begin[i]; e < data().row_begin[i + 1]; ++e) {
      const T* row = fixed.row(data().column[e]);
      for (std::int64_t k = 0; k < fixed.columns; k += per_line) __builtin_prefetch(row + k);
    }
  }

  // Element k of row i's prior.
  T prior_of(std::int64_t i, std::int64_t k) const {
    if (k < fixed.columns) return prior.data ? prior.row(i)[k] : T(0);
    return bias_prior ? bias_prior[i] : T(0);
  }

  // rhs[k] += ridge * prior of row i.
  void add_prior(std::int64_t i, T ridge, T* rhs) const {
    if (prior.data) {
      for (std::int64_t k = 0; k < fixed.columns; ++k) rhs[k] += ridge * prior.row(i)[k];
    }
    if (bias && bias_prior) rhs[fixed.columns] += ridge * bias_prior[i];
  }

  void store(std::int64_t i, const T* x) const {
    std::copy(x, x + fixed.columns, factors.row(i));
    if (bias) bias[i] = x[fixed.columns];
  }

  void load(std::int64_t i, T* x) const {
    std::copy(factors.row(i), factors.row(i) + fixed.columns, x);
    if (bias) x[fixed.columns] = bias[i];
  }
};

}  // namespace coals
