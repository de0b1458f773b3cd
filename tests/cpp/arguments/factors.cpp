// Half-sweeps, whole fits, products of dense matrices, singular values, steps of gradient descent.
#include <cmath>
#include <limits>

#include "cases.hpp"
#include "coals/dense_scores.hpp"
#include "coals/fit.hpp"
#include "coals/linalg.hpp"
#include "coals/sgd.hpp"
#include "coals/svd.hpp"

using namespace coals;

namespace {

struct Explicit {
  ExplicitHalfSweep<double> problem;
  MatrixView<double> solved = matrix(users, factors);
  double* bias = matrix(users, 1).data;
  RunControl control;
};

struct Implicit {
  ImplicitHalfSweep<double> problem;
  MatrixView<double> solved = matrix(users, factors);
  RunControl control;
};

const std::vector<Spoilt<Explicit>>& shapes_of_explicit() {
  static const std::vector<Spoilt<Explicit>> all{{"fixed", [](auto& a) { a.problem.fixed.rows = items + 1; }},
                                                 {"fixed", [](auto& a) { a.problem.fixed.data = nullptr; }},
                                                 {"fixed", [](auto& a) { a.problem.fixed.stride = factors - 1; }},
                                                 {"factors", [](auto& a) { a.solved.columns = factors + 1; }},
                                                 {"factors", [](auto& a) { a.solved.rows = users - 1; }},
                                                 {"ratings", [](auto& a) { a.problem.ratings.value = nullptr; }},
                                                 {"ratings", [](auto& a) { a.problem.ratings.row_begin = nullptr; }},
                                                 {"ratings", [](auto& a) { a.problem.ratings.rows = -1; }},
                                                 {"mean", [](auto& a) { a.problem.mean = no_number; }},
                                                 {"num_threads", [](auto& a) { a.control.num_threads = -1; }}};
  return all;
}

void check_explicit_sweeps() {
  Explicit sound;
  sound.problem.ratings = sparse().view();
  sound.problem.fixed = constant(matrix(items, factors));
  sound.problem.penalty.regularization = 1;
  auto all = shapes_of_explicit();
  refuses<Explicit>(
      "explicit_squared_error", sound,
      [](auto& a) { explicit_squared_error(a.problem, constant(a.solved), a.bias, a.control); }, all);
  all.push_back({"bias", [](auto& a) { a.bias = nullptr; }});
  all.push_back({"regularization", [](auto& a) { a.problem.penalty.regularization = -1; }});
  refuses<Explicit>(
      "solve_explicit_bias", sound,
      [](auto& a) { solve_explicit_bias(a.problem, constant(a.solved), a.bias, a.control); }, all);
  all.push_back({"prior", [](auto& a) { a.problem.prior = constant(matrix(users, factors + 1)); }});
  all.push_back({"regularization_exponent", [](auto& a) { a.problem.penalty.exponent = infinite; }});
  all.push_back({"offset", [](auto& a) { a.problem.penalty.offset = no_number; }});
  all.push_back({"solver", [](auto& a) { a.problem.options.solver = static_cast<Solver>(3); }});
  all.push_back({"singular", [](auto& a) { a.problem.options.singular = static_cast<Singular>(-1); }});
  all.push_back({"method", [](auto& a) { a.problem.options.method = static_cast<ExactMethod>(9); }});
  all.push_back({"cg_steps", [](auto& a) { a.problem.options.cg_steps = 0; }});
  all.push_back({"block_size", [](auto& a) { a.problem.options.block_size = -64; }});
  all.push_back({"nonnegative", [](auto& a) {
                   a.problem.options.nonnegative = true;
                   a.problem.options.solver = Solver::cg;
                 }});
  refuses<Explicit>(
      "solve_explicit_joint", sound, [](auto& a) { solve_explicit_joint(a.problem, a.solved, a.bias, a.control); },
      all);
}

void check_implicit_sweeps() {
  Implicit sound;
  sound.problem.strengths = sparse().view();
  sound.problem.fixed = constant(matrix(items, factors));
  sound.problem.penalty.regularization = 1;
  std::vector<Spoilt<Implicit>> all{
      {"fixed", [](auto& a) { a.problem.fixed.rows = 1; }},
      {"factors", [](auto& a) { a.solved.columns = 1; }},
      {"strengths", [](auto& a) { a.problem.strengths.value = nullptr; }},
      {"objective", [](auto& a) { a.problem.objective = static_cast<ImplicitObjective>(2); }},
      {"alpha", [](auto& a) { a.problem.alpha = no_number; }},
      {"unobserved_weight", [](auto& a) { a.problem.unobserved_weight = -1; }}};
  refuses<Implicit>(
      "implicit_observed_loss", sound,
      [](auto& a) { implicit_observed_loss(a.problem, constant(a.solved), a.control); }, all);
  const MatrixView<double> square = matrix(factors, factors);
  gram(sound.problem.fixed, square, {});
  sound.problem.gram = constant(square);
  all.push_back({"gram", [](auto& a) { a.problem.gram.rows = 2; }});
  all.push_back({"gram", [](auto& a) { a.problem.gram = {}; }});
  all.push_back({"gram", [](auto& a) { a.problem.gram.columns = factors + 1; }});
  all.push_back({"Gram", [](auto& a) { a.problem.options.solver = Solver::block; }});
  refuses<Implicit>(
      "solve_implicit_factors", sound, [](auto& a) { solve_implicit_factors(a.problem, a.solved, a.control); }, all);
}

struct Dense {
  MatrixView<double> first, second, out;
  CsrView<double> rows = sparse().view(), columns = sparse().transposed();
  double number = 0;
  std::int64_t count = 2;
  SvdOptions svd;
  RunControl control;
};

Dense dense(MatrixView<double> first, MatrixView<double> second, MatrixView<double> out) {
  Dense all;
  all.first = first;
  all.second = second;
  all.out = out;
  return all;
}

void check_svd() {
  const std::vector<Spoilt<Dense>> all{
      {"right", [](auto& a) { a.second.columns = 0; }},
      {"right", [](auto& a) { a.second.columns = -1; }},
      {"right", [](auto& a) { a.second.rows = users; }},
      {"left", [](auto& a) { a.out.rows = items; }},
      {"left", [](auto& a) { a.out.stride = 1; }},
      {"start", [](auto& a) { a.first.columns = 1; }},
      {"start", [](auto& a) { a.first.rows = users; }},
      {"start", [](auto& a) { a.first.data = nullptr; }},
      {"transposed", [](auto& a) { a.columns = a.rows; }},
      {"transposed", [](auto& a) { a.columns.value = nullptr; }},
      {"matrix", [](auto& a) { a.rows.value = nullptr; }},
      {"power_iterations", [](auto& a) { a.svd.power_iterations = -1; }},
      {"power_iterations", [](auto& a) { a.svd.power_iterations = std::numeric_limits<std::int64_t>::max(); }},
      {"power_iterations", [](auto& a) { a.svd.power_iterations = (1 << 28) / 64; }},
      {"tolerance", [](auto& a) { a.svd.tolerance = no_number; }},
      {"start",
       [](auto& a) {
         a.first = matrix(items, 2);
         a.first.data[3] = no_number;
       }},
      {"matrix: row 4, column 3",
       [](auto& a) {
         static const double values[] = {1, 2, 3, 4, 5, 1, 2, 1e160};
         a.rows.value = values;
       }},
      {"num_threads", [](auto& a) { a.control.num_threads = -2; }}};
  refuses<Dense>(
      "truncated_svd", dense(matrix(items, 2), matrix(items, 2), matrix(users, 2)),
      [](auto& a) {
        std::vector<double> values(8);
        truncated_svd(a.rows, a.columns, constant(a.first), a.svd, a.out, values.data(), a.second, a.control);
      },
      all);
}

void check_matrices() {
  refuses<Dense>("add_low_rank", dense(matrix(users, 2), matrix(items, 2), matrix(users, items)),
                 [](auto& a) { add_low_rank(constant(a.first), constant(a.second), a.out, a.control); },
                 {{"right", [](auto& a) { a.second.columns = 3; }},
                  {"left", [](auto& a) { a.first.stride = 1; }},
                  {"left",
                   [](auto& a) {
                     a.first = {nullptr, 0, std::int64_t{1} << 30, std::int64_t{1} << 30};
                     a.second = a.first;
                     a.out = {nullptr, 0, 0, 0};
                   }},
                  {"matrix", [](auto& a) { a.first.rows = std::int64_t{1} << 40; }},
                  {"matrix", [](auto& a) { a.out.rows = users + 200; }},
                  {"matrix", [](auto& a) { a.out.columns = items + 1; }}});
  refuses<Dense>("multiply_sparse", dense(matrix(items, 2), {}, matrix(users, 2)),
                 [](auto& a) { multiply_sparse(a.rows, constant(a.first), a.out, a.control); },
                 {{"dense", [](auto& a) { a.first.rows = users; }},
                  {"out", [](auto& a) { a.out.rows = items; }},
                  {"out", [](auto& a) { a.out.columns = 1; }},
                  {"matrix", [](auto& a) { a.rows.column = nullptr; }}});
  refuses<Dense>("item_gram", dense({}, {}, matrix(items, items)),
                 [](auto& a) { item_gram(a.rows, a.columns, a.number, a.out, a.control); },
                 {{"out", [](auto& a) { a.out.rows = users; }},
                  {"by_item", [](auto& a) { a.columns.rows = 1; }},
                  {"diagonal", [](auto& a) { a.number = no_number; }}});
  refuses<Dense>("strongest_of_columns", dense(matrix(users, items), {}, {}),
                 [](auto& a) { strongest_of_columns(constant(a.first), a.count, a.control); },
                 {{"count", [](auto& a) { a.count = -1; }},
                  {"count", [](auto& a) { a.count = 0; }},
                  {"matrix", [](auto& a) { a.first.columns = -1; }}});
  failures += strongest_of_columns<double>({nullptr, 0, items, items}, 3, {}).view().entries() != 0;
  refuses<Dense>("gram", dense(matrix(users, factors), {}, matrix(factors, factors)),
                 [](auto& a) { gram(constant(a.first), a.out, a.control); },
                 {{"out", [](auto& a) { a.out.rows = 1; }}, {"matrix", [](auto& a) { a.first.columns = 0; }}});
  refuses<Dense>("rotate", dense(matrix(users, factors), matrix(factors, factors), {}),
                 [](auto& a) { rotate(a.first, constant(a.second), a.control); },
                 {{"axes", [](auto& a) { a.second.columns = 2; }}, {"rows", [](auto& a) { a.first.stride = 0; }}});
  refuses<Dense>("squared_distances", dense(matrix(users, factors), matrix(users, factors), matrix(users, 1)),
                 [](auto& a) { squared_distances(constant(a.first), constant(a.second), a.out.data, a.control); },
                 {{"prior", [](auto& a) { a.second.rows = 1; }}, {"out", [](auto& a) { a.out.data = nullptr; }}});
}

void check_definite() {
  const MatrixView<double> unit = matrix(items, items);
  std::fill(unit.data, unit.data + items * items, 0.0);
  for (std::int64_t i = 0; i < items; ++i) unit.row(i)[i] = 2;
  refuses<Dense>(
      "invert_definite", dense({}, {}, unit), [](auto& a) { invert_definite(a.out, a.control); },
      {{"matrix", [](auto& a) { a.out.columns = items - 1; }}, {"matrix", [](auto& a) { a.out.data = nullptr; }}});
  float tiny = 1e-45f;
  try {
    invert_definite<float>({&tiny, 1, 1, 1}, {});
    ++failures;
    std::printf("FAILED: a pivot without an inverse gives %g\n", static_cast<double>(tiny));
  } catch (const SingularSystem&) {
  }
  // A stride of its own must not be lost.
  const MatrixView<double> wide = matrix(items, items + 3);
  std::vector<double> eigenvalues(items);
  for (std::int64_t i = 0; i < items; ++i) unit.row(i)[i] = static_cast<double>(items - i);
  principal_axes(constant(unit), eigenvalues.data(), {wide.data, items, items, items + 3}, {});
  for (std::int64_t i = 0; i < items; ++i) {
    for (std::int64_t j = 0; j < items; ++j) failures += std::abs(wide.row(i)[j] - (i == j)) > 1e-12;
  }
  refuses<Dense>("principal_axes", dense(unit, matrix(items, items), matrix(items, 1)),
                 [](auto& a) { principal_axes(constant(a.first), a.out.data, a.second, a.control); },
                 {{"gram", [](auto& a) { a.first.rows = 2; }},
                  {"axes", [](auto& a) { a.second.columns = 2; }},
                  {"eigenvalues", [](auto& a) { a.out.data = nullptr; }}});
}

struct Steps {
  CsrView<double> ratings = sparse().view();
  SgdFactors<double> factors;
  SgdOptions options;
  RunControl control;
};

}  // namespace

