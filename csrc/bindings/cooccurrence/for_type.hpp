// What the bindings of co-occurrence share.
#pragma once

#include "../common.hpp"
#include "../enums.hpp"
#include "coals/cooccurrence.hpp"

namespace coals::bindings {

// call(T()) with the type named.
template <class Call>
Csr for_type(const std::string& dtype, Call call) {
  require(dtype == "float32" || dtype == "float64", "dtype must be float32 or float64");
  return dtype == "float32" ? Csr{call(float())} : Csr{call(double())};
}

}  // namespace coals::bindings
