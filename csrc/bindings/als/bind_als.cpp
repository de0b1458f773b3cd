// Half-sweeps of ALS with their options and errors; whole fits are in bind_fits.cpp.
#include "../enums.hpp"
#include "optional_arrays.hpp"

namespace coals::bindings {

namespace {

SolverOptions make_solver_options(const std::string& solver, std::int64_t cg_steps, std::int64_t block_size,
                                  bool nonnegative, const std::string& singular, const std::string& method) {
  SolverOptions options;
  options.solver = named<Solver>(solver);
  options.cg_steps = cg_steps;
  options.block_size = block_size;
  options.nonnegative = nonnegative;
  options.singular = named<Singular>(singular);
  options.method = named<ExactMethod>(method);
  return options;
}

void bind_half_sweep_options(py::module_& module) {
  py::class_<Penalty>(module, "Penalty")
      .def(py::init([](double regularization, double exponent, double offset) {
             return Penalty{regularization, exponent, offset};
           }),
           py::arg("regularization"), py::arg("exponent") = 0.0, py::arg("offset") = 0.0);
  py::class_<SolverOptions>(module, "SolverOptions")
      .def(py::init(&make_solver_options), py::arg("solver") = "cholesky", py::arg("cg_steps") = 3,
           py::arg("block_size") = 64, py::arg("nonnegative") = false, py::arg("singular") = "error",
           py::arg("method") = "automatic");
  module.def(
      "half_sweep_cost",
      [](const Csr& data, std::int64_t size, const SolverOptions& options) {
        return half_sweep_cost(data.structure(), size, options);
      },
      py::arg("data"), py::arg("size"), py::arg("options"));
}

template <class T>
void solve_explicit(const Csr& ratings, const Array<T>& fixed, const OptionalArray<T>& fixed_bias, double mean,
                    const OptionalArray<T>& weights, const Penalty& penalty, const OptionalArray<T>& prior,
                    const OptionalArray<T>& bias_prior, const SolverOptions& options, Array<T> factors,
                    std::optional<Array<T>> bias, const std::string& what, int num_threads) {
  ExplicitHalfSweep<T> problem;
  problem.ratings = ratings.view<T>();
  problem.fixed = matrix_view(fixed, "fixed");
  problem.fixed_bias = optional_vector(fixed_bias, problem.ratings.columns, "fixed_bias");
  problem.mean = mean;
  problem.weight = optional_vector(weights, problem.ratings.entries(), "weights");
  const std::int64_t rows = problem.ratings.rows;
  problem.penalty = penalty;
  problem.prior = optional_matrix(prior, "prior");
  problem.bias_prior = optional_vector(bias_prior, rows, "bias_prior");
  problem.options = options;
  const MatrixView<T> x = mutable_matrix_view(factors, "factors");
  T* row_bias = bias ? mutable_vector_data(*bias, rows, "bias") : nullptr;
  require(what == "factors" || row_bias, "bias must be given");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  if (what == "joint") {
    solve_explicit_joint(problem, x, row_bias, control);
  } else if (what == "bias") {
    solve_explicit_bias(problem, MatrixView<const T>{x.data, x.rows, x.columns, x.stride}, row_bias, control);
  } else {
    solve_explicit_factors(problem, row_bias, x, control);
  }
}

// K x K, or K values of a diagonal one.
MatrixView<const double> gram_view(const Array<double>& gram, std::int64_t factors) {
  if (gram.ndim() == 1) return {vector_data(gram, factors, "gram"), 1, factors, factors};
  return matrix_view(gram, "gram");
}

template <class T>
void solve_implicit(const Csr& strengths, const Array<T>& fixed, const Array<double>& gram,
                    const std::string& objective, double alpha, double unobserved_weight, const Penalty& penalty,
                    const OptionalArray<T>& prior, const SolverOptions& options, Array<T> factors, int num_threads) {
  ImplicitHalfSweep<T> problem;
  problem.strengths = strengths.view<T>();
  problem.fixed = matrix_view(fixed, "fixed");
  problem.objective = named<ImplicitObjective>(objective);
  problem.alpha = alpha;
  problem.unobserved_weight = unobserved_weight;
  problem.gram = gram_view(gram, problem.fixed.columns);
  problem.penalty = penalty;
  problem.prior = optional_matrix(prior, "prior");
  problem.options = options;
  const MatrixView<T> out = mutable_matrix_view(factors, "factors");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  solve_implicit_factors(problem, out, control);
}

template <class T>
Array<double> gram_of(const Array<T>& matrix, int num_threads) {
  const MatrixView<const T> view = matrix_view(matrix, "matrix");
  Array<double> out({view.columns, view.columns});
  const MatrixView<double> target = mutable_matrix_view(out, "out");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  gram(view, target, control);
  return out;
}

template <class T>
void bind_half_sweeps(py::module_& module) {
  module.def("solve_explicit", &solve_explicit<T>, py::arg("ratings"), py::arg("fixed").noconvert(),
             py::arg("fixed_bias").noconvert(), py::arg("mean"), py::arg("weights").noconvert(), py::arg("penalty"),
             py::arg("prior").noconvert(), py::arg("bias_prior").noconvert(), py::arg("options"),
             py::arg("factors").noconvert(), py::arg("bias").noconvert(), py::arg("what"), py::arg("num_threads"));
  module.def("solve_implicit", &solve_implicit<T>, py::arg("strengths"), py::arg("fixed").noconvert(),
             py::arg("gram").noconvert(), py::arg("objective"), py::arg("alpha"), py::arg("unobserved_weight"),
             py::arg("penalty"), py::arg("prior").noconvert(), py::arg("options"), py::arg("factors").noconvert(),
             py::arg("num_threads"));
  module.def("gram", &gram_of<T>, py::arg("matrix").noconvert(), py::arg("num_threads"));
}

// SingularSystem becomes an exception that carries the row, and in a fit the side, so that the caller can name the user
// or item.
void bind_singular_system(py::module_& module) {
  static py::exception<SingularSystem> type(module, "SingularSystemError", PyExc_ValueError);
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const SingularSystem& error) {
      py::object instance = static_cast<const py::object&>(type)(error.what());
      instance.attr("row") = error.row;
      instance.attr("side") = error.side ? py::object(py::str(name_of(*error.side))) : py::none();
      PyErr_SetObject(type.ptr(), instance.ptr());
    }
  });
}

}  // namespace

void bind_als(py::module_& module) {
  bind_singular_system(module);
  bind_half_sweep_options(module);
  bind_half_sweeps<float>(module);
  bind_half_sweeps<double>(module);
  bind_fits(module);
}

}  // namespace coals::bindings
