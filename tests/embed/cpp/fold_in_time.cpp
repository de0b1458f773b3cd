// Median microseconds to fold in 100 rows, as scripts/overhead.py asks: fold_in_time FOLDER ROUNDS
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "../files.hpp"
#include "coals/fit.hpp"

int main(int, char** arguments) {
  const std::string folder = std::string(arguments[1]) + "/";
  const int rounds = std::atoi(arguments[2]);
  constexpr std::int64_t factors = 32, rows = 100;
  const auto row_begin = read_array<std::int64_t>(folder + "row_begin"),
             size = read_array<std::int64_t>(folder + "size");
  const auto column = read_array<std::int32_t>(folder + "column");
  const auto value = read_array<float>(folder + "value"), items = read_array<float>(folder + "py_implicit_items");
  const coals::MatrixView<const float> fixed{items.data(), size[1], factors, factors};
  std::vector<double> gram(factors * factors);
  coals::gram<float>(fixed, {gram.data(), factors, factors, factors}, {});
  std::vector<float> out(rows * factors);
  const coals::CsrView<float> data{rows, size[1], row_begin.data(), column.data(), value.data()};
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    coals::RunControl one_thread;
    one_thread.num_threads = 1;
    coals::fold_in_implicit<float>(data, coals::Side::users, fixed, {gram.data(), factors, factors, factors}, {},
                                   {out.data(), rows, factors, factors}, one_thread);
    times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  std::cout << times[times.size() / 2] << '\n';
}
