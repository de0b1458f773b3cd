// Whole fits of alternating least squares, and rows solved against a fitted side. als.hpp has the half-sweeps.
//
// T is float or double. A fit starts from what `users` and `items` hold, which must not be zeros, and leaves the
// factors there: same numbers in, same bits out as `coals.ImplicitALS(init=(users, items))` and `ExplicitALS` of
// Python, for any number of threads. Python draws its own start with NumPy; `random_start` is one that both sides can
// make (`coals.core_start` in Python).
//
// Exceptions: std::invalid_argument where arguments do not fit together or a value is NaN, infinite or too large to be
// squared; SingularSystem, in which `row` is a row of the side being solved; std::overflow_error where the objective
// leaves the range of numbers; std::bad_alloc; whatever RunControl::poll and `on_sweep` throw. After one of them the
// factors hold some state in between. Rows of sparse matrices must ascend, as validate_csr sees to; that their columns
// are in range is checked here too.
#pragma once

#include <functional>
#include <limits>
#include <vector>

#include "coals/als.hpp"

namespace coals {

enum class Side { users, items };

struct SweepReport {
  std::int64_t sweep = 0;  // from 1
  double objective = 0;    // after it
};

struct FitOptions {
  double user_regularization = 1;
  double item_regularization = 1;
  double regularization_exponent = 0.5;
  std::int64_t iterations = 15;
  double tolerance = 0;  // stop when a sweep lowers the objective by less than this share; 0 runs all iterations
  // `block` in place of `cholesky` where that makes a sweep three times cheaper; `solver.solver` is not read then.
  bool automatic_solver = true;
  SolverOptions solver;
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
  bool joint = true;  // factors and bias of a row as one system; else b, U, c, V in this order
  // NaN: the (weighted) mean of the ratings, summed in double, where there are biases, else 0. Python sums in another
  // order: for the same bits hand one's mean to the other, unless ratings are whole numbers.
  double mean = std::numeric_limits<double>::quiet_NaN();
};

struct FitReport {
  Solver solver = Solver::cholesky;  // which ran
  double mean = 0;                   // that ratings are modelled around; 0 for implicit feedback
  std::vector<double> objective;     // after each sweep
};

// Fits users (strengths.rows x K) and items (strengths.columns x K). Stored zeros are no interactions.
// Memory: the transpose of the data, and the workspaces of solver.hpp.
template <class T>
FitReport fit_implicit(const CsrView<T>& strengths, const ImplicitFitOptions& options, MatrixView<T> users,
                       MatrixView<T> items, const RunControl& control);

// Fits factors and biases, which are null without biases. `weight` has one number >= 0 an entry, or is null for ones.
template <class T>
FitReport fit_explicit(const CsrView<T>& ratings, const As<T>* weight, const ExplicitFitOptions& options,
                       MatrixView<T> users, MatrixView<T> items, As<T>* user_bias, As<T>* item_bias,
                       const RunControl& control);

// Factors of new rows of `side`, solved exactly against the other side as a fit with `options` left it: `fixed` has a
// row for each column of `rows`. `gram` is that of `fixed`, K x K, or empty to have it computed.
template <class T>
void fold_in_implicit(const CsrView<T>& rows, Side side, As<MatrixView<const T>> fixed, MatrixView<const double> gram,
                      const ImplicitFitOptions& options, MatrixView<T> factors, const RunControl& control);

// The same, factors and bias together; `mean` is that of the fit. `fixed_bias` and `bias` are null without biases.
template <class T>
void fold_in_explicit(const CsrView<T>& rows, const As<T>* weight, Side side, As<MatrixView<const T>> fixed,
                      const As<T>* fixed_bias, double mean, const ExplicitFitOptions& options, MatrixView<T> factors,
                      As<T>* bias, const RunControl& control);

// Numbers of mean 0 and variance 1 / K to start from, their absolute values if `nonnegative`: each the sum of twelve
// uniform ones, which needs no libm, so that a seed gives the same bits everywhere.
template <class T>
void random_start(std::uint64_t seed, Side side, bool nonnegative, MatrixView<T> factors);

}  // namespace coals
