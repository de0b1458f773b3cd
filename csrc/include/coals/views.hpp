// Views over the caller's memory. They own nothing. Functions check that views fit together, have no null pointers and
// no stride below their width; that they are as long as they say must be true, and what is inside a sparse matrix
// `validate_csr` checks, once.
#pragma once

#include <cstdint>
#include <type_traits>

namespace coals {

// Of a users x items matrix.
enum class Side { users, items };

// Row-major, `stride` elements from one row to the next.
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;

  T* row(std::int64_t i) const { return data + i * stride; }

  // What may be written may be read.
  template <class U, class = std::enable_if_t<std::is_same_v<U, const T> && !std::is_const_v<T>>>
  operator MatrixView<U>() const {
    return {data, rows, columns, stride};
  }
};

// A type that a template is not told by: the others tell it, so that what can become it, or null, may be given.
template <class T>
struct Given {
  using Type = T;
};
template <class T>
using As = typename Given<T>::Type;

// Compressed sparse rows. Row i holds entries row_begin[i] .. row_begin[i + 1]; columns ascend within a row.
template <class T>
struct CsrView {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  const std::int64_t* row_begin = nullptr;  // rows + 1
  const std::int32_t* column = nullptr;     // row_begin[rows]
  const T* value = nullptr;                 // row_begin[rows]; none in a CsrView<void>, which is structure alone

  std::int64_t entries() const { return row_begin[rows]; }
  std::int64_t row_size(std::int64_t i) const { return row_begin[i + 1] - row_begin[i]; }
  CsrView<void> structure() const { return {rows, columns, row_begin, column, nullptr}; }
};

}  // namespace coals
