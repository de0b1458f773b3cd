// Explicit ratings: every row is a ridge regression of its residuals on the factors of what it rated.
#include "als/solve_rows.hpp"
#include "als/sum_over_entries.hpp"

namespace coals {

namespace {

// Targets are ratings less the mean, the fixed side's bias and, unless it is being solved, the row's own.
template <class T>
RowSystems<T> systems_of(const ExplicitHalfSweep<T>& problem, MatrixView<T> factors) {
  check_number(problem.mean, -largest_option, largest_option, "mean");
  RowSystems<T> systems;
  systems.rule.data = problem.ratings;
  systems.rule.mean = static_cast<T>(problem.mean);
  systems.rule.fixed_bias = problem.fixed_bias;
  systems.rule.entry_weight = problem.weight;
  systems.fixed = problem.fixed;
  systems.penalty = problem.penalty;
  systems.prior = problem.prior;
  systems.factors = factors;
  systems.options = problem.options;
  return systems;
}

template <class T>
void check_explicit(const ExplicitHalfSweep<T>& problem, MatrixView<const T> factors) {
  const std::int64_t size = problem.fixed.columns;
  check_valued(problem.ratings, "ratings");
  check_matrix(problem.fixed, problem.ratings.columns, size, "fixed");
  check_matrix(factors, problem.ratings.rows, size, "factors");
  check_number(problem.mean, -largest_option, largest_option, "mean");
}

}  // namespace

template <class T>
void solve_explicit_factors(const ExplicitHalfSweep<T>& problem, const T* bias, MatrixView<T> factors,
                            const RunControl& control) {
  RowSystems<T> systems = systems_of(problem, factors);
  systems.rule.row_bias = bias;
  solve_rows(systems, control);
}

template <class T>
void solve_explicit_joint(const ExplicitHalfSweep<T>& problem, MatrixView<T> factors, T* bias,
                          const RunControl& control) {
  check_pointer(bias, problem.ratings.rows, "bias");
  RowSystems<T> systems = systems_of(problem, factors);
  systems.bias = bias;
  systems.bias_prior = problem.bias_prior;
  solve_rows(systems, control);
}

template <class T>
void solve_explicit_bias(const ExplicitHalfSweep<T>& problem, MatrixView<const T> factors, T* bias,
                         const RunControl& control) {
  check_explicit(problem, factors);
  check_penalty(problem.penalty);
  const CsrView<T>& ratings = problem.ratings;
  check_pointer(bias, ratings.rows, "bias");
  const Kernels<T>& kernels = active_kernels<T>();
  const auto tasks = balanced_tasks(ratings.rows, 2e6, [&](std::int64_t i) {
    return static_cast<double>(ratings.row_size(i)) * static_cast<double>(factors.columns + 16) + 1;
  });
  constexpr std::int64_t chunk = 256;
  const auto count = static_cast<std::int64_t>(tasks.size()) - 1;
  parallel_for(count, control, [&](std::int64_t t, const CancellationCheck& check_cancelled) {
    T dot[chunk];
    for (std::int64_t i = tasks[t]; i < tasks[t + 1]; ++i) {
      double sum = 0, weights = 0;
      for (std::int64_t e = ratings.row_begin[i]; e < ratings.row_begin[i + 1]; e += chunk) {
        const std::int64_t n = std::min(chunk, ratings.row_begin[i + 1] - e);
        kernels.dot_rows(factors.row(i), problem.fixed.data, problem.fixed.stride, ratings.column + e, n,
                         problem.fixed.columns, dot);
        for (std::int64_t k = 0; k < n; ++k) {
          const double fixed_bias = problem.fixed_bias ? problem.fixed_bias[ratings.column[e + k]] : 0.0;
          const double weight = problem.weight ? problem.weight[e + k] : 1.0;
          sum += weight * (ratings.value[e + k] - problem.mean - fixed_bias - dot[k]);
          weights += weight;
        }
        check_cancelled();
      }
      const std::int64_t n = ratings.row_size(i);
      const double ridge = ridge_of(problem.penalty, n);
      if (problem.bias_prior) sum += ridge * problem.bias_prior[i];
      bias[i] = n && weights + ridge > 0 ? static_cast<T>(sum / (weights + ridge)) : T(0);
    }
  });
}

template <class T>
double explicit_squared_error(const ExplicitHalfSweep<T>& problem, MatrixView<const T> factors, const T* bias,
                              const RunControl& control) {
  check_explicit(problem, factors);
  const CsrView<T>& ratings = problem.ratings;
  return sum_over_entries(ratings, factors, problem.fixed, control, [&](std::int64_t i, std::int64_t e, double dot) {
    const double row_bias = bias ? bias[i] : 0.0;
    const double fixed_bias = problem.fixed_bias ? problem.fixed_bias[ratings.column[e]] : 0.0;
    const double error = ratings.value[e] - problem.mean - row_bias - fixed_bias - dot;
    return (problem.weight ? problem.weight[e] : T(1)) * error * error;
  });
}

#define COALS_INSTANTIATE(T)                                                                                        \
  template void solve_explicit_factors<T>(const ExplicitHalfSweep<T>&, const T*, MatrixView<T>, const RunControl&); \
  template void solve_explicit_joint<T>(const ExplicitHalfSweep<T>&, MatrixView<T>, T*, const RunControl&);         \
  template void solve_explicit_bias<T>(const ExplicitHalfSweep<T>&, MatrixView<const T>, T*, const RunControl&);    \
  template double explicit_squared_error<T>(const ExplicitHalfSweep<T>&, MatrixView<const T>, const T*,             \
                                            const RunControl&);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)

}  // namespace coals
