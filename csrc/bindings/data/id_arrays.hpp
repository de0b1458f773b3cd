// NumPy arrays of what native code has read: numbers without a copy, ids as arrays of strings.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "../common.hpp"
#include "coals/id_encoder.hpp"

namespace coals::bindings {

// An array that owns the vector.
template <class T>
py::array owned_array(std::vector<T>&& values) {
  auto* held = new std::vector<T>(std::move(values));
  const py::capsule owner(held, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return py::array_t<T>(static_cast<py::ssize_t>(held->size()), held->data(), owner);
}

// Ids in this order as fixed-width strings, or as objects where those would change them (a NUL at the end) or take
// far more memory (one long among many short). What is not UTF-8 is a UnicodeDecodeError.
py::array text_array(const IdEncoder& ids, const std::vector<std::int32_t>& order);

// Ids in this order as bytes objects: NumPy's fixed-width bytes lose NULs at their end.
py::array bytes_array(const IdEncoder& ids, const std::vector<std::int32_t>& order);

}  // namespace coals::bindings
