// Explicit half-sweeps. bind_implicit_als.cpp has the rest of als.hpp.
#include "coals/als.hpp"

#include "optional_arrays.hpp"

namespace coals::bindings {

namespace {

// What all explicit functions take. Holds the arrays that the views look into.
template <class T>
ExplicitHalfSweep<T> explicit_problem(const Csr& ratings, const Array<T>& fixed, const OptionalArray<T>& fixed_bias,
                                      double mean, const OptionalArray<T>& weights) {
  ExplicitHalfSweep<T> problem;
  problem.ratings = ratings.view<T>();
  problem.fixed = matrix_view(fixed, "fixed");
  problem.fixed_bias = optional_vector(fixed_bias, problem.ratings.columns, "fixed_bias");
  problem.mean = mean;
  problem.weight = optional_vector(weights, problem.ratings.entries(), "weights");
  return problem;
}

template <class T>
void solve_explicit(const Csr& ratings, const Array<T>& fixed, const OptionalArray<T>& fixed_bias, double mean,
                    const OptionalArray<T>& weights, const Penalty& penalty, const OptionalArray<T>& prior,
                    const OptionalArray<T>& bias_prior, const SolverOptions& options, Array<T> factors,
                    std::optional<Array<T>> bias, const std::string& what, int num_threads) {
  auto problem = explicit_problem(ratings, fixed, fixed_bias, mean, weights);
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

template <class T>
void bind_explicit_for(py::module_& module) {
  module.def("solve_explicit", &solve_explicit<T>, py::arg("ratings"), py::arg("fixed").noconvert(),
             py::arg("fixed_bias").noconvert(), py::arg("mean"), py::arg("weights").noconvert(), py::arg("penalty"),
             py::arg("prior").noconvert(), py::arg("bias_prior").noconvert(), py::arg("options"),
             py::arg("factors").noconvert(), py::arg("bias").noconvert(), py::arg("what"), py::arg("num_threads"));
  module.def(
      "explicit_squared_error",
      [](const Csr& ratings, const Array<T>& fixed, const OptionalArray<T>& fixed_bias, double mean,
         const OptionalArray<T>& weights, const Array<T>& factors, const OptionalArray<T>& bias, int num_threads) {
        const auto problem = explicit_problem(ratings, fixed, fixed_bias, mean, weights);
        const MatrixView<const T> rows = matrix_view(factors, "factors");
        const T* row_bias = optional_vector(bias, problem.ratings.rows, "bias");
        const ReleasedGil released;
        return explicit_squared_error(problem, rows, row_bias, run_control(num_threads));
      },
      py::arg("ratings"), py::arg("fixed").noconvert(), py::arg("fixed_bias").noconvert(), py::arg("mean"),
      py::arg("weights").noconvert(), py::arg("factors").noconvert(), py::arg("bias").noconvert(),
      py::arg("num_threads"));
}

}  // namespace

void bind_explicit_als(py::module_& module) {
  bind_explicit_for<float>(module);
  bind_explicit_for<double>(module);
}

}  // namespace coals::bindings
