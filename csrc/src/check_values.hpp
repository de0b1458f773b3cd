// Refuses values that arithmetic would make NaN or infinite.
#pragma once

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "coals/views.hpp"

namespace coals {

// Throws std::invalid_argument that names row and column of a value that is NaN or beyond `largest`: by default one
// whose square T cannot hold.
template <class T>
void check_values(const CsrView<T>& matrix, const char* name,
                  double largest = std::sqrt(std::numeric_limits<T>::max())) {
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    for (std::int64_t e = matrix.row_begin[i]; e < matrix.row_begin[i + 1]; ++e) {
      if (std::abs(matrix.value[e]) <= largest) continue;
      throw std::invalid_argument(std::string(name) + ": row " + std::to_string(i) + ", column " +
                                  std::to_string(matrix.column[e]) +
                                  " is NaN, infinite or too large: bring the values nearer to 1");
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

}  // namespace coals
