#include "als/fit_sweeps.hpp"

#include <cmath>

#include "sgd/random.hpp"
#include "threading/team.hpp"

namespace coals {

void check_options(const FitOptions& options) {
  check_number(options.user_regularization, 0, largest_option, "user_regularization");
  check_number(options.item_regularization, 0, largest_option, "item_regularization");
  check_number(options.regularization_exponent, 0, 10, "regularization_exponent");
  require(options.iterations >= 1, "iterations must be at least 1");
  require(options.tolerance >= 0, "tolerance must not be negative");
  check_solver(options.solver);
  require(!options.solver.nonnegative || options.automatic_solver || options.solver.solver == Solver::cholesky,
          "nonnegative factors need the automatic solver or cholesky");
}

SolverOptions sweep_options(const FitOptions& options, const CsrView<void>& by_user, const CsrView<void>& by_item,
                            std::int64_t factors) {
  constexpr double worthwhile = 3;  // exact sweeps converge in fewer of them
  SolverOptions chosen = options.solver;
  if (!options.automatic_solver) return chosen;
  const auto cost = [&](Solver solver) {
    chosen.solver = solver;
    return half_sweep_cost(by_user, factors, chosen) + half_sweep_cost(by_item, factors, chosen);
  };
  const bool block = !chosen.nonnegative && cost(Solver::cholesky) > worthwhile * cost(Solver::block);
  chosen.solver = block ? Solver::block : Solver::cholesky;
  return chosen;
}

SolverOptions exact_options(const FitOptions& options) {
  SolverOptions exact;
  exact.nonnegative = options.solver.nonnegative;
  exact.singular = options.solver.singular;
  return exact;
}

template <class T>
double total_penalty(const Penalty& penalty, const CsrView<void>& entries, MatrixView<const T> rows,
                     const RunControl& control) {
  Buffer<double> square(rows.rows);
  squared_distances<T>(rows, {}, square.data(), control);
  double total = 0;
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    const auto size = static_cast<double>(entries.row_size(i));
    if (size > 0) total += penalty.regularization * std::pow(size + penalty.offset, penalty.exponent) * square[i];
  }
  return total;
}

std::vector<double> run_sweeps(const FitOptions& options, const std::function<void()>& sweep,
                               const std::function<double()>& objective, const RunControl& control) {
  const auto sweep_and_objective = [&] {
    sweep();
    return objective();
  };
  std::vector<double> history;
  double largest = 0;
  for (std::int64_t number = 1; number <= options.iterations; ++number) {
    const double value = in_team(control, sweep_and_objective);
    if (!std::isfinite(value)) {
      throw std::overflow_error("the objective is not finite after sweep " + std::to_string(number) +
                                ": values or parameters are too large; make them smaller");
    }
    largest = std::max(largest, std::abs(value));
    if (value < -1e-3 * largest) {
      throw std::overflow_error("the objective, a sum of squares, is negative after sweep " + std::to_string(number) +
                                ": rounding has taken over; set a larger regularization or use double");
    }
    history.push_back(value);
    if (options.on_sweep && options.on_sweep({number, value})) break;
    const double before = number > 1 ? history[history.size() - 2] : 0;
    if (options.tolerance > 0 && number > 1 && before - value < options.tolerance * before) break;
  }
  return history;
}

template <class T>
void random_start(std::uint64_t seed, Side side, bool nonnegative, MatrixView<T> factors) {
  check_name(side, Side::items, "side");
  check_factors(factors, factors.rows, factors.columns, "factors");
  Random random(seed, std::uint64_t{side == Side::items} << 48);
  const double scale = 1 / std::sqrt(static_cast<double>(factors.columns));
  for (std::int64_t i = 0; i < factors.rows; ++i) {
    for (std::int64_t k = 0; k < factors.columns; ++k) {
      std::int64_t sum = 0;
      for (int word = 0; word < 3; ++word) {
        std::uint64_t bits = random.next();
        for (int part = 0; part < 4; ++part, bits >>= 16) sum += static_cast<std::int64_t>(bits & 0xFFFF);
      }
      // Each part is the middle of one of 65536 equal intervals.
      const double normal = static_cast<double>(sum + 6) / 65536 - 6;
      factors.row(i)[k] = static_cast<T>(scale * (nonnegative ? std::abs(normal) : normal));
    }
  }
}

#define COALS_INSTANTIATE(T)                                                                                      \
  template double total_penalty<T>(const Penalty&, const CsrView<void>&, MatrixView<const T>, const RunControl&); \
  template void random_start<T>(std::uint64_t, Side, bool, MatrixView<T>);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
