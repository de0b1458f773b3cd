// One small run of each part of the core.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "coals/csr.hpp"

struct Case {
  const char* name;
  std::function<std::uint64_t(const coals::RunControl&)> run;  // gives a digest of the answer, never 0
};

// Values that are hashed byte by byte, in the order they come.
class Digest {
 public:
  template <class T>
  Digest& add(const T* data, std::int64_t count) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(data);
    for (std::int64_t k = 0; k < count * static_cast<std::int64_t>(sizeof(T)); ++k) {
      hash_ = (hash_ ^ bytes[k]) * 1099511628211u;
    }
    return *this;
  }
  template <class T>
  Digest& add(const std::vector<T>& values) {
    return add(values.data(), static_cast<std::int64_t>(values.size()));
  }
  template <class T>
  Digest& add(const coals::CsrMatrix<T>& matrix) {
    add(matrix.row_begin.data(), matrix.rows + 1);
    add(matrix.column.data(), matrix.row_begin[matrix.rows]);
    return add(matrix.value.data(), matrix.row_begin[matrix.rows]);
  }
  std::uint64_t value() const { return hash_ | 1; }

 private:
  std::uint64_t hash_ = 14695981039346656037u;
};

constexpr std::int64_t case_users = 60, case_items = 40, case_factors = 9;

// The same numbers for the same size and seed, from -0.5 to 0.5.
std::vector<float> some_numbers(std::int64_t count, std::uint32_t seed);

// Ratings 1 to 5 of about a third of the cells.
const coals::CsrMatrix<float>& some_ratings();
const coals::CsrMatrix<double>& some_real_ratings();

std::vector<Case> factor_cases();
std::vector<Case> pair_cases();
std::vector<Case> linear_cases();
std::vector<Case> list_cases();
std::vector<Case> allocation_cases();
