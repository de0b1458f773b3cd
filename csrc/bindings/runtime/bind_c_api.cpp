// The table of the C interface as a capsule, and the start that it makes from a seed.
#include "../common.hpp"
#include "../enums.hpp"
#include "coals/c_api.h"
#include "coals/fit.hpp"

namespace coals::bindings {

namespace {

// As coals/core_api.h has it.
struct Capsule {
  const coals_api* (*get)(std::uint32_t major, std::uint32_t minor);
  std::uint32_t version;
};

template <class T>
void fill_start(std::uint64_t seed, const std::string& side, bool nonnegative, Array<T> out) {
  const MatrixView<T> view = mutable_matrix_view(out, "out");
  random_start(seed, named<Side>(side), nonnegative, view);
}

}  // namespace

void bind_c_api(py::module_& module) {
  static const Capsule capsule{coals_get_api, coals_api_version()};
  module.attr("c_api") = py::capsule(static_cast<const void*>(&capsule), "coals._core.c_api");
  module.def("random_start", &fill_start<float>, py::arg("seed"), py::arg("side"), py::arg("nonnegative"),
             py::arg("out").noconvert());
  module.def("random_start", &fill_start<double>, py::arg("seed"), py::arg("side"), py::arg("nonnegative"),
             py::arg("out").noconvert());
}

}  // namespace coals::bindings
