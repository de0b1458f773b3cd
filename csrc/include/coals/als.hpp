// Alternating least squares: half-sweeps for explicit ratings and implicit feedback, and their objectives.
//
// A half-sweep solves every row of one side exactly while the other side stays fixed, so the objective cannot rise.
// "Rows" are the side being solved and "columns" the fixed side; solve users with the users x items matrix and items
// with its transpose. Rows without entries get zeros. K is `fixed.columns`, n_i the number of entries of row i.
//
// Cost per half-sweep: entries * K^2 + rows * K^3 / 3 multiply-adds. Memory: about (K + 256) * K elements a thread.
// Hu, Koren, Volinsky 2008 (implicit); Zhou et al. 2008 (weighted regularisation); Rendle et al. 2021 (ials).
#pragma once

#include "coals/errors.hpp"
#include "coals/run_control.hpp"
#include "coals/views.hpp"

namespace coals {

// The penalty of row i is regularization * (n_i + offset)^exponent * |x_i|^2.
struct Penalty {
  double regularization = 0;
  double exponent = 0;
  double offset = 0;
};

// Ratings r_ij are modelled as mean + bias_i + fixed_bias_j + x_i . y_j.
template <class T>
struct ExplicitHalfSweep {
  CsrView<T> ratings;
  MatrixView<const T> fixed;      // columns x K
  const T* fixed_bias = nullptr;  // columns, or null for none
  double mean = 0;
  Penalty penalty;
};

// Factors of every row with the row's bias held fixed (`bias` may be null for none).
// Throws SingularSystem with the lowest row that has no unique solution.
template <class T>
void solve_explicit_factors(const ExplicitHalfSweep<T>& problem, const T* bias, MatrixView<T> factors,
                            const RunControl& control);

// The bias of every row with its factors held fixed.
template <class T>
void solve_explicit_bias(const ExplicitHalfSweep<T>& problem, MatrixView<const T> factors, T* bias,
                         const RunControl& control);

// Factors and bias of every row together, as one system of K + 1. Throws SingularSystem.
template <class T>
void solve_explicit_joint(const ExplicitHalfSweep<T>& problem, MatrixView<T> factors, T* bias,
                          const RunControl& control);

// Sum over all entries of (r_ij - mean - bias_i - fixed_bias_j - x_i . y_j)^2. `bias` may be null.
template <class T>
double explicit_squared_error(const ExplicitHalfSweep<T>& problem, MatrixView<const T> factors, const T* bias,
                              const RunControl& control);

enum class ImplicitObjective {
  hkv,   // observed cells weigh w0 + alpha * r, all others w0, and the observed ones should be 1
  ials,  // as hkv, but the w0 part pulls every cell, observed or not, to 0
};

// Strengths r_ij must be positive. All cells count; `gram` carries the part that all of them share.
template <class T>
struct ImplicitHalfSweep {
  CsrView<T> strengths;
  MatrixView<const T> fixed;  // columns x K
  MatrixView<const T> gram;   // K x K, fixed^T fixed
  ImplicitObjective objective = ImplicitObjective::hkv;
  double alpha = 1;
  double unobserved_weight = 1;
  Penalty penalty;
};

// Factors of every row. Throws SingularSystem.
template <class T>
void solve_implicit_factors(const ImplicitHalfSweep<T>& problem, MatrixView<T> factors, const RunControl& control);

// The part of the objective that runs over observed entries: what has to be added to
// unobserved_weight * sum over all cells of (x_i . y_j)^2 and the penalties.
template <class T>
double implicit_observed_loss(const ImplicitHalfSweep<T>& problem, MatrixView<const T> factors,
                              const RunControl& control);

// out = matrix^T matrix, K x K and symmetric. Summed over fixed blocks of rows in fixed order, so the thread count
// does not show.
template <class T>
void gram(MatrixView<const T> matrix, MatrixView<T> out, const RunControl& control);

}  // namespace coals
