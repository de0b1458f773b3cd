// Whole fits of alternating least squares, and rows solved against a fitted side. als.hpp has the half-sweeps.
//
// T is float or double. A fit starts from what `users` and `items` hold, which must not be zeros, and leaves the
// factors there: same numbers in, same bits out as `coals.ImplicitALS(init=(users, items))` and `ExplicitALS` of
// Python, for any number of threads. Python draws its own start with NumPy; `random_start` is one that both sides can
// make (`coals.core_start` in Python).
//
// Exceptions: std::invalid_argument where arguments do not fit together or a value is NaN, infinite or too large to be
// squared; SingularSystem, with row and side; std::overflow_error where the objective leaves the range of numbers;
// std::bad_alloc; whatever RunControl::poll and the functions in the options throw. After one of them the factors hold
// some state in between. Rows of sparse matrices must ascend, as validate_csr sees to; that their columns
// are in range is checked here too.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "coals/als.hpp"

namespace coals {

struct SweepReport {
  std::int64_t sweep = 0;    // from 1
  double objective = 0;      // after it
  double solve_seconds = 0;  // in half-sweeps since the fit began
  Solver solver = Solver::cholesky;
  double mean = 0;  // as in FitReport
  // K x K, or empty: what `rotate` turns the factors by, to see them as a fit that ends here leaves them. (Implicit
  // fits work in the principal axes of the fixed side. Valid during the call.)
  MatrixView<const double> back;
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
  // Where one of them is given, a sweep solves these rows of that side alone, and each row exactly; the others stay as
  // they are, but for rows without entries, which become zeros. For new entries in data that were fitted before.
  std::optional<std::vector<std::int64_t>> user_rows, item_rows;
  // Accept a start of nothing but zeros, which factors cannot leave: for a start that an earlier fit has found.
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
  bool joint = true;  // factors and bias of a row as one system; else b, U, c, V in this order
  // NaN: the (weighted) mean of the ratings, summed in double, where there are biases, else 0.
  double mean = std::numeric_limits<double>::quiet_NaN();
};

// What the factors of one side are pulled to in place of zeros, as a function of side features gives it: row i costs
// penalty_i |x_i - prior_i|^2. Rows without entries get zeros as ever; the prior is what is known about them.
template <class T>
struct FitPrior {
  MatrixView<T> rows;          // rows x K, or empty for zeros
  T* bias = nullptr;           // rows, or null for zeros
  MatrixView<double> weights;  // any rows x K, or empty: is turned along, as `rows` and the factors are
  double penalty = 0;          // of the weights; part of the objective
  // Called on the calling thread, outside of the threads of the core, after each half-sweep of the side, to change what
  // these views show in the light of the new factors, and so that the objective does not rise; returns the new
  // `penalty`.
  std::function<double()> update;
};

template <class T>
struct FitPriors {
  FitPrior<T> users, items;
};

struct FitReport {
  Solver solver = Solver::cholesky;  // which ran
  double mean = 0;                   // that ratings are modelled around; 0 for implicit feedback
  std::vector<double> objective;     // after each sweep
};

// What |x_i - prior_i|^2 costs for a row with so many entries: nothing where there is none. `others` is the number of
// rows of the other side.
double row_penalty(const ImplicitFitOptions& options, Side side, std::int64_t others, std::int64_t entries);
double row_penalty(const ExplicitFitOptions& options, Side side, std::int64_t entries);

// Fits users (strengths.rows x K) and items (strengths.columns x K). Stored zeros are no interactions.
// Memory: the transpose of the data, and the workspaces of solver.hpp.
template <class T>
FitReport fit_implicit(const CsrView<T>& strengths, const ImplicitFitOptions& options, MatrixView<T> users,
                       MatrixView<T> items, const RunControl& control, const FitPriors<As<T>>& priors = {});

// Fits factors and biases, which are null without biases. `weight` has one number >= 0 an entry, or is null for ones.
template <class T>
FitReport fit_explicit(const CsrView<T>& ratings, const As<T>* weight, const ExplicitFitOptions& options,
                       MatrixView<T> users, MatrixView<T> items, As<T>* user_bias, As<T>* item_bias,
                       const RunControl& control, const FitPriors<As<T>>& priors = {});

// Factors of new rows of `side`, solved exactly against the other side as a fit with `options` left it: `fixed` has a
// row for each column of `rows`. `gram` is that of `fixed`, K x K, or empty to have it computed. `prior` is rows x K,
// or empty for zeros.
template <class T>
void fold_in_implicit(const CsrView<T>& rows, Side side, As<MatrixView<const T>> fixed, MatrixView<const double> gram,
                      const ImplicitFitOptions& options, MatrixView<T> factors, const RunControl& control,
                      As<MatrixView<const T>> prior = {});

// The same, factors and bias together; `mean` is that of the fit. `fixed_bias` and `bias` are null without biases.
template <class T>
void fold_in_explicit(const CsrView<T>& rows, const As<T>* weight, Side side, As<MatrixView<const T>> fixed,
                      const As<T>* fixed_bias, double mean, const ExplicitFitOptions& options, MatrixView<T> factors,
                      As<T>* bias, const RunControl& control, As<MatrixView<const T>> prior = {},
                      const As<T>* bias_prior = nullptr);

// Numbers of mean 0 and variance 1 / K to start from, their absolute values if `nonnegative`: each the sum of twelve
// uniform ones, which needs no libm, so that a seed gives the same bits everywhere.
template <class T>
void random_start(std::uint64_t seed, Side side, bool nonnegative, MatrixView<T> factors);

}  // namespace coals
