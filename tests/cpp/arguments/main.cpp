#include "cases.hpp"

#include <deque>

int failures = 0;

const Sparse& sparse() {
  static const Sparse one;
  return one;
}

coals::MatrixView<double> matrix(std::int64_t rows, std::int64_t columns) {
  static std::deque<std::vector<double>> kept;
  kept.emplace_back(static_cast<std::size_t>(rows * columns));
  for (std::size_t k = 0; k < kept.back().size(); ++k) kept.back()[k] = 0.25 * static_cast<double>((7 * k) % 11) - 1;
  return {kept.back().data(), rows, columns, columns};
}

coals::MatrixView<const double> constant(coals::MatrixView<double> view) {
  return {view.data, view.rows, view.columns, view.stride};
}

int main() {
  check_als();
  check_fits();
  check_dense();
  check_steps();
  check_linear();
  check_lists();
  check_more_lists();
  check_pairs();
  check_columns();
  check_streams();
  if (failures == 0) std::printf("every argument out of place was refused by its name\n");
  return failures == 0 ? 0 : 1;
}
