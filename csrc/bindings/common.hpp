// What every binding shares: views of NumPy arrays, the released GIL, Ctrl-C.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <pybind11/stl.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>

#include "coals/csr.hpp"

namespace coals::bindings {

namespace py = pybind11;

template <class T>
using Array = py::array_t<T, py::array::c_style>;

inline void require(bool condition, const std::string& message) {
  if (!condition) throw std::invalid_argument(message);
}

// Read-only view of a 2-D array.
template <class T>
MatrixView<const T> matrix_view(const Array<T>& array, const char* name) {
  require(array.ndim() == 2, std::string(name) + " must be two-dimensional");
  return {array.data(), array.shape(0), array.shape(1), array.shape(1)};
}

template <class T>
MatrixView<T> mutable_matrix_view(Array<T>& array, const char* name) {
  require(array.ndim() == 2, std::string(name) + " must be two-dimensional");
  return {array.mutable_data(), array.shape(0), array.shape(1), array.shape(1)};
}

template <class T>
const T* vector_data(const Array<T>& array, py::ssize_t size, const char* name) {
  require(array.ndim() == 1 && array.shape(0) == size,
          std::string(name) + " must be one-dimensional with " + std::to_string(size) + " elements");
  return array.data();
}

template <class T>
T* mutable_vector_data(Array<T>& array, py::ssize_t size, const char* name) {
  vector_data(array, size, name);
  return array.mutable_data();
}

// A sparse matrix that has passed validate_csr, so that no native loop can be led astray by its indices.
struct Csr {
  std::variant<CsrMatrix<float>, CsrMatrix<double>, CsrMatrix<std::int32_t>> matrix;
  py::object owner{};  // of borrowed memory

  CsrView<void> structure() const {
    return std::visit([](const auto& m) { return m.view().structure(); }, matrix);
  }
  template <class T>
  CsrView<T> view() const {
    const auto* held = std::get_if<CsrMatrix<T>>(&matrix);
    require(held != nullptr, "the sparse matrix and the factors must have the same dtype");
    require(held->value.data() != nullptr || held->view().entries() == 0, "the sparse matrix has no values");
    return held->view();
  }
};

// Releases the GIL for a scope. Python ends a thread that asks for the GIL while the interpreter ends, and doing that
// within C++ frames ends the process. Such a thread sleeps instead until the process ends.
class ReleasedGil {
 public:
  ReleasedGil() : state_(PyEval_SaveThread()) {}
  ReleasedGil(const ReleasedGil&) = delete;
  ReleasedGil& operator=(const ReleasedGil&) = delete;
  ~ReleasedGil() noexcept(false) { acquire(); }

  // call() with the GIL held, on the thread that released it.
  template <class Call>
  auto with_gil(Call call) {
    acquire();
    struct Release {
      PyThreadState*& state;
      ~Release() { state = PyEval_SaveThread(); }
    };
    const Release release{state_};
    return call();
  }

 private:
  void acquire() {
    while (finalizing()) std::this_thread::sleep_for(std::chrono::hours(1));
    PyEval_RestoreThread(state_);
  }

  static bool finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
  }

  PyThreadState* state_;
};

// The thread that Python delivers signals to; set when the module is loaded.
inline unsigned long main_thread = 0;

// Lets Python's signal handlers run, so that Ctrl-C ends a native loop with KeyboardInterrupt. Python does not deliver
// signals to other threads. Those must not ask for the GIL within a loop: when the interpreter ends, asking ends the
// thread.
inline RunControl run_control(int num_threads) {
  RunControl control;
  control.num_threads = num_threads;
  if (PyThread_get_thread_ident() != main_thread) return control;
  control.poll = [] {
    const py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  };
  return control;
}

void bind_c_api(py::module_& module);
void bind_columns(py::module_& module);
void bind_config(py::module_& module);
void bind_csr(py::module_& module);
void bind_als(py::module_& module);
void bind_fits(py::module_& module);
void bind_cooccurrence(py::module_& module);
void bind_events(py::module_& module);
void bind_topk(py::module_& module);
void bind_metrics(py::module_& module);
void bind_neighbors(py::module_& module);
void bind_blend(py::module_& module);
void bind_dense_scores(py::module_& module);
void bind_graph_scores(py::module_& module);
void bind_sparse_regression(py::module_& module);
void bind_linalg(py::module_& module);
void bind_sgd(py::module_& module);
void bind_svd(py::module_& module);
void bind_kernels(py::module_& module);
void bind_eigen(py::module_& kernels);

}  // namespace coals::bindings
