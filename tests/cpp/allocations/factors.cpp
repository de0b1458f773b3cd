// Half-sweeps of ALS by every solver, gradient steps, singular vectors, the dense inverse.
#include "cases.hpp"
#include "coals/als.hpp"
#include "coals/dense_scores.hpp"
#include "coals/linalg.hpp"
#include "coals/sgd.hpp"
#include "coals/svd.hpp"

namespace {

using coals::MatrixView;
using coals::RunControl;

constexpr std::int64_t K = case_factors;

MatrixView<float> view(std::vector<float>& data) {
  return {data.data(), static_cast<std::int64_t>(data.size()) / K, K, K};
}
MatrixView<const float> constant(const std::vector<float>& data) {
  return {data.data(), static_cast<std::int64_t>(data.size()) / K, K, K};
}

coals::SolverOptions options_of(coals::Solver solver, coals::ExactMethod method) {
  coals::SolverOptions options;
  options.solver = solver;
  options.method = method;
  options.cg_steps = 3;
  options.block_size = 4;
  return options;
}

std::uint64_t implicit(const coals::SolverOptions& options, const RunControl& control) {
  std::vector<float> fixed = some_numbers(case_items * K, 1), x = some_numbers(case_users * K, 2);
  std::vector<double> gram(K * K), axes(K * K), eigenvalues(K), distances(case_users);
  coals::gram<float>(constant(fixed), {gram.data(), K, K, K}, control);
  coals::principal_axes({gram.data(), K, K, K}, eigenvalues.data(), {axes.data(), K, K, K}, control);
  coals::rotate<float>(view(fixed), {axes.data(), K, K, K}, control);
  coals::ImplicitHalfSweep<float> problem;
  problem.strengths = some_ratings().view();
  problem.fixed = constant(fixed);
  problem.gram = {eigenvalues.data(), 1, K, K};
  problem.penalty = {0.5, 0.0, 0.0};
  problem.options = options;
  coals::solve_implicit_factors<float>(problem, view(x), control);
  const double loss = coals::implicit_observed_loss<float>(problem, constant(x), control);
  coals::squared_distances<float>(constant(x), {}, distances.data(), control);
  return Digest().add(x).add(&loss, 1).add(distances).value();
}

std::uint64_t explicit_sweep(const coals::SolverOptions& options, const RunControl& control) {
  const std::vector<float> fixed = some_numbers(case_items * K, 3);
  std::vector<float> x = some_numbers(case_users * K, 4), bias(case_users);
  coals::ExplicitHalfSweep<float> problem;
  problem.ratings = some_ratings().view();
  problem.fixed = constant(fixed);
  problem.mean = 3;
  problem.penalty = {options.singular == coals::Singular::error ? 0.5 : 0.0, 0.0, 0.0};
  problem.options = options;
  coals::solve_explicit_joint<float>(problem, view(x), bias.data(), control);
  coals::solve_explicit_bias<float>(problem, constant(x), bias.data(), control);
  coals::solve_explicit_factors<float>(problem, bias.data(), view(x), control);
  const double error = coals::explicit_squared_error<float>(problem, constant(x), bias.data(), control);
  return Digest().add(x).add(bias).add(&error, 1).value();
}

template <class Epoch>
std::uint64_t gradient_steps(Epoch epoch, const RunControl& control) {
  constexpr std::int64_t width = 16;  // 64 bytes
  std::vector<float> users = some_numbers(case_users * width, 5), items = some_numbers(case_items * width, 6);
  std::vector<float> user_state(users.size()), item_state(items.size());
  coals::SgdFactors<float> factors;
  factors.users = {users.data(), case_users, width, width};
  factors.items = {items.data(), case_items, width, width};
  factors.user_state = {user_state.data(), case_users, width, width};
  factors.item_state = {item_state.data(), case_items, width, width};
  const double loss = epoch(some_ratings().view(), factors, coals::SgdOptions{}, control);
  return Digest().add(users).add(items).add(&loss, 1).value();
}

std::uint64_t svd(const RunControl& control) {
  const coals::CsrMatrix<float> by_item = coals::transpose(some_ratings().view(), control);
  const std::vector<float> start = some_numbers(case_items * K, 7);
  std::vector<float> left(case_users * K), right(case_items * K);
  std::vector<double> values(K);
  coals::truncated_svd<float>(some_ratings().view(), by_item.view(), constant(start), {}, view(left), values.data(),
                              view(right), control);
  return Digest().add(left).add(values).add(right).value();
}

std::uint64_t dense_scores(const RunControl& control) {
  const coals::CsrMatrix<float> by_item = coals::transpose(some_ratings().view(), control);
  constexpr std::int64_t n = case_items, wanted = 5;
  std::vector<float> weights(n * n);
  const MatrixView<float> dense{weights.data(), n, n, n};
  coals::item_gram<float>(some_ratings().view(), by_item.view(), 10, dense, control);
  coals::invert_definite<float>(dense, control);
  const auto cut = coals::strongest_of_columns<float>({weights.data(), n, n, n}, 3, control);
  std::vector<std::int64_t> ids(case_users * wanted), counts(case_users);
  std::vector<float> scores(case_users * wanted);
  std::vector<std::int64_t> rows(case_users);
  for (std::int64_t i = 0; i < case_users; ++i) rows[i] = i;
  coals::TopKFilter filter;
  filter.excluded = some_ratings().view().structure();
  coals::top_k_weighted_rows<float>(some_ratings().view(), rows.data(), case_users, {weights.data(), n, n, n}, nullptr,
                                    filter, {wanted, ids.data(), scores.data(), counts.data()}, control);
  return Digest().add(weights).add(cut).add(counts).value();
}

}  // namespace

std::vector<Case> factor_cases() {
  using coals::ExactMethod;
  using coals::Solver;
  std::vector<Case> cases;
  const auto add = [&](const char* name, auto run, coals::SolverOptions options) {
    cases.push_back({name, [=](const RunControl& control) { return run(options, control); }});
  };
  add("implicit, primal", implicit, options_of(Solver::cholesky, ExactMethod::primal));
  add("implicit, dual", implicit, options_of(Solver::cholesky, ExactMethod::dual));
  add("implicit, cg", implicit, options_of(Solver::cg, ExactMethod::automatic));
  add("implicit, block", implicit, options_of(Solver::block, ExactMethod::automatic));
  add("explicit", explicit_sweep, options_of(Solver::cholesky, ExactMethod::automatic));
  coals::SolverOptions shortest = options_of(Solver::cholesky, ExactMethod::primal);
  shortest.singular = coals::Singular::minimum_norm;
  add("explicit, minimum norm", explicit_sweep, shortest);
  cases.push_back({"sgd", [](const RunControl& c) { return gradient_steps(coals::sgd_epoch<float>, c); }});
  cases.push_back({"bpr", [](const RunControl& c) { return gradient_steps(coals::bpr_epoch<float>, c); }});
  cases.push_back({"svd", svd});
  cases.push_back({"dense scores", dense_scores});
  return cases;
}
