#include <pybind11/stl.h>

#include "../common.hpp"
#include "coals/runtime.hpp"

namespace coals::bindings {

void bind_config(py::module_& module) {
  module.attr("version") = COALS_VERSION;
  module.def("compiled_isas", &compiled_isas);
  module.def("detected_isas", &detected_isas);
  module.def("active_isa", &active_isa);
  module.def("threading_layer", &threading_layer);
  module.def("openmp_runtime", &openmp_runtime);
  // On other threads than the main one, calls Python directly: Python ends such a thread when the interpreter ends, and
  // that must not happen within native code.
  module.def(
      "run_in_team",
      [](const py::function& function, int num_threads) {
        const RunControl control = run_control(num_threads);
        if (!control.poll) return py::object(function());
        py::object result;
        {
          const ReleasedGil released;
          run_in_team(control, [&] {
            const py::gil_scoped_acquire gil;
            result = function();
          });
        }
        return result;
      },
      py::arg("function"), py::arg("num_threads"));
  module.def("default_num_threads", &default_num_threads);
  module.def("measure_peak_flops", &measure_peak_flops, py::arg("seconds"), py::arg("num_threads"),
             py::call_guard<py::gil_scoped_release>());
}

}  // namespace coals::bindings
