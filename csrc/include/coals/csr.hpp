// An owned sparse matrix, the checks when it is made, and its transpose.
#pragma once

#include "coals/buffer.hpp"
#include "coals/run_control.hpp"
#include "coals/views.hpp"

namespace coals {

template <class T>
struct CsrMatrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  Buffer<std::int64_t> row_begin;
  Buffer<std::int32_t> column;
  Buffer<T> value;

  CsrView<T> view() const { return {rows, columns, row_begin.data(), column.data(), value.data()}; }
};

// Throws std::invalid_argument naming row and position unless row_begin starts at 0, never falls and ends at `stored`,
// and the columns of each row are in range and strictly ascending; nor may there be rows or columns that 32 bits cannot
// number. What passes is safe to index with everywhere.
// Reads no value. Cost: one pass.
void validate_csr(const CsrView<void>& matrix, std::int64_t stored, const RunControl& control);

// Rows become columns; they ascend in each row of the result. Cost: two passes over the entries.
template <class T>
CsrMatrix<T> transpose(const CsrView<T>& matrix, const RunControl& control);

// The values alone in the order that transpose gives them, for more values on the same entries.
template <class T>
Buffer<T> transpose_values(const CsrView<T>& matrix, const RunControl& control);

}  // namespace coals
