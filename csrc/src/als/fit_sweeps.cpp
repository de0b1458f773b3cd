#include "als/fit_sweeps.hpp"

#include <chrono>
#include <cmath>

#include "sgd/random.hpp"
#include "threading/team.hpp"

namespace coals {

namespace {

// Options of the half-sweeps, with the solver that runs.
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

template <class T>
void check_prior(const FitPrior<T>& prior, const SideData<T>& data, const char* name) {
  const std::int64_t rows = data.factors.rows, size = data.factors.columns;
  if (prior.rows.data) check_matrix(prior.rows, rows, size, name);
  if (prior.weights.data) check_matrix(prior.weights, prior.weights.rows, size, name);
  require(prior.bias == nullptr || data.bias != nullptr, "a prior of biases needs biases");
}

// Sum over rows with entries of penalty_i |x_i - prior_i|^2; an empty prior is zeros.
template <class T>
double total_penalty(const Penalty& penalty, const CsrView<T>& entries, MatrixView<const T> rows,
                     MatrixView<const T> prior, const RunControl& control) {
  Buffer<double> square(rows.rows);
  squared_distances<T>(rows, prior, square.data(), control);
  double total = 0;
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    if (entries.row_size(i) > 0) total += ridge_of(penalty, entries.row_size(i)) * square[i];
  }
  return total;
}

template <class T>
MatrixView<const T> column(const T* values, std::int64_t rows) {
  if (!values) return {};
  return {values, rows, 1, 1};
}

void check_objective(double value, double largest, std::int64_t sweep) {
  if (!std::isfinite(value)) {
    throw std::overflow_error("the objective is " + std::to_string(value) + " after sweep " + std::to_string(sweep) +
                              ": values or parameters are too large; make them smaller");
  }
  if (value < -1e-3 * largest) {
    throw std::overflow_error("the objective, a sum of squares, is " + std::to_string(value) + " after sweep " +
                              std::to_string(sweep) +
                              ": rounding has taken over; set a larger regularization, bring values and weights nearer "
                              "to 1, or use double precision");
  }
}

}  // namespace

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

SolverOptions exact_options(const FitOptions& options) {
  SolverOptions exact;
  exact.nonnegative = options.solver.nonnegative;
  exact.singular = options.solver.singular;
  return exact;
}

template <class T>
SolvedRows<T>::SolvedRows(const SideData<T>& whole, const FitPrior<T>& prior, const std::vector<std::int64_t>* rows)
    : whole_(whole), part_(whole), rows_(rows), prior_(constant(prior.rows)), bias_prior_(prior.bias) {
  if (rows_) cut(prior);
}

template <class T>
void SolvedRows<T>::cut(const FitPrior<T>& prior) {
  const auto count = static_cast<std::int64_t>(rows_->size()), size = whole_.factors.columns;
  check_indices(rows_->data(), count, whole_.entries.rows, "rows to solve");
  entries_.rows = count;
  entries_.columns = whole_.entries.columns;
  entries_.row_begin = Buffer<std::int64_t>(count + 1);
  entries_.row_begin[0] = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    entries_.row_begin[i + 1] = entries_.row_begin[i] + whole_.entries.row_size(row_of_whole(i));
  }
  const std::int64_t entries = entries_.row_begin[count];
  entries_.column = Buffer<std::int32_t>(entries);
  entries_.value = Buffer<T>(entries);
  if (whole_.weight) weight_ = Buffer<T>(entries);
  factors_ = Buffer<T>(count * size);
  if (whole_.bias) bias_ = Buffer<T>(count);
  if (prior.rows.data) prior_rows_ = Buffer<T>(count * size);
  if (prior.bias) prior_bias_ = Buffer<T>(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = row_of_whole(i), from = whole_.entries.row_begin[row], to = entries_.row_begin[i];
    const std::int64_t n = whole_.entries.row_size(row);
    std::copy_n(whole_.entries.column + from, n, entries_.column.data() + to);
    std::copy_n(whole_.entries.value + from, n, entries_.value.data() + to);
    if (whole_.weight) std::copy_n(whole_.weight + from, n, weight_.data() + to);
    if (prior.rows.data) std::copy_n(prior.rows.row(row), size, prior_rows_.data() + i * size);
    if (prior.bias) prior_bias_[i] = prior.bias[row];
  }
  part_ = {entries_.view(), weight_.data(), {factors_.data(), count, size, size}, bias_.data()};
  if (prior.rows.data) prior_ = {prior_rows_.data(), count, size, size};
  bias_prior_ = prior_bias_.data();
}

