#include "coals/csr.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "checks/arguments.hpp"
#include "threading/poller.hpp"

namespace coals {

namespace {

constexpr std::int64_t rows_between_polls = 1024;

[[noreturn]] void refuse_row(std::int64_t row, const std::string& what) {
  throw std::invalid_argument("row " + std::to_string(row) + ": " + what);
}

void validate_row(const CsrView<void>& matrix, std::int64_t i) {
  std::int64_t previous = -1;
  for (std::int64_t e = matrix.row_begin[i]; e < matrix.row_begin[i + 1]; ++e) {
    const std::int64_t column = matrix.column[e];
    if (column < 0 || column >= matrix.columns) {
      refuse_row(i,
                 "column index " + std::to_string(column) + " is outside 0 .. " + std::to_string(matrix.columns - 1));
    }
    if (column <= previous) {
      refuse_row(i, "column " + std::to_string(column) +
                        (column == previous ? " is stored twice" : " is out of order") +
                        "; sort and merge the entries of each row first");
    }
    previous = column;
  }
}

// Where each column's entries begin once columns are rows.
Buffer<std::int64_t> column_begins(const CsrView<void>& matrix, const ResultMemory& memory) {
  Buffer<std::int64_t> begin(matrix.columns + 1, memory);
  std::fill(begin.begin(), begin.end(), std::int64_t{0});
  for (std::int64_t e = 0; e < matrix.entries(); ++e) ++begin[matrix.column[e] + 1];
  for (std::int64_t j = 0; j < matrix.columns; ++j) begin[j + 1] += begin[j];
  return begin;
}

// visit(row, entry, place) for every entry and its place in the transpose.
template <class Visit>
void visit_transposed(const CsrView<void>& matrix, const Buffer<std::int64_t>& begin, const RunControl& control,
                      Visit visit) {
  Buffer<std::int64_t> next(matrix.columns);
  std::copy(begin.data(), begin.data() + matrix.columns, next.data());
  Poller poll(control);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    if (i % rows_between_polls == 0) poll();
    for (std::int64_t e = matrix.row_begin[i]; e < matrix.row_begin[i + 1]; ++e) visit(i, e, next[matrix.column[e]]++);
  }
}

}  // namespace

void validate_csr(const CsrView<void>& matrix, std::int64_t stored, const RunControl& control) {
  if (matrix.rows < 0 || matrix.rows > most_rows || matrix.columns < 0 || matrix.columns > most_rows) {
    throw std::invalid_argument("a matrix has at most 2147483647 rows and columns, and not fewer than 0");
  }
  check_pointer(matrix.row_begin, 1, "row_begin");
  check_pointer(matrix.column, stored, "column");
  if (matrix.row_begin[0] != 0) refuse_row(0, "row pointers must start at 0");
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    if (matrix.row_begin[i + 1] < matrix.row_begin[i]) refuse_row(i, "row pointers must not fall");
  }
  if (matrix.row_begin[matrix.rows] != stored) {
    throw std::invalid_argument("row pointers end at " + std::to_string(matrix.row_begin[matrix.rows]) + ", but " +
                                std::to_string(stored) + " entries are stored");
  }
  Poller poll(control);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    validate_row(matrix, i);
    if (i % rows_between_polls == 0) poll();
  }
}

template <class T>
CsrMatrix<T> transpose(const CsrView<T>& matrix, const RunControl& control) {
  check_whole(matrix, "matrix");
  CsrMatrix<T> out;
  out.rows = matrix.columns;
  out.columns = matrix.rows;
  out.row_begin = column_begins(matrix.structure(), control.memory);
  out.column = Buffer<std::int32_t>(matrix.entries(), control.memory);
  if (matrix.value) out.value = Buffer<T>(matrix.entries(), control.memory);
  visit_transposed(matrix.structure(), out.row_begin, control, [&](std::int64_t i, std::int64_t e, std::int64_t place) {
    out.column[place] = static_cast<std::int32_t>(i);
    if (matrix.value) out.value[place] = matrix.value[e];
  });
  return out;
}

template <class T>
Buffer<T> transpose_values(const CsrView<T>& matrix, const RunControl& control) {
  check_whole(matrix, "matrix");
  check_valued(matrix, "matrix");
  Buffer<T> out(matrix.entries(), control.memory);
  visit_transposed(matrix.structure(), column_begins(matrix.structure(), control.memory), control,
                   [&](std::int64_t, std::int64_t e, std::int64_t place) { out[place] = matrix.value[e]; });
  return out;
}

template CsrMatrix<float> transpose<float>(const CsrView<float>&, const RunControl&);
template CsrMatrix<double> transpose<double>(const CsrView<double>&, const RunControl&);
template CsrMatrix<std::int32_t> transpose<std::int32_t>(const CsrView<std::int32_t>&, const RunControl&);
template Buffer<float> transpose_values<float>(const CsrView<float>&, const RunControl&);
template Buffer<double> transpose_values<double>(const CsrView<double>&, const RunControl&);

}  // namespace coals
