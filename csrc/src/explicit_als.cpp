// Explicit ratings: every row is a ridge regression of its residuals on the factors of what it rated.
#include "row_solver.hpp"

namespace coals {

namespace {

template <class T>
RowSystems<T> systems_of(const ExplicitHalfSweep<T>& problem, MatrixView<T> factors, T* joint_bias) {
  RowSystems<T> systems;
  systems.data = problem.ratings;
  systems.fixed = problem.fixed;
  systems.penalty = problem.penalty;
  systems.factors = factors;
  systems.bias = joint_bias;
  return systems;
}

// Targets are ratings less the mean, the fixed side's bias and, unless it is being solved, the row's own.
template <class T>
void solve_factors(const ExplicitHalfSweep<T>& problem, const T* row_bias, const RowSystems<T>& systems,
                   const RunControl& control) {
  const T mean = static_cast<T>(problem.mean);
  solve_rows(systems, control,
             [&](std::int64_t i, const std::int32_t* column, const T* value, std::int64_t count, T*, T* target) {
               const T offset = mean + (row_bias ? row_bias[i] : T(0));
               for (std::int64_t e = 0; e < count; ++e) target[e] = value[e] - offset;
               if (!problem.fixed_bias) return;
               for (std::int64_t e = 0; e < count; ++e) target[e] -= problem.fixed_bias[column[e]];
             });
}

}  // namespace

template <class T>
void solve_explicit_factors(const ExplicitHalfSweep<T>& problem, const T* bias, MatrixView<T> factors,
                            const RunControl& control) {
  solve_factors(problem, bias, systems_of<T>(problem, factors, nullptr), control);
}

template <class T>
void solve_explicit_joint(const ExplicitHalfSweep<T>& problem, MatrixView<T> factors, T* bias,
                          const RunControl& control) {
  solve_factors<T>(problem, nullptr, systems_of<T>(problem, factors, bias), control);
}

template <class T>
void solve_explicit_bias(const ExplicitHalfSweep<T>& problem, MatrixView<const T> factors, T* bias,
                         const RunControl& control) {
  const CsrView<T>& ratings = problem.ratings;
  const Kernels<T>& kernels = active_kernels<T>();
  const auto tasks = balanced_tasks(ratings.rows, 2e6, [&](std::int64_t i) {
    return static_cast<double>(ratings.row_size(i)) * static_cast<double>(factors.columns + 16) + 1;
  });
  constexpr std::int64_t chunk = 256;
  parallel_for(static_cast<std::int64_t>(tasks.size()) - 1, control, [&](std::int64_t t) {
    T dot[chunk];
    for (std::int64_t i = tasks[t]; i < tasks[t + 1]; ++i) {
      double sum = 0;
      for (std::int64_t e = ratings.row_begin[i]; e < ratings.row_begin[i + 1]; e += chunk) {
        const std::int64_t n = std::min(chunk, ratings.row_begin[i + 1] - e);
        kernels.dot_rows(factors.row(i), problem.fixed.data, problem.fixed.stride, ratings.column + e, n,
                         problem.fixed.columns, dot);
        for (std::int64_t k = 0; k < n; ++k) {
          const double fixed_bias = problem.fixed_bias ? problem.fixed_bias[ratings.column[e + k]] : 0.0;
          sum += ratings.value[e + k] - problem.mean - fixed_bias - dot[k];
        }
      }
      const std::int64_t n = ratings.row_size(i);
      bias[i] = n ? static_cast<T>(sum / (static_cast<double>(n) + ridge_of(problem.penalty, n))) : T(0);
    }
  });
}

template <class T>
double explicit_squared_error(const ExplicitHalfSweep<T>& problem, MatrixView<const T> factors, const T* bias,
                              const RunControl& control) {
  const CsrView<T>& ratings = problem.ratings;
  return sum_over_entries(ratings, factors, problem.fixed, control, [&](std::int64_t i, std::int64_t e, double dot) {
    const double row_bias = bias ? bias[i] : 0.0;
    const double fixed_bias = problem.fixed_bias ? problem.fixed_bias[ratings.column[e]] : 0.0;
    const double error = ratings.value[e] - problem.mean - row_bias - fixed_bias - dot;
    return error * error;
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
