// Arrays that may be None.
#pragma once

#include "../common.hpp"
#include "coals/als.hpp"

namespace coals::bindings {

template <class T>
using OptionalArray = std::optional<Array<T>>;

template <class T>
const T* optional_vector(const OptionalArray<T>& array, std::int64_t size, const char* name) {
  return array ? vector_data(*array, size, name) : nullptr;
}

template <class T>
MatrixView<const T> optional_matrix(const OptionalArray<T>& array, const char* name) {
  return array ? matrix_view(*array, name) : MatrixView<const T>{};
}

}  // namespace coals::bindings
