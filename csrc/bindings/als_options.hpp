// What the bindings of explicit and implicit half-sweeps share.
#pragma once

#include "coals/als.hpp"
#include "common.hpp"

namespace coals::bindings {

template <class T>
using OptionalArray = std::optional<Array<T>>;

template <class T>
const T* optional_vector(const OptionalArray<T>& array, std::int64_t size, const char* name) {
  return array ? vector_data(*array, size, name) : nullptr;
}

template <class T>
MatrixView<const T> fixed_view(const Array<T>& fixed, const CsrView<T>& data) {
  const MatrixView<const T> view = matrix_view(fixed, "fixed");
  require(view.rows == data.columns, "fixed must have one row per column of the matrix");
  return view;
}

template <class T>
void require_factors(const MatrixView<T>& factors, std::int64_t rows, std::int64_t columns) {
  require(factors.rows == rows && factors.columns == columns,
          "factors must have one row per row of the matrix and as many columns as fixed");
}

template <class T>
MatrixView<const T> prior_view(const OptionalArray<T>& prior, std::int64_t rows, std::int64_t columns) {
  if (!prior) return {};
  const MatrixView<const T> view = matrix_view(*prior, "prior");
  require(view.rows == rows && view.columns == columns, "prior must have the shape of factors");
  return view;
}

}  // namespace coals::bindings
