// Half-sweeps by every solver against what defines them: at a row's exact minimiser the gradient of its objective is
// zero.
#include "coals/als.hpp"

#include <cmath>
#include <stdexcept>

#include "smoke.hpp"

namespace {

using Options = coals::SolverOptions;

Options options_of(coals::Solver solver, coals::ExactMethod method) {
  Options options;
  options.solver = solver;
  options.method = method;
  options.cg_steps = 3 * factors;
  options.block_size = 8;
  return options;
}

// cg and block solve what is long for them; the short rows go to the dual method there too.
const std::vector<Options> every_way = {
    options_of(coals::Solver::cholesky, coals::ExactMethod::automatic),
    options_of(coals::Solver::cholesky, coals::ExactMethod::primal),
    options_of(coals::Solver::cholesky, coals::ExactMethod::dual),
    options_of(coals::Solver::cg, coals::ExactMethod::primal),
    options_of(coals::Solver::block, coals::ExactMethod::primal),
};

struct Explicit {
  coals::ExplicitHalfSweep<float> problem;
  std::vector<float> weight, prior, x, bias;
};

double explicit_gradient(const Explicit& fit) {
  double worst = 0;
  const auto& problem = fit.problem;
  for (int i = 0; i < users; ++i) {
    const auto n = static_cast<double>(problem.ratings.row_size(i));
    if (n == 0) continue;
    std::vector<double> gradient(factors + 1, 0.0);
    for (std::int64_t e = problem.ratings.row_begin[i]; e < problem.ratings.row_begin[i + 1]; ++e) {
      const float* y = problem.fixed.row(problem.ratings.column[e]);
      double error = problem.ratings.value[e] - 3.0 - fit.bias[i];
      for (int k = 0; k < factors; ++k) error -= double(fit.x[i * factors + k]) * y[k];
      for (int k = 0; k < factors; ++k) gradient[k] += fit.weight[e] * error * y[k];
      gradient[factors] += fit.weight[e] * error;
    }
    for (int k = 0; k <= factors; ++k) {
      const double own = k < factors ? fit.x[i * factors + k] - fit.prior[i * factors + k] : fit.bias[i];
      worst = std::fmax(worst, std::fabs(gradient[k] - 0.5 * n * own));
    }
  }
  return worst;
}

void check_explicit(const coals::CsrMatrix<float>& ratings, const std::vector<float>& fixed, const Options& options) {
  Explicit fit;
  fit.problem.ratings = ratings.view();
  fit.problem.fixed = fixed_view(fixed, items);
  fit.problem.mean = 3;
  fit.problem.penalty = {0.5, 1.0, 0.0};
  fit.problem.options = options;
  fit.x.assign(users * factors, 0.1f);
  fit.bias.assign(users, 0.0f);
  for (std::int64_t e = 0; e < ratings.view().entries(); ++e) {
    fit.weight.push_back(0.25f * static_cast<float>(e % 5));  // zeros among them
  }
  for (int k = 0; k < users * factors; ++k) fit.prior.push_back(0.01f * static_cast<float>(k % 11));
  fit.problem.weight = fit.weight.data();
  fit.problem.prior = fixed_view(fit.prior, users);
  const int sweeps = options.solver == coals::Solver::block ? 40 : 1;
  for (int s = 0; s < sweeps; ++s) {
    coals::solve_explicit_joint(fit.problem, {fit.x.data(), users, factors, factors}, fit.bias.data(), {});
  }
  expect(explicit_gradient(fit) < 2e-3, "explicit half-sweep is stationary");
}

double implicit_gradient(const coals::ImplicitHalfSweep<float>& problem, const std::vector<float>& x) {
  double worst = 0;
  for (int i = 0; i < users; ++i) {
    if (problem.strengths.row_size(i) == 0) continue;
    std::vector<double> strength(items, 0.0), gradient(factors, 0.0);
    for (std::int64_t e = problem.strengths.row_begin[i]; e < problem.strengths.row_begin[i + 1]; ++e) {
      strength[problem.strengths.column[e]] = problem.strengths.value[e];
    }
    for (int j = 0; j < items; ++j) {
      const float* y = problem.fixed.row(j);
      double error = strength[j] > 0 ? 1.0 : 0.0;
      for (int k = 0; k < factors; ++k) error -= double(x[i * factors + k]) * y[k];
      for (int k = 0; k < factors; ++k) gradient[k] += (0.3 + 0.7 * std::fabs(strength[j])) * error * y[k];
    }
    for (int k = 0; k < factors; ++k) worst = std::fmax(worst, std::fabs(gradient[k] - 0.5 * x[i * factors + k]));
  }
  return worst;
}

// In the axes of the fixed side's Gram matrix, where that is diagonal.
void check_implicit(const coals::CsrMatrix<float>& strengths, std::vector<float> fixed, const Options& options) {
  const coals::MatrixView<float> rows{fixed.data(), items, factors, factors};
  std::vector<double> gram(factors * factors), axes(factors * factors), eigenvalues(factors);
  coals::gram<float>(fixed_view(fixed, items), {gram.data(), factors, factors, factors}, {});
  coals::principal_axes({gram.data(), factors, factors, factors}, eigenvalues.data(),
                        {axes.data(), factors, factors, factors}, {});
  coals::rotate(rows, {axes.data(), factors, factors, factors}, {});
  std::vector<float> x(users * factors, 0.1f);
  coals::ImplicitHalfSweep<float> problem;
  problem.strengths = strengths.view();
  problem.fixed = fixed_view(fixed, items);
  problem.gram = {eigenvalues.data(), 1, factors, factors};
  problem.alpha = 0.7;
  problem.unobserved_weight = 0.3;
  problem.penalty = {0.5, 0.0, 0.0};
  problem.options = options;
  const int sweeps = options.solver == coals::Solver::block ? 40 : 1;
  for (int s = 0; s < sweeps; ++s) {
    coals::solve_implicit_factors(problem, coals::MatrixView<float>{x.data(), users, factors, factors}, {});
  }
  expect(implicit_gradient(problem, x) < 2e-3, "implicit half-sweep is stationary over all cells");
}

void check_full_gram(const coals::CsrMatrix<float>& strengths, const std::vector<float>& fixed) {
  std::vector<double> gram(factors * factors);
  std::vector<float> x(users * factors);
  coals::gram<float>(fixed_view(fixed, items), {gram.data(), factors, factors, factors}, {});
  coals::ImplicitHalfSweep<float> problem;
  problem.strengths = strengths.view();
  problem.fixed = fixed_view(fixed, items);
  problem.gram = {gram.data(), factors, factors, factors};
  problem.alpha = 0.7;
  problem.unobserved_weight = 0.3;
  problem.penalty = {0.5, 0.0, 0.0};
  const coals::MatrixView<float> out{x.data(), users, factors, factors};
  coals::solve_implicit_factors(problem, out, {});
  expect(implicit_gradient(problem, x) < 2e-3, "implicit half-sweep on a full Gram matrix is stationary");
  problem.options.nonnegative = true;
  coals::solve_implicit_factors(problem, out, {});
  bool negative = false;
  for (const float value : x) negative = negative || value < 0;
  expect(!negative, "nonnegative factors are not negative");
  problem.options = options_of(coals::Solver::cg, coals::ExactMethod::automatic);
  bool refused = false;
  try {
    coals::solve_implicit_factors(problem, out, {});
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  expect(refused, "cg refuses a full Gram matrix");
}

void check_singular(const coals::CsrMatrix<float>& ratings, const std::vector<float>& fixed) {
  coals::ExplicitHalfSweep<float> problem;
  problem.ratings = ratings.view();
  problem.fixed = fixed_view(fixed, items);
  std::vector<float> x(users * factors);
  const coals::MatrixView<float> out{x.data(), users, factors, factors};
  std::int64_t first = 0;
  while (ratings.view().row_size(first) == 0 || ratings.view().row_size(first) >= factors) ++first;
  std::int64_t named = -1;
  try {
    coals::solve_explicit_factors<float>(problem, nullptr, out, {});
  } catch (const coals::SingularSystem& error) {
    named = error.row;
  }
  expect(named == first, "the lowest singular row is named");
  for (const coals::Singular way : {coals::Singular::minimum_norm, coals::Singular::jitter}) {
    problem.options.singular = way;
    coals::solve_explicit_factors<float>(problem, nullptr, out, {});
    double error = 0;
    for (std::int64_t e = ratings.row_begin[first]; e < ratings.row_begin[first + 1]; ++e) {
      double dot = 0;
      for (int k = 0; k < factors; ++k) dot += double(x[first * factors + k]) * problem.fixed.row(ratings.column[e])[k];
      error = std::fmax(error, std::fabs(dot - ratings.value[e]));
    }
    expect(error < 0.02, "an underdetermined row fits its ratings");
  }
}

// Enough rows for many tasks: what ThreadSanitizer should see, and the same bits for any number of threads.
void check_threads(const Options& options) {
  constexpr std::int64_t rows = 1500, columns = 200, size = 48, per_row = 60;
  std::vector<std::int64_t> row_begin(rows + 1);
  std::vector<std::int32_t> column(rows * per_row);
  std::vector<float> value(rows * per_row), fixed(columns * size);
  for (std::int64_t i = 0; i <= rows; ++i) row_begin[i] = i * per_row;
  for (std::int64_t e = 0; e < rows * per_row; ++e) {
    column[e] = static_cast<std::int32_t>(e % per_row * 3 + e / per_row % 3);
    value[e] = static_cast<float>(1 + e % 7);
  }
  for (std::int64_t k = 0; k < columns * size; ++k) fixed[k] = static_cast<float>(k * 37 % 101) / 101 - 0.5f;
  coals::ExplicitHalfSweep<float> problem;
  problem.ratings = {rows, columns, row_begin.data(), column.data(), value.data()};
  problem.fixed = {fixed.data(), columns, size, size};
  problem.penalty = {0.5, 0.0, 0.0};
  problem.options = options;
  problem.options.cg_steps = 3;
  std::vector<std::vector<float>> found;
  for (int threads = 1; threads <= 3; ++threads) {
    std::vector<float> x(rows * size, 0.1f);
    coals::RunControl control;
    control.num_threads = threads;
    coals::solve_explicit_factors<float>(problem, nullptr, {x.data(), rows, size, size}, control);
    found.push_back(x);
  }
  expect(found[0] == found[1] && found[0] == found[2], "the number of threads does not show");
}

}  // namespace

void check_als(const coals::CsrMatrix<float>& ratings, const std::vector<float>& fixed) {
  for (const Options& options : every_way) {
    check_explicit(ratings, fixed, options);
    check_implicit(ratings, fixed, options);
    check_threads(options);
  }
  check_full_gram(ratings, fixed);
  check_singular(ratings, fixed);
}