void check_als() {
  check_explicit_sweeps();
  check_implicit_sweeps();
}

void check_dense() {
  check_svd();
  check_matrices();
  check_definite();
}

void check_steps() {
  Steps sound;
  sound.factors = {matrix(users, 8),      matrix(items, 8),      matrix(users, 8),      matrix(items, 8),
                   matrix(users, 1).data, matrix(items, 1).data, matrix(users, 1).data, matrix(items, 1).data};
  for (MatrixView<double>* state : {&sound.factors.user_state, &sound.factors.item_state}) {
    std::fill(state->data, state->data + state->rows * 8, 0.0);
  }
  std::vector<Spoilt<Steps>> all{{"user_state", [](auto& a) { a.factors.user_state.data = nullptr; }},
                                 {"item_state", [](auto& a) { a.factors.item_state = {}; }},
                                 {"users", [](auto& a) { a.factors.users.rows = users + 1; }},
                                 {"users", [](auto& a) { a.factors.users.columns = 7; }},
                                 {"items", [](auto& a) { a.factors.items.columns = 16; }},
                                 {"item_bias", [](auto& a) { a.factors.item_bias_state = nullptr; }},
                                 {"learning_rate", [](auto& a) { a.options.learning_rate = no_number; }},
                                 {"momentum", [](auto& a) { a.options.momentum = 2; }},
                                 {"user_penalty", [](auto& a) { a.options.user_penalty = -1; }},
                                 {"item_penalty", [](auto& a) { a.options.item_penalty = infinite; }},
                                 {"mean", [](auto& a) { a.options.mean = infinite; }},
                                 {"high", [](auto& a) { a.options.low = 2; }},
                                 {"optimizer", [](auto& a) { a.options.optimizer = static_cast<Optimizer>(2); }},
                                 {"epoch", [](auto& a) { a.options.epoch = -1; }},
                                 {"epoch", [](auto& a) { a.options.epoch = std::int64_t{1} << 61; }}};
  refuses<Steps>("bpr_epoch", sound, [](auto& a) { bpr_epoch(a.ratings, a.factors, a.options, a.control); }, all);
  all.push_back({"ratings", [](auto& a) { a.ratings.value = nullptr; }});
  all.push_back({"user_bias", [](auto& a) { a.factors.user_bias_state = nullptr; }});
  all.push_back({"user_bias", [](auto& a) { a.factors.user_bias = a.factors.user_bias_state = nullptr; }});
  refuses<Steps>("sgd_epoch", sound, [](auto& a) { sgd_epoch(a.ratings, a.factors, a.options, a.control); }, all);
}
