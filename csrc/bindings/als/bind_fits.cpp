// Whole fits of ALS, and rows solved against one.
#include "../enums.hpp"
#include "coals/fit.hpp"
#include "optional_arrays.hpp"

namespace coals::bindings {

namespace {

using Rows = std::optional<py::array_t<std::int64_t, py::array::c_style>>;

// (rows, bias or None, weights, penalty, update or None) of one side; see FitPrior.
template <class T>
using Prior =
    std::optional<std::tuple<Array<T>, std::optional<Array<T>>, Array<double>, double, std::optional<py::function>>>;

// What on_sweep of Python gets. It may be kept; what it points to may not.
struct Report {
  SweepReport sweep;
  int num_threads;
  bool over = false;
};

template <class T>
Array<T> turned_back(const Report& report, const Array<T>& rows) {
  require(!report.over, "the sweep is over: ask for its factors before the callback returns");
  Array<T> out({rows.shape(0), rows.shape(1)});
  std::copy(rows.data(), rows.data() + rows.size(), out.mutable_data());
  if (!report.sweep.back.data) return out;
  const MatrixView<T> view = mutable_matrix_view(out, "rows");
  const ReleasedGil released;
  rotate(view, report.sweep.back, run_control(report.num_threads));
  return out;
}

FitOptions make_options(double user_regularization, double item_regularization, double regularization_exponent,
                        std::int64_t iterations, double tolerance, const std::string& solver, std::int64_t cg_steps,
                        std::int64_t block_size, bool nonnegative, const std::string& singular) {
  FitOptions options;
  options.user_regularization = user_regularization;
  options.item_regularization = item_regularization;
  options.regularization_exponent = regularization_exponent;
  options.iterations = iterations;
  options.tolerance = tolerance;
  options.automatic_solver = solver == "auto";
  if (!options.automatic_solver) options.solver.solver = named<Solver>(solver);
  options.solver.cg_steps = cg_steps;
  options.solver.block_size = block_size;
  options.solver.nonnegative = nonnegative;
  options.solver.singular = named<Singular>(singular);
  options.accept_zeros = true;  // the package checks what its callers start from
  return options;
}

ImplicitFitOptions make_implicit_options(const FitOptions& common, const std::string& objective, double alpha,
                                         double unobserved_weight) {
  ImplicitFitOptions options;
  static_cast<FitOptions&>(options) = common;
  options.objective = named<ImplicitObjective>(objective);
  options.alpha = alpha;
  options.unobserved_weight = unobserved_weight;
  return options;
}

ExplicitFitOptions make_explicit_options(const FitOptions& common, bool biases, bool joint, double mean) {
  ExplicitFitOptions options;
  static_cast<FitOptions&>(options) = common;
  options.biases = biases;
  options.joint = joint;
  options.mean = mean;
  return options;
}

std::optional<std::vector<std::int64_t>> list_of(const Rows& rows) {
  if (!rows) return std::nullopt;
  return std::vector<std::int64_t>(rows->data(), rows->data() + rows->size());
}

// Views of the arrays of a prior; `update` calls back with the GIL of `gil`.
template <class T>
FitPrior<T> prior_of(Prior<T>& given, std::unique_ptr<ReleasedGil>& gil) {
  FitPrior<T> out;
  if (!given) return out;
  auto& [rows, bias, weights, penalty, update] = *given;
  out.rows = mutable_matrix_view(rows, "prior");
  if (bias) out.bias = mutable_vector_data(*bias, rows.shape(0), "prior of biases");
  out.weights = mutable_matrix_view(weights, "weights of the prior");
  out.penalty = penalty;
  if (update)
    out.update = [&call = *update, &gil] { return gil->with_gil([&] { return call().template cast<double>(); }); };
  return out;
}

// fit(options, priors, control) with what the caller's functions need.
template <class T, class Options, class Fit>
void run_fit(Options options, const py::function& on_sweep, const Rows& user_rows, const Rows& item_rows,
             Prior<T>& user_prior, Prior<T>& item_prior, int num_threads, Fit fit) {
  std::unique_ptr<ReleasedGil> gil;
  options.user_rows = list_of(user_rows);
  options.item_rows = list_of(item_rows);
  options.on_sweep = [&](const SweepReport& sweep) {
    return gil->with_gil([&] {
      const auto report = std::make_shared<Report>(Report{sweep, num_threads});
      struct Close {
        Report& report;
        ~Close() { report.over = true; }
      };
      const Close close{*report};
      return on_sweep(report).template cast<bool>();
    });
  };
  const FitPriors<T> priors{prior_of(user_prior, gil), prior_of(item_prior, gil)};
  const RunControl control = run_control(num_threads);
  gil = std::make_unique<ReleasedGil>();
  fit(options, priors, control);
}

template <class T>
void implicit_fit(const Csr& strengths, const ImplicitFitOptions& options, Array<T> users, Array<T> items,
                  const py::function& on_sweep, const Rows& user_rows, const Rows& item_rows, Prior<T> user_prior,
                  Prior<T> item_prior, int num_threads) {
  const CsrView<T> data = strengths.view<T>();
  const MatrixView<T> x = mutable_matrix_view(users, "users"), y = mutable_matrix_view(items, "items");
  run_fit(options, on_sweep, user_rows, item_rows, user_prior, item_prior, num_threads,
          [&](const ImplicitFitOptions& own, const FitPriors<T>& priors, const RunControl& control) {
            fit_implicit(data, own, x, y, control, priors);
          });
}

template <class T>
void explicit_fit(const Csr& ratings, const OptionalArray<T>& weights, const ExplicitFitOptions& options,
                  Array<T> users, Array<T> items, std::optional<Array<T>> user_bias, std::optional<Array<T>> item_bias,
                  const py::function& on_sweep, const Rows& user_rows, const Rows& item_rows, Prior<T> user_prior,
                  Prior<T> item_prior, int num_threads) {
  const CsrView<T> data = ratings.view<T>();
  const T* weight = optional_vector(weights, data.entries(), "weights");
  const MatrixView<T> x = mutable_matrix_view(users, "users"), y = mutable_matrix_view(items, "items");
  T* b = user_bias ? mutable_vector_data(*user_bias, data.rows, "user_bias") : nullptr;
  T* c = item_bias ? mutable_vector_data(*item_bias, data.columns, "item_bias") : nullptr;
  run_fit(options, on_sweep, user_rows, item_rows, user_prior, item_prior, num_threads,
          [&](const ExplicitFitOptions& own, const FitPriors<T>& priors, const RunControl& control) {
            fit_explicit(data, weight, own, x, y, b, c, control, priors);
          });
}

template <class T>
void implicit_fold_in(const Csr& rows, const std::string& side, const Array<T>& fixed, const Array<double>& gram,
                      const ImplicitFitOptions& options, Array<T> factors, const OptionalArray<T>& prior,
                      int num_threads) {
  const CsrView<T> data = rows.view<T>();
  const Side own = named<Side>(side);
  const MatrixView<const T> other = matrix_view(fixed, "fixed"), pull = optional_matrix(prior, "prior");
  const MatrixView<const double> known = matrix_view(gram, "gram");
  const MatrixView<T> out = mutable_matrix_view(factors, "factors");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  fold_in_implicit(data, own, other, known, options, out, control, pull);
}

template <class T>
void explicit_fold_in(const Csr& rows, const OptionalArray<T>& weights, const std::string& side, const Array<T>& fixed,
                      const OptionalArray<T>& fixed_bias, double mean, const ExplicitFitOptions& options,
                      Array<T> factors, std::optional<Array<T>> bias, const OptionalArray<T>& prior,
                      const OptionalArray<T>& bias_prior, int num_threads) {
  const CsrView<T> data = rows.view<T>();
  const T* weight = optional_vector(weights, data.entries(), "weights");
  const Side own = named<Side>(side);
  const MatrixView<const T> other = matrix_view(fixed, "fixed"), pull = optional_matrix(prior, "prior");
  const T* other_bias = optional_vector(fixed_bias, data.columns, "fixed_bias");
  const MatrixView<T> out = mutable_matrix_view(factors, "factors");
  T* own_bias = bias ? mutable_vector_data(*bias, data.rows, "bias") : nullptr;
  const T* bias_pull = optional_vector(bias_prior, data.rows, "bias_prior");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  fold_in_explicit(data, weight, own, other, other_bias, mean, options, out, own_bias, control, pull, bias_pull);
}

void bind_fit_options(py::module_& module) {
  py::class_<FitOptions>(module, "FitOptions")
      .def(py::init(&make_options), py::kw_only(), py::arg("user_regularization"), py::arg("item_regularization"),
           py::arg("regularization_exponent"), py::arg("iterations"), py::arg("tolerance"), py::arg("solver"),
           py::arg("cg_steps"), py::arg("block_size"), py::arg("nonnegative"), py::arg("singular"));
  py::class_<ImplicitFitOptions>(module, "ImplicitFitOptions")
      .def(py::init(&make_implicit_options), py::arg("common"), py::kw_only(), py::arg("objective"), py::arg("alpha"),
           py::arg("unobserved_weight"));
  py::class_<ExplicitFitOptions>(module, "ExplicitFitOptions")
      .def(py::init(&make_explicit_options), py::arg("common"), py::kw_only(), py::arg("biases"), py::arg("joint"),
           py::arg("mean"));
  py::class_<Report, std::shared_ptr<Report>>(module, "SweepReport")
      .def_property_readonly("sweep", [](const Report& report) { return report.sweep.sweep; })
      .def_property_readonly("objective", [](const Report& report) { return report.sweep.objective; })
      .def_property_readonly("solve_seconds", [](const Report& report) { return report.sweep.solve_seconds; })
      .def_property_readonly("solver", [](const Report& report) { return name_of(report.sweep.solver); })
      .def_property_readonly("mean", [](const Report& report) { return report.sweep.mean; })
      .def("turned_back", &turned_back<float>, py::arg("rows").noconvert())
      .def("turned_back", &turned_back<double>, py::arg("rows").noconvert());
}

// penalty(entries) for each number of entries.
template <class Penalty>
Array<double> penalties_of(const py::array_t<std::int64_t, py::array::c_style>& sizes, Penalty penalty) {
  Array<double> out(sizes.size());
  std::transform(sizes.data(), sizes.data() + sizes.size(), out.mutable_data(), penalty);
  return out;
}

void bind_penalties(py::module_& module) {
  using Sizes = py::array_t<std::int64_t, py::array::c_style>;
  module.def(
      "row_penalties",
      [](const ImplicitFitOptions& options, const std::string& side, std::int64_t others, const Sizes& sizes) {
        const Side own = named<Side>(side);
        return penalties_of(sizes, [&](std::int64_t n) { return row_penalty(options, own, others, n); });
      },
      py::arg("options"), py::arg("side"), py::arg("others"), py::arg("sizes").noconvert());
  module.def(
      "row_penalties",
      [](const ExplicitFitOptions& options, const std::string& side, std::int64_t, const Sizes& sizes) {
        const Side own = named<Side>(side);
        return penalties_of(sizes, [&](std::int64_t n) { return row_penalty(options, own, n); });
      },
      py::arg("options"), py::arg("side"), py::arg("others"), py::arg("sizes").noconvert());
}

template <class T>
void bind_fits_of(py::module_& module) {
  module.def("fit_implicit", &implicit_fit<T>, py::arg("strengths"), py::arg("options"), py::arg("users").noconvert(),
             py::arg("items").noconvert(), py::arg("on_sweep"), py::arg("user_rows"), py::arg("item_rows"),
             py::arg("user_prior").noconvert(), py::arg("item_prior").noconvert(), py::arg("num_threads"));
  module.def("fit_explicit", &explicit_fit<T>, py::arg("ratings"), py::arg("weights").noconvert(), py::arg("options"),
             py::arg("users").noconvert(), py::arg("items").noconvert(), py::arg("user_bias").noconvert(),
             py::arg("item_bias").noconvert(), py::arg("on_sweep"), py::arg("user_rows"), py::arg("item_rows"),
             py::arg("user_prior").noconvert(), py::arg("item_prior").noconvert(), py::arg("num_threads"));
  module.def("fold_in_implicit", &implicit_fold_in<T>, py::arg("rows"), py::arg("side"), py::arg("fixed").noconvert(),
             py::arg("gram").noconvert(), py::arg("options"), py::arg("factors").noconvert(),
             py::arg("prior").noconvert(), py::arg("num_threads"));
  module.def("fold_in_explicit", &explicit_fold_in<T>, py::arg("rows"), py::arg("weights").noconvert(), py::arg("side"),
             py::arg("fixed").noconvert(), py::arg("fixed_bias").noconvert(), py::arg("mean"), py::arg("options"),
             py::arg("factors").noconvert(), py::arg("bias").noconvert(), py::arg("prior").noconvert(),
             py::arg("bias_prior").noconvert(), py::arg("num_threads"));
}

}  // namespace

void bind_fits(py::module_& module) {
  bind_fit_options(module);
  bind_penalties(module);
  bind_fits_of<float>(module);
  bind_fits_of<double>(module);
}

}  // namespace coals::bindings
