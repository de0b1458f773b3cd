// A library with coals inside, which tests/cpp/threading/unload.cpp loads and unloads.
#include <vector>

#include "coals/als.hpp"

extern "C" __attribute__((visibility("default"))) double first_of_gram() {
  constexpr std::int64_t rows = 100000, columns = 64;
  const std::vector<double> matrix(rows * columns, 0.5);
  std::vector<double> out(columns * columns);
  coals::RunControl control;
  control.num_threads = 2;
  coals::gram<double>({matrix.data(), rows, columns, columns}, {out.data(), columns, columns, columns}, control);
  return out[0];
}
