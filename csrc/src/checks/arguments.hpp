// Checks of what callers hand to the core: each throws std::invalid_argument that names the argument. They look at
// shapes, pointers, options and lists of indices; what is inside a sparse matrix is validate_csr's to check, once.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "coals/als.hpp"
#include "coals/topk.hpp"
#include "coals/views.hpp"
#include "runtime/require.hpp"

namespace coals {

// Rows and columns have numbers of 32 bits.
constexpr std::int64_t most_rows = std::numeric_limits<std::int32_t>::max();

// K; its square must leave room in 64 bits.
constexpr std::int64_t most_factors = std::int64_t{1} << 20;

// The largest number that options may have: single precision overflows beyond it for certain.
constexpr double largest_option = 1e18;

// For options that are names.
template <class Name>
void check_name(Name value, Name last, const char* name) {
  if (value < Name{} || value > last) refuse(name, "there is no such choice");
}

template <class Name, std::size_t n>
void check_name(Name value, const Name (&all)[n], const char* name) {
  check_name(value, all[n - 1], name);
}

inline void check_count(std::int64_t count, const char* name) {
  if (count < 0) refuse(name, "must not be negative");
}

template <class T>
void check_pointer(const T* data, std::int64_t count, const char* name) {
  if (!data && count > 0) refuse(name, "must not be null");
}

inline void check_shape(std::int64_t rows, std::int64_t columns, std::int64_t right_rows, std::int64_t right_columns,
                        const char* name) {
  if (right_rows > most_rows || right_columns > most_rows) refuse(name, "must not be longer or wider than 2147483647");
  if (rows == right_rows && columns == right_columns && rows >= 0 && columns >= 0) return;
  refuse(name, "must be " + std::to_string(right_rows) + " x " + std::to_string(right_columns) + ", and is " +
                   std::to_string(rows) + " x " + std::to_string(columns));
}

template <class T>
void check_matrix(const MatrixView<T>& matrix, std::int64_t rows, std::int64_t columns, const char* name) {
  check_shape(matrix.rows, matrix.columns, rows, columns, name);
  if (matrix.stride < columns && rows > 1) refuse(name, "the stride must not be less than the number of columns");
  check_pointer(matrix.data, rows > 0 && columns > 0 ? 1 : 0, name);
}

// Rows of factors, of which there is at least one.
template <class T>
void check_factors(const MatrixView<T>& factors, std::int64_t rows, std::int64_t columns, const char* name) {
  check_matrix(factors, rows, columns, name);
  if (columns < 1 || columns > most_factors) refuse(name, "must have from 1 to 1048576 columns");
}

// The frame of a sparse matrix, which may be some rows of a larger one.
template <class T>
void check_sparse(const CsrView<T>& matrix, const char* name) {
  if (matrix.rows < 0 || matrix.rows > most_rows || matrix.columns < 0 || matrix.columns > most_rows) {
    refuse(name, "must have from 0 to 2147483647 rows and columns");
  }
  check_pointer(matrix.row_begin, 1, name);
  if (matrix.row_begin[0] < 0 || matrix.entries() < matrix.row_begin[0]) refuse(name, "row_begin must never fall");
  check_pointer(matrix.column, matrix.entries(), name);
}

// Not of some rows.
template <class T>
void check_whole(const CsrView<T>& matrix, const char* name) {
  check_sparse(matrix, name);
  if (matrix.row_begin[0] != 0) refuse(name, "row_begin must start at 0");
}

template <class T>
void check_sparse(const CsrView<T>& matrix, std::int64_t rows, std::int64_t columns, const char* name) {
  check_shape(matrix.rows, matrix.columns, rows, columns, name);
  check_sparse(matrix, name);
}

// A sparse matrix that must have values.
template <class T>
void check_valued(const CsrView<T>& matrix, const char* name) {
  check_sparse(matrix, name);
  if (!matrix.value && matrix.entries() > 0) refuse(name, "has no values");
}

template <class T, class S>
void check_transposes(const CsrView<T>& matrix, const CsrView<S>& transposed, const char* name) {
  check_sparse(transposed, matrix.columns, matrix.rows, name);
  if (matrix.row_begin[0] != 0 || transposed.row_begin[0] != 0) refuse(name, "row_begin must start at 0");
  if (matrix.entries() != transposed.entries()) refuse(name, "must have the entries of what it is the transpose of");
  if (!matrix.value != !transposed.value && matrix.entries() > 0) refuse(name, "must have values where the other has");
}

// Indices from 0 to limit - 1.
inline void check_indices(const std::int64_t* index, std::int64_t count, std::int64_t limit, const char* name) {
  check_count(count, name);
  check_pointer(index, count, name);
  for (std::int64_t k = 0; k < count; ++k) {
    if (index[k] < 0 || index[k] >= limit) {
      refuse(name, "number " + std::to_string(k) + " is " + std::to_string(index[k]) + ", which is out of range");
    }
  }
}

template <class T>
void check_lists(const TopKLists<T>& lists, std::int64_t queries) {
  require(lists.n >= 1, "n must be at least 1");
  check_count(queries, "queries");
  if (queries > std::numeric_limits<std::int64_t>::max() / 16 / lists.n) refuse("n", "is too large");
  check_pointer(lists.ids, queries, "ids");
  check_pointer(lists.scores, queries, "scores");
  check_pointer(lists.counts, queries, "counts");
}

inline void check_filter(const TopKFilter& filter, std::int64_t queries, std::int64_t items) {
  if (filter.excluded.row_begin) check_sparse(filter.excluded, queries, items, "excluded");
  if (filter.allowed.row_begin) check_sparse(filter.allowed, queries, items, "allowed");
  require(filter.min_score == filter.min_score, "min_score must not be NaN");
}

inline void check_solver(const SolverOptions& options) {
  check_name(options.solver, Solver::block, "solver");
  check_name(options.singular, Singular::jitter, "singular");
  check_name(options.method, ExactMethod::dual, "method");
  require(options.cg_steps >= 1, "cg_steps must be at least 1");
  require(options.block_size >= 1 && options.block_size <= 1024, "block_size must be from 1 to 1024");
}

inline void check_penalty(const Penalty& penalty) {
  check_number(penalty.regularization, 0, largest_option, "regularization");
  check_number(penalty.exponent, 0, 10, "regularization_exponent");
  check_number(penalty.offset, 0, largest_option * largest_option, "offset");
}

}  // namespace coals