template <class T>
void SolvedRows<T>::load() {
  if (!rows_) return;
  for (std::int64_t i = 0; i < part_.factors.rows; ++i) {
    const std::int64_t row = row_of_whole(i);
    std::copy_n(whole_.factors.row(row), part_.factors.columns, part_.factors.row(i));
    if (part_.bias) part_.bias[i] = whole_.bias[row];
  }
}

template <class T>
void SolvedRows<T>::store() const {
  if (!rows_) return;
  for (std::int64_t i = 0; i < part_.factors.rows; ++i) {
    const std::int64_t row = row_of_whole(i);
    std::copy_n(part_.factors.row(i), part_.factors.columns, whole_.factors.row(row));
    if (part_.bias) whole_.bias[row] = part_.bias[i];
  }
}

template <class T>
Fit<T>::Fit(const FitOptions& options, const SideData<T>& users, const SideData<T>& items, const Penalty& user_penalty,
            const Penalty& item_penalty, const FitPriors<T>& priors, const RunControl& control)
    : options_(options),
      control_(control),
      partial_(options.user_rows || options.item_rows),
      data_{users, items},
      penalty_{user_penalty, item_penalty},
      prior_{priors.users, priors.items},
      rows_{{users, priors.users, options.user_rows ? &*options.user_rows : nullptr},
            {items, priors.items, options.item_rows ? &*options.item_rows : nullptr}} {
  check_prior(priors.users, users, "prior of users");
  check_prior(priors.items, items, "prior of items");
  solver_ = partial_
                ? exact_options(options)
                : sweep_options(options, users.entries.structure(), items.entries.structure(), users.factors.columns);
  if (partial_) clear_empty_rows();
}

template <class T>
void Fit<T>::clear_empty_rows() {
  for (const SideData<T>& side : data_) {
    for (std::int64_t i = 0; i < side.factors.rows; ++i) {
      if (side.entries.row_size(i) > 0) continue;
      std::fill_n(side.factors.row(i), side.factors.columns, T(0));
      if (side.bias) side.bias[i] = T(0);
    }
  }
}

template <class T>
double Fit<T>::objective() {
  double total = loss();
  for (int side = 0; side < 2; ++side) {
    const SideData<T>& data = data_[side];
    total += total_penalty(penalty_[side], data.entries, constant(data.factors), constant(prior_[side].rows), control_);
    if (data.bias) {
      const std::int64_t rows = data.factors.rows;
      total += total_penalty(penalty_[side], data.entries, column<T>(data.bias, rows),
                             column<T>(prior_[side].bias, rows), control_);
    }
    total += prior_[side].penalty;
  }
  return total;
}

template <class T>
double Fit<T>::sweep_and_objective() {
  const auto start = std::chrono::steady_clock::now();
  const auto solve_both = [&] {
    for (int side = 0; side < 2; ++side) {
      in_team(control_, [&] { half_sweep(side); });
      if (prior_[side].update) prior_[side].penalty = prior_[side].update();
    }
    solve_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto value = [&] { return objective(); };
  if (prior_[0].update || prior_[1].update) {
    solve_both();
    return in_team(control_, value);
  }
  return in_team(control_, [&] {
    solve_both();
    return value();
  });
}

template <class T>
FitReport Fit<T>::run() {
  report_.solver = solver_.solver;
  std::vector<double>& history = report_.objective;
  double largest = 0;
  for (std::int64_t number = 1; number <= options_.iterations; ++number) {
    const double value = sweep_and_objective();
    largest = std::max(largest, std::abs(value));
    check_objective(value, largest, number);
    history.push_back(value);
    const SweepReport told{number, value, solve_seconds_, report_.solver, report_.mean, back()};
    if (options_.on_sweep && options_.on_sweep(told)) break;
    const double before = number > 1 ? history[history.size() - 2] : 0;
    if (options_.tolerance > 0 && number > 1 && before - value < options_.tolerance * before) break;
  }
  return std::move(report_);
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

#define COALS_INSTANTIATE(T)    \
  template class SolvedRows<T>; \
  template class Fit<T>;        \
  template void random_start<T>(std::uint64_t, Side, bool, MatrixView<T>);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
