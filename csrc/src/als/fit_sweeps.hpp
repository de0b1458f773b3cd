// What whole fits of explicit and implicit ALS share: checks, the choice of a solver, penalties, the loop over sweeps.
#pragma once

#include "als/row_systems.hpp"
#include "checks/arguments.hpp"
#include "checks/values.hpp"
#include "coals/csr.hpp"
#include "coals/fit.hpp"

namespace coals {

void check_options(const FitOptions& options);

// Options of the half-sweeps, with the solver that runs.
SolverOptions sweep_options(const FitOptions& options, const CsrView<void>& by_user, const CsrView<void>& by_item,
                            std::int64_t factors);

// Options for rows that are solved once and for all.
SolverOptions exact_options(const FitOptions& options);

// Sum over rows of penalty_i |x_i|^2.
template <class T>
double total_penalty(const Penalty& penalty, const CsrView<void>& entries, MatrixView<const T> rows,
                     const RunControl& control);

template <class T>
MatrixView<const T> constant(MatrixView<T> view) {
  return {view.data, view.rows, view.columns, view.stride};
}

// Runs sweeps until iterations, the tolerance or on_sweep ends it; returns all objectives. Each sweep has a team of its
// own, so that on_sweep, which may use OpenMP itself, is not called from inside of a parallel region.
std::vector<double> run_sweeps(const FitOptions& options, const std::function<void()>& sweep,
                               const std::function<double()>& objective, const RunControl& control);

}  // namespace coals
