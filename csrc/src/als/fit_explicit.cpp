// Whole fits to ratings, and rows solved against one. The sweeps are those of
// python/coals/models/als/explicit_problem.py.
#include <cmath>

#include "als/fit_sweeps.hpp"

namespace coals {

namespace {

Penalty penalty_of(const ExplicitFitOptions& options, Side side) {
  return {side == Side::users ? options.user_regularization : options.item_regularization,
          options.regularization_exponent, 0};
}

template <class T>
double weighted_mean(const CsrView<T>& ratings, const T* weight) {
  double sum = 0, weights = 0;
  for (std::int64_t e = 0; e < ratings.entries(); ++e) {
    const double w = weight ? static_cast<double>(weight[e]) : 1.0;
    sum += w * static_cast<double>(ratings.value[e]);
    weights += w;
  }
  return weights > 0 ? sum / weights : 0;
}

template <class T>
void check_weights(const CsrView<T>& ratings, const T* weight) {
  for (std::int64_t e = 0; weight && e < ratings.entries(); ++e) {
    if (weight[e] >= 0 && weight[e] <= T(1e18)) continue;
    throw std::invalid_argument("weight of entry " + std::to_string(e) + " must be from 0 to 1e18");
  }
}

void check_explicit(const ExplicitFitOptions& options) {
  check_options(options);
  if (!std::isnan(options.mean)) check_number(options.mean, -largest_option, largest_option, "mean");
}

// Biases to start from.
template <class T>
void check_biases(T* bias, std::int64_t rows, const char* name) {
  check_pointer(bias, rows, name);
  check_values(MatrixView<T>{bias, rows, 1, 1}, name);
}

// One side as it is solved: its data, and where its answer goes.
template <class T>
struct ExplicitSide {
  ExplicitHalfSweep<T> problem;
  MatrixView<T> factors;
  T* bias;

  void solve(const ExplicitFitOptions& options, const RunControl& control) {
    if (!options.biases) return solve_explicit_factors<T>(problem, nullptr, factors, control);
    if (options.joint) return solve_explicit_joint(problem, factors, bias, control);
    solve_explicit_bias(problem, constant(factors), bias, control);
    solve_explicit_factors<T>(problem, bias, factors, control);
  }

  double penalty(bool biases, const RunControl& control) const {
    const CsrView<void> entries = problem.ratings.structure();
    double total = total_penalty(problem.penalty, entries, constant(factors), control);
    const MatrixView<const T> column{bias, factors.rows, 1, 1};
    if (biases) total += total_penalty(problem.penalty, entries, column, control);
    return total;
  }
};

}  // namespace

template <class T>
FitReport fit_explicit(const CsrView<T>& ratings, const As<T>* weight, const ExplicitFitOptions& options,
                       MatrixView<T> users, MatrixView<T> items, As<T>* user_bias, As<T>* item_bias,
                       const RunControl& control) {
  check_explicit(options);
  check_whole(ratings, "ratings");
  check_valued(ratings, "ratings");
  check_factors(users, ratings.rows, users.columns, "users");
  check_factors(items, ratings.columns, users.columns, "items");
  require(ratings.entries() > 0, "ratings: there is none");
  check_values(ratings, "ratings");
  check_weights(ratings, weight);
  check_start(users, items);
  if (options.biases) {
    check_biases(user_bias, ratings.rows, "user_bias");
    check_biases(item_bias, ratings.columns, "item_bias");
  }
  const CsrMatrix<T> by_item = transpose(ratings, control);
  Buffer<T> item_weight;
  if (weight) {
    item_weight =
        transpose_values(CsrView<T>{ratings.rows, ratings.columns, ratings.row_begin, ratings.column, weight}, control);
  }
  FitReport report;
  if (!std::isnan(options.mean)) {
    report.mean = options.mean;
  } else if (options.biases) {
    report.mean = weighted_mean(ratings, weight);
  }
  const SolverOptions solver = sweep_options(options, ratings.structure(), by_item.view().structure(), users.columns);
  report.solver = solver.solver;
  const auto side = [&](const CsrView<T>& data, MatrixView<T> fixed, const T* fixed_bias, const T* weights, Side which,
                        MatrixView<T> factors, T* bias) {
    ExplicitHalfSweep<T> problem;
    problem.ratings = data;
    problem.fixed = constant(fixed);
    problem.fixed_bias = options.biases ? fixed_bias : nullptr;
    problem.mean = report.mean;
    problem.penalty = penalty_of(options, which);
    problem.weight = weights;
    problem.options = solver;
    return ExplicitSide<T>{problem, factors, bias};
  };
  ExplicitSide<T> solve_users = side(ratings, items, item_bias, weight, Side::users, users, user_bias);
  ExplicitSide<T> solve_items =
      side(by_item.view(), users, user_bias, weight ? item_weight.data() : nullptr, Side::items, items, item_bias);
  const auto sweep = [&] {
    solve_users.solve(options, control);
    solve_items.solve(options, control);
  };
  report.objective = run_sweeps(
      options, sweep,
      [&] {
        const T* bias = options.biases ? user_bias : nullptr;
        return explicit_squared_error(solve_users.problem, constant(users), bias, control) +
               solve_users.penalty(options.biases, control) + solve_items.penalty(options.biases, control);
      },
      control);
  return report;
}

template <class T>
void fold_in_explicit(const CsrView<T>& rows, const As<T>* weight, Side side, As<MatrixView<const T>> fixed,
                      const As<T>* fixed_bias, double mean, const ExplicitFitOptions& options, MatrixView<T> factors,
                      As<T>* bias, const RunControl& control) {
  check_explicit(options);
  check_name(side, Side::items, "side");
  check_number(mean, -largest_option, largest_option, "mean");
  check_whole(rows, "rows");
  check_valued(rows, "rows");
  check_factors(fixed, rows.columns, fixed.columns, "fixed");
  check_factors(factors, rows.rows, fixed.columns, "factors");
  if (options.biases) {
    check_pointer(fixed_bias, rows.columns, "fixed_bias");
    check_pointer(bias, rows.rows, "bias");
  }
  check_values(rows, "rows");
  check_weights(rows, weight);
  ExplicitHalfSweep<T> problem;
  problem.ratings = rows;
  problem.fixed = fixed;
  problem.fixed_bias = options.biases ? fixed_bias : nullptr;
  problem.mean = mean;
  problem.penalty = penalty_of(options, side);
  problem.weight = weight;
  problem.options = exact_options(options);
  if (options.biases) return solve_explicit_joint(problem, factors, bias, control);
  solve_explicit_factors<T>(problem, nullptr, factors, control);
}

#define COALS_INSTANTIATE(T)                                                                                  \
  template FitReport fit_explicit<T>(const CsrView<T>&, const T*, const ExplicitFitOptions&, MatrixView<T>,   \
                                     MatrixView<T>, T*, T*, const RunControl&);                               \
  template void fold_in_explicit<T>(const CsrView<T>&, const T*, Side, MatrixView<const T>, const T*, double, \
                                    const ExplicitFitOptions&, MatrixView<T>, T*, const RunControl&);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
