// Implicit half-sweeps, Gram matrices and rotations.
#include "../enums.hpp"
#include "optional_arrays.hpp"

namespace coals::bindings {

namespace {

template <class T>
ImplicitHalfSweep<T> implicit_problem(const Csr& strengths, const Array<T>& fixed, const std::string& objective,
                                      double alpha, double unobserved_weight) {
  ImplicitHalfSweep<T> problem;
  problem.strengths = strengths.view<T>();
  problem.fixed = matrix_view(fixed, "fixed");
  problem.objective = named<ImplicitObjective>(objective);
  problem.alpha = alpha;
  problem.unobserved_weight = unobserved_weight;
  return problem;
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
  auto problem = implicit_problem(strengths, fixed, objective, alpha, unobserved_weight);
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
Array<double> squared_distances_of(const Array<T>& rows, const OptionalArray<T>& prior, int num_threads) {
  const MatrixView<const T> view = matrix_view(rows, "rows");
  const MatrixView<const T> from = optional_matrix(prior, "prior");
  Array<double> out(view.rows);
  double* target = out.mutable_data();
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  squared_distances(view, from, target, control);
  return out;
}

// (eigenvalues, axes)
py::tuple axes_of(const Array<double>& gram, int num_threads) {
  const MatrixView<const double> view = matrix_view(gram, "gram");
  Array<double> eigenvalues(view.columns), axes({view.columns, view.columns});
  double* values = eigenvalues.mutable_data();
  const MatrixView<double> target = mutable_matrix_view(axes, "axes");
  {
    const RunControl control = run_control(num_threads);
    const ReleasedGil released;
    principal_axes(view, values, target, control);
  }
  return py::make_tuple(eigenvalues, axes);
}

template <class T>
void rotate_rows(Array<T> rows, const Array<double>& axes, int num_threads) {
  const MatrixView<T> view = mutable_matrix_view(rows, "rows");
  const MatrixView<const double> turn = matrix_view(axes, "axes");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  rotate(view, turn, control);
}

template <class T>
void bind_implicit_for(py::module_& module) {
  module.def("solve_implicit", &solve_implicit<T>, py::arg("strengths"), py::arg("fixed").noconvert(),
             py::arg("gram").noconvert(), py::arg("objective"), py::arg("alpha"), py::arg("unobserved_weight"),
             py::arg("penalty"), py::arg("prior").noconvert(), py::arg("options"), py::arg("factors").noconvert(),
             py::arg("num_threads"));
  module.def(
      "implicit_observed_loss",
      [](const Csr& strengths, const Array<T>& fixed, const std::string& objective, double alpha,
         double unobserved_weight, const Array<T>& factors, int num_threads) {
        const auto problem = implicit_problem(strengths, fixed, objective, alpha, unobserved_weight);
        const MatrixView<const T> rows = matrix_view(factors, "factors");
        const ReleasedGil released;
        return implicit_observed_loss(problem, rows, run_control(num_threads));
      },
      py::arg("strengths"), py::arg("fixed").noconvert(), py::arg("objective"), py::arg("alpha"),
      py::arg("unobserved_weight"), py::arg("factors").noconvert(), py::arg("num_threads"));
  module.def("gram", &gram_of<T>, py::arg("matrix").noconvert(), py::arg("num_threads"));
  module.def("squared_distances", &squared_distances_of<T>, py::arg("rows").noconvert(), py::arg("prior").noconvert(),
             py::arg("num_threads"));
  module.def("rotate", &rotate_rows<T>, py::arg("rows").noconvert(), py::arg("axes").noconvert(),
             py::arg("num_threads"));
}

}  // namespace

void bind_implicit_als(py::module_& module) {
  bind_implicit_for<float>(module);
  bind_implicit_for<double>(module);
  module.def("principal_axes", &axes_of, py::arg("gram").noconvert(), py::arg("num_threads"));
}

}  // namespace coals::bindings
