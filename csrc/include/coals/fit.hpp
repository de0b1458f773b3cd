// Whole fits of alternating least squares, and rows solved against a fitted side. als.hpp has the half-sweeps.
//
// T is float or double. A fit starts from the factors in `users` and `items`, which must not be all zeros, and writes
// the fitted factors there. From the same numbers it gives the same bits as `coals.ImplicitALS(init=(users, items))`
// and `ExplicitALS` in Python, for any number of threads. Python draws its own start with NumPy; `random_start` makes
// one that C++ and Python (`coals.core_start`) share.
//
// Exceptions: std::invalid_argument if arguments do not fit together or a value is NaN, infinite or too large to be
// squared; SingularSystem, with row and side; std::overflow_error if the objective overflows;
// std::bad_alloc; whatever RunControl::poll and the functions in the options throw. After an exception the factors hold
// an intermediate state. The columns in each row of a sparse matrix must ascend and be in range: validate_csr checks
// both, and these functions check the range again.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "coals/als.hpp"

namespace coals {

struct SweepReport {
  std::int64_t sweep = 0;    // from 1
  double objective = 0;      // after the sweep
  double solve_seconds = 0;  // in half-sweeps since the fit began
  Solver solver = Solver::cholesky;
  double mean = 0;  // as in FitReport
  // K x K, or empty: the rotation to pass to `rotate` to get the factors as they would be if the fit ended now, because
  // implicit fits work in the principal axes of the fixed side. Valid during the call.
  MatrixView<const double> back;
};

struct FitOptions {
  double user_regularization = 1;
  double item_regularization = 1;
  double regularization_exponent = 0.5;
  std::int64_t iterations = 15;
  // Stop when a sweep lowers the objective by less than this share of it; 0 runs all iterations.
  double tolerance = 0;
  // Ignore `solver.solver`: use `block` if that makes a sweep three times cheaper, else `cholesky`.
  bool automatic_solver = true;
  SolverOptions solver;
  // If one of them is given, a sweep solves only these rows of that side, and each row exactly. The other rows do not
  // change, except that rows without entries become zeros. For new entries in data that were fitted before.
  std::optional<std::vector<std::int64_t>> user_rows, item_rows;
  // Accept a start of all zeros, from which factors cannot change: for a start that is the result of an earlier fit.
  bool accept_zeros = false;
  // Called on the calling thread after each sweep; true ends the fit.
  std::function<bool(const SweepReport&)> on_sweep;
};

// Defaults are those of Python's ImplicitALS.
struct ImplicitFitOptions : FitOptions {
  ImplicitObjective objective = ImplicitObjective::hkv;
  double alpha = 1;
  double unobserved_weight = 0.1;
};

// Defaults are those of Python's ExplicitALS.
struct ExplicitFitOptions : FitOptions {
  ExplicitFitOptions() {
    user_regularization = item_regularization = 10;
    regularization_exponent = 0;
  }
  bool biases = true;
  bool joint = true;  // solve factors and bias of a row as one system; else user biases, users, item biases, items
  // NaN: with biases the (weighted) mean of the ratings, summed in double, else 0.
  double mean = std::numeric_limits<double>::quiet_NaN();
};

// The values that the penalty pulls the factors of one side to, in place of zeros: a function of side features. Row i
// costs penalty_i |x_i - prior_i|^2. Factors of rows without entries are still zeros; use their priors instead.
template <class T>
struct FitPrior {
  MatrixView<T> rows;          // rows x K, or empty for zeros
  T* bias = nullptr;           // rows, or null for zeros
  MatrixView<double> weights;  // any rows x K, or empty: is rotated together with `rows` and the factors
  double penalty = 0;          // of the weights; part of the objective
  // Called on the calling thread, outside of parallel work, after each half-sweep of the side. Updates the arrays of
  // these views from the new factors, without raising the objective, and returns the new `penalty`.
  std::function<double()> update;
};

template <class T>
struct FitPriors {
  FitPrior<T> users, items;
};

struct FitReport {
  Solver solver = Solver::cholesky;  // the solver that ran
  double mean = 0;                   // the mean in predicted ratings; 0 for implicit feedback
  std::vector<double> objective;     // after each sweep
};

// The penalty_i of |x_i - prior_i|^2 for a row with `entries` entries; 0 without entries. `others` is the number of
// rows of the other side.
double row_penalty(const ImplicitFitOptions& options, Side side, std::int64_t others, std::int64_t entries);
double row_penalty(const ExplicitFitOptions& options, Side side, std::int64_t entries);

// Fits users (strengths.rows x K) and items (strengths.columns x K). Stored zeros are not interactions.
// Memory: the transpose of the data, and the workspaces of solver.hpp.
template <class T>
FitReport fit_implicit(const CsrView<T>& strengths, const ImplicitFitOptions& options, MatrixView<T> users,
                       MatrixView<T> items, const RunControl& control, const FitPriors<As<T>>& priors = {});

// Fits factors and biases; without biases their pointers are null. `weight` has one number >= 0 for each entry, or
// is null for ones.
template <class T>
FitReport fit_explicit(const CsrView<T>& ratings, const As<T>* weight, const ExplicitFitOptions& options,
                       MatrixView<T> users, MatrixView<T> items, As<T>* user_bias, As<T>* item_bias,
                       const RunControl& control, const FitPriors<As<T>>& priors = {});

// Factors of new rows of `side`, solved exactly against the other side as a fit with `options` left it: `fixed` has a
// row for each column of `rows`. `gram` is the Gram matrix of `fixed`, K x K; if it is empty, it is computed. `prior`
// is rows x K, or empty for zeros.
template <class T>
void fold_in_implicit(const CsrView<T>& rows, Side side, As<MatrixView<const T>> fixed, MatrixView<const double> gram,
                      const ImplicitFitOptions& options, MatrixView<T> factors, const RunControl& control,
                      As<MatrixView<const T>> prior = {});

// The same for ratings, factors and bias together. `mean` is that of the fit. `fixed_bias` and `bias` are null
// without biases.
template <class T>
void fold_in_explicit(const CsrView<T>& rows, const As<T>* weight, Side side, As<MatrixView<const T>> fixed,
                      const As<T>* fixed_bias, double mean, const ExplicitFitOptions& options, MatrixView<T> factors,
                      As<T>* bias, const RunControl& control, As<MatrixView<const T>> prior = {},
                      const As<T>* bias_prior = nullptr);

// Random factors to start from, with mean 0 and variance 1 / K; their absolute values if `nonnegative`. Each is a sum
// of twelve uniform numbers: this needs no libm, so that a seed gives the same bits on every platform.
template <class T>
void random_start(std::uint64_t seed, Side side, bool nonnegative, MatrixView<T> factors);

}  // namespace coals
