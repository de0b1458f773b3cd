// Whole fits and rows solved against one.
#include <limits>

#include "cases.hpp"
#include "coals/fit.hpp"

using namespace coals;

namespace {

template <class Options>
struct Fit {
  CsrView<double> data = sparse().view();
  const double* weight = nullptr;
  Options options;
  MatrixView<double> users_side = matrix(users, factors), items_side = matrix(items, factors);
  double *user_bias = matrix(users, 1).data, *item_bias = matrix(items, 1).data;
  Side side = Side::users;
  double mean = 0;
  RunControl control;
  FitPriors<double> priors;
};

template <class Options>
std::vector<Spoilt<Fit<Options>>> of_all_fits() {
  return {{"users", [](auto& a) { a.users_side.stride = factors - 1; }},
          {"users", [](auto& a) { a.users_side.rows = 1; }},
          {"users", [](auto& a) { a.users_side.data = nullptr; }},
          {"users", [](auto& a) { a.users_side.data[4] = no_number; }},
          {"items: row 1", [](auto& a) { a.items_side.data[4] = 1e300; }},
          {"items", [](auto& a) { a.items_side.columns = 2; }},
          {"no values", [](auto& a) { a.data.value = nullptr; }},
          {"row 0: column 4",
           [](auto& a) {
             static const std::int32_t columns[] = {0, items, 1, 0, 1, 3, 2, 3};
             a.data.column = columns;
           }},
          {"row 1: row_begin",
           [](auto& a) {
             static const std::int64_t begin[] = {0, 5, 3, 3, 6, 8};
             a.data.row_begin = begin;
           }},
          {"items: all are zeros", [](auto& a) { std::fill_n(a.items_side.data, items * factors, 0.0); }},
          {"same memory", [](auto& a) { a.items_side.data = a.users_side.data; }},
          {"user_regularization", [](auto& a) { a.options.user_regularization = no_number; }},
          {"item_regularization", [](auto& a) { a.options.item_regularization = -1; }},
          {"regularization_exponent", [](auto& a) { a.options.regularization_exponent = 11; }},
          {"iterations", [](auto& a) { a.options.iterations = 0; }},
          {"tolerance", [](auto& a) { a.options.tolerance = no_number; }},
          {"solver", [](auto& a) { a.options.solver.solver = static_cast<Solver>(7); }},
          {"singular", [](auto& a) { a.options.solver.singular = static_cast<Singular>(7); }},
          {"rows to solve: number 1", [](auto& a) { a.options.user_rows = {0, users}; }},
          {"rows to solve", [](auto& a) { a.options.item_rows = {-1}; }},
          {"prior of users", [](auto& a) { a.priors.users.rows = matrix(users - 1, factors); }},
          {"prior of items", [](auto& a) { a.priors.items.weights = matrix(2, factors + 1); }},
          {"num_threads", [](auto& a) { a.control.num_threads = -1; }}};
}

// A start of its own for each call, since the one before has changed it.
template <class Options>
void renew(Fit<Options>& a) {
  const auto copy = [](MatrixView<double>& view, std::int64_t rows) {
    const MatrixView<double> own = matrix(rows, factors);
    if (view.data) view.data = own.data;
  };
  copy(a.users_side, users);
  copy(a.items_side, items);
}

template <class Options>
std::vector<Spoilt<Fit<Options>>> renewed(const std::vector<Spoilt<Fit<Options>>>& all) {
  std::vector<Spoilt<Fit<Options>>> out;
  for (const auto& one : all) {
    out.push_back({one.named, [spoil = one.spoil](auto& a) {
                     renew(a);
                     spoil(a);
                   }});
  }
  return out;
}

using ImplicitFit = Fit<ImplicitFitOptions>;
using ExplicitFit = Fit<ExplicitFitOptions>;

void check_implicit_fits() {
  auto all = of_all_fits<ImplicitFitOptions>();
  all.push_back({"objective", [](auto& a) { a.options.objective = static_cast<ImplicitObjective>(5); }});
  all.push_back({"alpha", [](auto& a) { a.options.alpha = 0; }});
  all.push_back({"unobserved_weight", [](auto& a) { a.options.unobserved_weight = no_number; }});
  refuses<ImplicitFit>(
      "fit_implicit", ImplicitFit(),
      [](auto& a) { fit_implicit(a.data, a.options, a.users_side, a.items_side, a.control, a.priors); }, renewed(all));
  refuses<ImplicitFit>(
      "fold_in_implicit", ImplicitFit(),
      [](auto& a) { fold_in_implicit(a.data, a.side, a.items_side, {}, a.options, a.users_side, a.control); },
      renewed<ImplicitFitOptions>({{"side", [](auto& a) { a.side = static_cast<Side>(2); }},
                                   {"fixed", [](auto& a) { a.items_side.rows = users; }},
                                   {"rows: row 4: column -1",
                                    [](auto& a) {
                                      static const std::int32_t columns[] = {0, 2, 1, 0, 1, 3, -1, 3};
                                      a.data.column = columns;
                                    }},
                                   {"factors", [](auto& a) { a.users_side.columns = 1; }},
                                   {"1048576",
                                    [](auto& a) {
                                      a.data = {0, 0, a.data.row_begin, nullptr, nullptr};
                                      a.users_side = a.items_side = {nullptr, 0, std::int64_t{1} << 30, 1};
                                    }},
                                   {"rows", [](auto& a) { a.data.value = nullptr; }}}));
}

void check_explicit_fits() {
  auto all = of_all_fits<ExplicitFitOptions>();
  all.push_back({"user_bias", [](auto& a) { a.user_bias = nullptr; }});
  all.push_back({"item_bias", [](auto& a) { a.item_bias = nullptr; }});
  all.push_back({"mean", [](auto& a) { a.options.mean = 1e300; }});
  all.push_back({"weight of entry 3", [](auto& a) {
                   static const double weights[] = {1, 1, 1, -1, 1, 1, 1, 1};
                   a.weight = weights;
                 }});
  refuses<ExplicitFit>(
      "fit_explicit", ExplicitFit(),
      [](auto& a) {
        fit_explicit(a.data, a.weight, a.options, a.users_side, a.items_side, a.user_bias, a.item_bias, a.control,
                     a.priors);
      },
      renewed(all));
  refuses<ExplicitFit>(
      "fold_in_explicit", ExplicitFit(),
      [](auto& a) {
        fold_in_explicit(a.data, a.weight, a.side, constant(a.items_side), a.item_bias, a.mean, a.options, a.users_side,
                         a.user_bias, a.control);
      },
      renewed<ExplicitFitOptions>({{"fixed_bias", [](auto& a) { a.item_bias = nullptr; }},
                                   {"bias", [](auto& a) { a.user_bias = nullptr; }},
                                   {"mean", [](auto& a) { a.mean = no_number; }},
                                   {"factors", [](auto& a) { a.users_side.rows = 1; }}}));
}

// A singular row says of which side it is, and in a fit of some rows which it is of all.
void check_singular_rows() {
  const auto expect = [](bool holds, const char* what) {
    if (!holds) std::printf("FAILED: %s\n", what);
    failures += !holds;
  };
  for (const bool some : {false, true}) {
    ExplicitFit a;
    a.options.user_regularization = a.options.item_regularization = 0;
    a.options.biases = false;
    if (some) a.options.user_rows = {users - 1};
    try {
      fit_explicit<double>(a.data, nullptr, a.options, a.users_side, a.items_side, nullptr, nullptr, {});
      expect(false, "a row with fewer entries than factors is singular");
    } catch (const SingularSystem& error) {
      expect(error.side == Side::users && error.row == (some ? users - 1 : 0), "the singular row and its side");
    }
  }
}

}  // namespace

void check_fits() {
  ExplicitFit plain;
  plain.options.biases = false;
  fit_explicit(plain.data, nullptr, plain.options, plain.users_side, plain.items_side, nullptr, nullptr, {});
  check_implicit_fits();
  check_explicit_fits();
  check_singular_rows();
  refuses<ImplicitFit>("random_start", ImplicitFit(), [](auto& a) { random_start(1, a.side, false, a.users_side); },
                       {{"side", [](auto& a) { a.side = static_cast<Side>(-1); }},
                        {"factors", [](auto& a) { a.users_side.columns = 0; }},
                        {"factors", [](auto& a) { a.users_side.data = nullptr; }}});
  refuses<ImplicitFit>("half_sweep_cost", ImplicitFit(),
                       [](auto& a) { half_sweep_cost(a.data.structure(), a.users_side.columns, a.options.solver); },
                       {{"size", [](auto& a) { a.users_side.columns = 0; }},
                        {"size", [](auto& a) { a.users_side.columns = std::int64_t{1} << 40; }},
                        {"block_size", [](auto& a) { a.options.solver.block_size = 0; }},
                        {"data", [](auto& a) { a.data.row_begin = nullptr; }}});
}
