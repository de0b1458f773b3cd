// What the parts of the smoke test share.
#pragma once

#include <vector>

#include "coals/csr.hpp"

constexpr int users = 70, items = 50, factors = 19;

// Counts and prints a failure.
void expect(bool condition, const char* what);

// users x items; user 3 has nothing.
void check_als(const coals::CsrMatrix<float>& ratings, const std::vector<float>& fixed);

void check_c_api();

void check_linear(const coals::CsrMatrix<float>& ratings);

inline coals::MatrixView<const float> fixed_view(const std::vector<float>& data, int rows) {
  return {data.data(), rows, factors, factors};
}
