// How the rows of a half-sweep are solved.
//
// For a row with n entries and K unknowns, multiply-adds and what one thread holds:
//   cholesky  exact. Primal n K^2 / 2 + K^3 / 6 in a K x K matrix, or dual n^2 K / 2 + n^3 / 6 in an n x n matrix,
//             whichever costs less by row_cost.hpp; (K + 256) K elements.
//   cg        2 n K for each step of conjugate gradients and for the start; 256 K elements.
//   block     exact for `block_size` coordinates at a time, once each: n K block_size / 2 + K block_size^2 / 6.
// Concepts: Golub and Van Loan, Matrix Computations, 4th ed.; Rendle et al. 2021 (iALS++, block coordinate descent).
#pragma once

#include <cstdint>

#include "coals/views.hpp"

namespace coals {

enum class Solver { cholesky, cg, block };

// What becomes of a row whose system is singular to working precision.
enum class Singular {
  error,         // SingularSystem
  minimum_norm,  // the shortest of its least-squares solutions
  jitter,        // more is added to the diagonal, from 1e-6 of its mean on in steps of 10, until a solution is found
};

// Which exact method; `automatic` takes the cheaper one. The others are for tests and measurements.
enum class ExactMethod { automatic, primal, dual };

struct SolverOptions {
  Solver solver = Solver::cholesky;
  std::int64_t cg_steps = 3;
  std::int64_t block_size = 64;
  // Factors (not biases) >= 0, by coordinate descent on the primal system; the solver must be cholesky.
  bool nonnegative = false;
  Singular singular = Singular::error;
  ExactMethod method = ExactMethod::automatic;
};

// Core-seconds that a half-sweep over `data` takes with systems of `size` unknowns, by a model fitted on one machine:
// to compare solvers by, not to set clocks by.
double half_sweep_cost(const CsrView<void>& data, std::int64_t size, const SolverOptions& options);

}  // namespace coals
