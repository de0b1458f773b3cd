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
  module.def("default_num_threads", &default_num_threads);
  module.def("measure_peak_flops", &measure_peak_flops, py::arg("seconds"), py::arg("num_threads"),
             py::call_guard<py::gil_scoped_release>());
}

}  // namespace coals::bindings
