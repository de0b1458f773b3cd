// Refuses values that arithmetic would make NaN or infinite.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "coals/views.hpp"

namespace coals {

// Throws std::invalid_argument that names row and column of a value that is NaN or beyond `largest`, by default one
// whose square T cannot hold, or that is in a column which is not there.
template <class T>
void check_values(const CsrView<T>& matrix, const char* name,
                  double largest = std::sqrt(std::numeric_limits<T>::max())) {
  const auto refuse_row = [name](std::int64_t i, const std::string& what) {
    throw std::invalid_argument(std::string(name) + ": row " + std::to_string(i) + what);
  };
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    if (matrix.row_begin[i + 1] < matrix.row_begin[i]) refuse_row(i, ": row_begin must not fall");
  }
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    for (std::int64_t e = matrix.row_begin[i]; e < matrix.row_begin[i + 1]; ++e) {
      const std::int64_t column = matrix.column[e];
      if (column < 0 || column >= matrix.columns) {
        refuse_row(i, ": column " + std::to_string(column) + " is outside 0 .. " + std::to_string(matrix.columns - 1));
      }
      if (std::abs(matrix.value[e]) <= largest) continue;
      refuse_row(i,
                 ", column " + std::to_string(column) + " is NaN, infinite or too large: bring the values nearer to 1");
    }
  }
}

// The same for rows of factors.
template <class T>
void check_values(const MatrixView<T>& rows, const char* name) {
  const double largest = std::sqrt(std::numeric_limits<T>::max());
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    const T* row = rows.row(i);
    bool sound = true;
    for (std::int64_t k = 0; k < rows.columns; ++k) sound &= std::abs(row[k]) <= largest;
    if (sound) continue;
    throw std::invalid_argument(std::string(name) + ": row " + std::to_string(i) +
                                " holds a number that is NaN, infinite or too large to start from");
  }
}

// Sums over users of products of two values stay within double, and so do their moments, which sums are multiplied by
// the number of users for.
inline void check_sums(const CsrView<double>& matrix) {
  const double users = std::max<double>(1, static_cast<double>(matrix.rows));
  check_values(matrix, "matrix", std::sqrt(std::numeric_limits<double>::max()) / users);
}

// What a fit starts from: `items` of zeros would stay zeros, and what is both sides' is neither's.
template <class T>
void check_start(const MatrixView<T>& users, const MatrixView<T>& items, bool accept_zeros) {
  check_values(users, "users");
  check_values(items, "items");
  if (users.data == items.data && users.rows > 0) throw std::invalid_argument("users and items are the same memory");
  if (accept_zeros) return;
  for (std::int64_t i = 0; i < items.rows; ++i) {
    for (std::int64_t k = 0; k < items.columns; ++k) {
      if (items.row(i)[k] != T(0)) return;
    }
  }
  throw std::invalid_argument("items: all are zeros, and would stay so: fill both sides by random_start");
}

}  // namespace coals
