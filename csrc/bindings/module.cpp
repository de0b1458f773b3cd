// Table of contents of coals._core.
#include "coals/runtime.hpp"
#include "common.hpp"

#if !defined(_WIN32)
#include <pthread.h>
#endif

// Without the GIL too: what is shared between threads is only read, or guarded.
PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  module.doc() = "The native core of coals. Private: the functions check what they need to be safe, not to be kind.";
  // Invalid values of COALS_ISA and COALS_THREADING_LAYER are errors here, at import, and not in the middle of a fit.
  coals::active_isa();
  coals::threading_layer();
  using pybind11::module_;
  coals::bindings::main_thread = module_::import("threading").attr("main_thread")().attr("ident").cast<unsigned long>();
#if !defined(_WIN32)
  // A thread that forks is the main thread of the child.
  pthread_atfork(nullptr, nullptr, [] { coals::bindings::main_thread = PyThread_get_thread_ident(); });
#endif
  coals::bindings::bind_config(module);
  coals::bindings::bind_c_api(module);
  coals::bindings::bind_csr(module);
  coals::bindings::bind_columns(module);
  coals::bindings::bind_als(module);
  coals::bindings::bind_cooccurrence(module);
  coals::bindings::bind_events(module);
  coals::bindings::bind_topk(module);
  coals::bindings::bind_metrics(module);
  coals::bindings::bind_neighbors(module);
  coals::bindings::bind_blend(module);
  coals::bindings::bind_dense_scores(module);
  coals::bindings::bind_graph_scores(module);
  coals::bindings::bind_sparse_regression(module);
  coals::bindings::bind_linalg(module);
  coals::bindings::bind_sgd(module);
  coals::bindings::bind_svd(module);
  coals::bindings::bind_kernels(module);
}
