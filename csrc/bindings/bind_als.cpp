#include "coals/als.hpp"
#include "common.hpp"

namespace coals::bindings {

namespace {

template <class T>
using OptionalArray = std::optional<Array<T>>;

template <class T>
ExplicitHalfSweep<T> explicit_problem(const Csr& ratings, const Array<T>& fixed, const OptionalArray<T>& fixed_bias,
                                      double mean, double regularization, double exponent) {
  ExplicitHalfSweep<T> problem;
  problem.ratings = ratings.view<T>();
  problem.fixed = matrix_view(fixed, "fixed");
  require(problem.fixed.rows == problem.ratings.columns, "fixed must have one row per column of the matrix");
  if (fixed_bias) problem.fixed_bias = vector_data(*fixed_bias, problem.ratings.columns, "fixed_bias");
  problem.mean = mean;
  problem.penalty = {regularization, exponent, 0.0};
  return problem;
}

template <class T>
void require_factors(const MatrixView<T>& factors, std::int64_t rows, std::int64_t columns) {
  require(factors.rows == rows && factors.columns == columns,
          "factors must have one row per row of the matrix and as "
          "many columns as fixed");
}

template <class T>
void bind_explicit(py::module_& module) {
  module.def(
      "solve_explicit_factors",
      [](const Csr& ratings, const Array<T>& fixed, const OptionalArray<T>& fixed_bias, double mean,
         double regularization, double exponent, const OptionalArray<T>& bias, Array<T> factors, int num_threads) {
        const auto problem = explicit_problem(ratings, fixed, fixed_bias, mean, regularization, exponent);
        const MatrixView<T> out = mutable_matrix_view(factors, "factors");
        require_factors(out, problem.ratings.rows, problem.fixed.columns);
        const T* row_bias = bias ? vector_data(*bias, problem.ratings.rows, "bias") : nullptr;
        const ReleasedGil released;
        solve_explicit_factors(problem, row_bias, out, run_control(num_threads));
      },
      py::arg("ratings"), py::arg("fixed").noconvert(), py::arg("fixed_bias").noconvert(), py::arg("mean"),
      py::arg("regularization"), py::arg("exponent"), py::arg("bias").noconvert(), py::arg("factors").noconvert(),
      py::arg("num_threads"));
  module.def(
      "solve_explicit_bias",
      [](const Csr& ratings, const Array<T>& fixed, const OptionalArray<T>& fixed_bias, double mean,
         double regularization, double exponent, const Array<T>& factors, Array<T> bias, int num_threads) {
        const auto problem = explicit_problem(ratings, fixed, fixed_bias, mean, regularization, exponent);
        const MatrixView<const T> rows = matrix_view(factors, "factors");
        require_factors(rows, problem.ratings.rows, problem.fixed.columns);
        T* out = mutable_vector_data(bias, problem.ratings.rows, "bias");
        const ReleasedGil released;
        solve_explicit_bias(problem, rows, out, run_control(num_threads));
      },
      py::arg("ratings"), py::arg("fixed").noconvert(), py::arg("fixed_bias").noconvert(), py::arg("mean"),
      py::arg("regularization"), py::arg("exponent"), py::arg("factors").noconvert(), py::arg("bias").noconvert(),
      py::arg("num_threads"));
  module.def(
      "solve_explicit_joint",
      [](const Csr& ratings, const Array<T>& fixed, const OptionalArray<T>& fixed_bias, double mean,
         double regularization, double exponent, Array<T> factors, Array<T> bias, int num_threads) {
        const auto problem = explicit_problem(ratings, fixed, fixed_bias, mean, regularization, exponent);
        const MatrixView<T> out = mutable_matrix_view(factors, "factors");
        require_factors(out, problem.ratings.rows, problem.fixed.columns);
        T* out_bias = mutable_vector_data(bias, problem.ratings.rows, "bias");
        const ReleasedGil released;
        solve_explicit_joint(problem, out, out_bias, run_control(num_threads));
      },
      py::arg("ratings"), py::arg("fixed").noconvert(), py::arg("fixed_bias").noconvert(), py::arg("mean"),
      py::arg("regularization"), py::arg("exponent"), py::arg("factors").noconvert(), py::arg("bias").noconvert(),
      py::arg("num_threads"));
  module.def(
      "explicit_squared_error",
      [](const Csr& ratings, const Array<T>& fixed, const OptionalArray<T>& fixed_bias, double mean,
         const Array<T>& factors, const OptionalArray<T>& bias, int num_threads) {
        const auto problem = explicit_problem(ratings, fixed, fixed_bias, mean, 0.0, 0.0);
        const MatrixView<const T> rows = matrix_view(factors, "factors");
        require_factors(rows, problem.ratings.rows, problem.fixed.columns);
        const T* row_bias = bias ? vector_data(*bias, problem.ratings.rows, "bias") : nullptr;
        const ReleasedGil released;
        return explicit_squared_error(problem, rows, row_bias, run_control(num_threads));
      },
      py::arg("ratings"), py::arg("fixed").noconvert(), py::arg("fixed_bias").noconvert(), py::arg("mean"),
      py::arg("factors").noconvert(), py::arg("bias").noconvert(), py::arg("num_threads"));
}

ImplicitObjective objective_named(const std::string& name) {
  require(name == "hkv" || name == "ials", "objective must be hkv or ials");
  return name == "hkv" ? ImplicitObjective::hkv : ImplicitObjective::ials;
}

template <class T>
void bind_implicit(py::module_& module) {
  module.def(
      "solve_implicit_factors",
      [](const Csr& strengths, const Array<T>& fixed, const Array<T>& gram, const std::string& objective, double alpha,
         double unobserved_weight, double regularization, double exponent, double offset, Array<T> factors,
         int num_threads) {
        ImplicitHalfSweep<T> problem{strengths.view<T>(),
                                     matrix_view(fixed, "fixed"),
                                     matrix_view(gram, "gram"),
                                     objective_named(objective),
                                     alpha,
                                     unobserved_weight,
                                     {regularization, exponent, offset}};
        require(problem.fixed.rows == problem.strengths.columns, "fixed must have one row per column of the matrix");
        require(problem.gram.rows == problem.fixed.columns && problem.gram.columns == problem.fixed.columns,
                "gram must be K x K");
        const MatrixView<T> out = mutable_matrix_view(factors, "factors");
        require_factors(out, problem.strengths.rows, problem.fixed.columns);
        const ReleasedGil released;
        solve_implicit_factors(problem, out, run_control(num_threads));
      },
      py::arg("strengths"), py::arg("fixed").noconvert(), py::arg("gram").noconvert(), py::arg("objective"),
      py::arg("alpha"), py::arg("unobserved_weight"), py::arg("regularization"), py::arg("exponent"), py::arg("offset"),
      py::arg("factors").noconvert(), py::arg("num_threads"));
  module.def(
      "implicit_observed_loss",
      [](const Csr& strengths, const Array<T>& fixed, const std::string& objective, double alpha,
         double unobserved_weight, const Array<T>& factors, int num_threads) {
        ImplicitHalfSweep<T> problem;
        problem.strengths = strengths.view<T>();
        problem.fixed = matrix_view(fixed, "fixed");
        problem.objective = objective_named(objective);
        problem.alpha = alpha;
        problem.unobserved_weight = unobserved_weight;
        require(problem.fixed.rows == problem.strengths.columns, "fixed must have one row per column of the matrix");
        const MatrixView<const T> rows = matrix_view(factors, "factors");
        require_factors(rows, problem.strengths.rows, problem.fixed.columns);
        const ReleasedGil released;
        return implicit_observed_loss(problem, rows, run_control(num_threads));
      },
      py::arg("strengths"), py::arg("fixed").noconvert(), py::arg("objective"), py::arg("alpha"),
      py::arg("unobserved_weight"), py::arg("factors").noconvert(), py::arg("num_threads"));
  module.def(
      "gram",
      [](const Array<T>& matrix, int num_threads) {
        const MatrixView<const T> view = matrix_view(matrix, "matrix");
        Array<T> out({view.columns, view.columns});
        const MatrixView<T> target = mutable_matrix_view(out, "out");
        {
          const ReleasedGil released;
          gram(view, target, run_control(num_threads));
        }
        return out;
      },
      py::arg("matrix").noconvert(), py::arg("num_threads"));
}

// SingularSystem becomes an exception that carries the row, so that the caller can name the user or item.
void bind_singular_system(py::module_& module) {
  static py::exception<SingularSystem> type(module, "SingularSystemError", PyExc_ValueError);
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const SingularSystem& error) {
      py::object instance = static_cast<const py::object&>(type)(error.what());
      instance.attr("row") = error.row;
      PyErr_SetObject(type.ptr(), instance.ptr());
    }
  });
}

}  // namespace

void bind_als(py::module_& module) {
  bind_singular_system(module);
  bind_explicit<float>(module);
  bind_explicit<double>(module);
  bind_implicit<float>(module);
  bind_implicit<double>(module);
}

}  // namespace coals::bindings
