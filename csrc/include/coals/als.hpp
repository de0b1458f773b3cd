// Alternating least squares: half-sweeps for explicit ratings and implicit feedback, and their objectives.
//
// A half-sweep solves every row of one side while the other side stays fixed. "Rows" are the side being solved and
// "columns" the fixed side; solve users with the users x items matrix and items with its transpose. K is
// `fixed.columns`, from 1 to 2^20, n_i the number of entries of row i. Rows without entries get zeros.
//
// Every solver lowers the objective or leaves it: Solver::cholesky finds each row's exact minimiser, cg and block start
// from what `factors` holds. Cost and memory of each: solver.hpp.
// Hu, Koren, Volinsky 2008 (implicit); Zhou et al. 2008 (weighted regularisation); Rendle et al. 2021 (ials).
#pragma once

#include "coals/errors.hpp"
#include "coals/run_control.hpp"
#include "coals/solver.hpp"
#include "coals/views.hpp"

namespace coals {

// The penalty of row i is regularization * (n_i + offset)^exponent * |x_i - prior_i|^2.
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
  const T* weight = nullptr;      // one per entry, >= 0, or null for ones
  MatrixView<const T> prior;      // rows x K, or empty for zeros
  const T* bias_prior = nullptr;  // rows, or null for zeros
  SolverOptions options;
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

// Sum over all entries of w_ij (r_ij - mean - bias_i - fixed_bias_j - x_i . y_j)^2. `bias` may be null.
template <class T>
double explicit_squared_error(const ExplicitHalfSweep<T>& problem, MatrixView<const T> factors, const T* bias,
                              const RunControl& control);

enum class ImplicitObjective {
  hkv,   // observed cells weigh w0 + alpha * |r|, all others w0
  ials,  // as hkv, but the w0 part pulls every cell, observed or not, to 0
};

// Observed cells should be 1 where r_ij > 0 and 0 where r_ij < 0. All cells count; the Gram matrix fixed^T fixed
// carries the part that all of them share.
template <class T>
struct ImplicitHalfSweep {
  CsrView<T> strengths;
  MatrixView<const T> fixed;  // columns x K
  // K x K; or one row of K if it is diagonal (see rotate below), which is what the dual, cg and block solvers need.
  MatrixView<const double> gram;
  ImplicitObjective objective = ImplicitObjective::hkv;
  double alpha = 1;
  double unobserved_weight = 1;
  Penalty penalty;
  MatrixView<const T> prior;  // rows x K, or empty for zeros
  SolverOptions options;
};

// Factors of every row. Throws SingularSystem.
template <class T>
void solve_implicit_factors(const ImplicitHalfSweep<T>& problem, MatrixView<T> factors, const RunControl& control);

// The part of the objective that runs over observed entries: what has to be added to
// unobserved_weight * sum over all cells of (x_i . y_j)^2 and the penalties.
template <class T>
double implicit_observed_loss(const ImplicitHalfSweep<T>& problem, MatrixView<const T> factors,
                              const RunControl& control);

// out[i] = |rows_i - prior_i|^2, summed in double; an empty prior is zeros.
template <class T>
void squared_distances(MatrixView<const T> rows, MatrixView<const T> prior, double* out, const RunControl& control);

// out = matrix^T matrix, K x K and symmetric. Summed over fixed blocks of rows in fixed order, so the thread count
// does not show.
template <class T>
void gram(MatrixView<const T> matrix, MatrixView<double> out, const RunControl& control);

// Eigenvalues of a K x K Gram matrix, descending, and its eigenvectors as the columns of `axes`.
//
// Objectives of factor models do not change when both sides are turned alike, and in the axes of its own Gram matrix
// the fixed side has a diagonal one: rotate both sides, and hand the eigenvalues to solve_implicit_factors.
// Cost about 10 K^3. Memory: 2 K^2 doubles. Throws std::overflow_error where an element is not finite.
void principal_axes(MatrixView<const double> gram, double* eigenvalues, MatrixView<double> axes,
                    const RunControl& control);

// rows <- rows * axes, in place. Cost 2 K^2 flops a row.
template <class T>
void rotate(MatrixView<T> rows, MatrixView<const double> axes, const RunControl& control);

}  // namespace coals
