// Options, penalties and errors of ALS; the half-sweeps are in bind_explicit_als.cpp and bind_implicit_als.cpp.
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

void bind_options(py::module_& module) {
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
  bind_options(module);
  bind_explicit_als(module);
  bind_implicit_als(module);
}

}  // namespace coals::bindings
