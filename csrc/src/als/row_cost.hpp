// What a row costs by each method, in microseconds of one core of the machine that the constants were fitted on
// (AVX-512, float32; bench/suites/row_costs.py measures them). What matters is where the curves cross, which other
// instruction sets and float64 shift little.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "coals/solver.hpp"

namespace coals {

struct RowCost {
  double size;  // K, and one more with a bias

  double primal(double n) const {
    const double gram = n * (1.05e-5 * size * size + 3e-4 * size);
    return gram + 3.2e-6 * size * size * size + 2.6e-4 * size * size;
  }
  double dual(double n) const {
    const double dots = 1.15e-5 * n * n * size + 2.4e-4 * n * size;
    return dots + (n <= 64 ? 1.2e-5 * n * n * n : 10 + 5e-6 * n * n * n) + 2e-4 * size;
  }
  double cg(double n, double steps) const { return 0.3 + 0.009 * size + n * size * (0.9e-4 * (steps + 1) + 0.5e-4); }
  double block(double n, double block_size) const {
    const double width = std::min(block_size, size), blocks = size / width;
    const double solve = 3.2e-6 * width * width * width + 4e-4 * width * width;
    return blocks * (n * (0.95e-5 * width * width + 4e-4 * width) + solve);
  }

  double by(const SolverOptions& options, double n) const {
    switch (options.solver) {
      case Solver::cg: return cg(n, static_cast<double>(options.cg_steps));
      case Solver::block: return block(n, static_cast<double>(options.block_size));
      default: return primal(n);
    }
  }
};

// Rows up to this many entries are solved by the dual method, whatever the solver: there it is exact and costs less.
inline std::int64_t dual_limit(std::int64_t size, bool diagonal_base, const SolverOptions& options) {
  if (!diagonal_base || options.nonnegative || options.method == ExactMethod::primal) return 0;
  if (options.method == ExactMethod::dual) return std::numeric_limits<std::int64_t>::max();
  const RowCost cost{static_cast<double>(size)};
  const auto pays = [&](std::int64_t n) {
    return cost.dual(static_cast<double>(n)) <= cost.by(options, static_cast<double>(n));
  };
  std::int64_t n = 0;
  while (n < size && pays(n + 1)) ++n;
  return n;
}

// What a row of n entries costs by the method it will take.
class CostOfRows {
 public:
  CostOfRows(std::int64_t size, bool diagonal_base, const SolverOptions& options)
      : cost_{static_cast<double>(size)}, options_(options), dual_limit_(dual_limit(size, diagonal_base, options)) {}

  double operator()(std::int64_t n) const {
    if (n == 0) return 1e-4 * cost_.size;
    const auto entries = static_cast<double>(n);
    return n <= dual_limit_ ? cost_.dual(entries) : cost_.by(options_, entries);
  }

 private:
  RowCost cost_;
  SolverOptions options_;
  std::int64_t dual_limit_;
};

}  // namespace coals
