// What whole fits of explicit and implicit ALS share: checks, the choice of a solver, which rows are solved, penalties,
// the loop over sweeps.
#pragma once

#include "als/row_systems.hpp"
#include "checks/arguments.hpp"
#include "checks/values.hpp"
#include "coals/csr.hpp"
#include "coals/fit.hpp"

namespace coals {

void check_options(const FitOptions& options);

// Options for rows that are solved once and for all.
SolverOptions exact_options(const FitOptions& options);

template <class T>
MatrixView<const T> constant(MatrixView<T> view) {
  return {view.data, view.rows, view.columns, view.stride};
}

// What a fit works on: one side's entries, weights (or null), factors, and bias (or null).
template <class T>
struct SideData {
  CsrView<T> entries;
  const T* weight = nullptr;
  MatrixView<T> factors;
  T* bias = nullptr;
};

// The rows of one side that sweeps solve: all of them, or those listed, as a problem of their own.
template <class T>
class SolvedRows {
 public:
  // `rows`: null for all.
  SolvedRows(const SideData<T>& whole, const FitPrior<T>& prior, const std::vector<std::int64_t>* rows);

  const SideData<T>& part() const { return part_; }
  MatrixView<const T> prior() const { return prior_; }
  const T* bias_prior() const { return bias_prior_; }

  void load();         // part <- whole
  void store() const;  // whole <- part
  std::int64_t row_of_whole(std::int64_t row) const { return rows_ ? (*rows_)[static_cast<std::size_t>(row)] : row; }

 private:
  void cut(const FitPrior<T>& prior);

  SideData<T> whole_, part_;
  const std::vector<std::int64_t>* rows_;
  MatrixView<const T> prior_;
  const T* bias_prior_ = nullptr;
  CsrMatrix<T> entries_;
  Buffer<T> weight_, factors_, bias_, prior_rows_, prior_bias_;
};

// A fit under way. Side 0 is users, 1 items.
template <class T>
class Fit {
 public:
  virtual ~Fit() = default;

  // Sweeps until iterations, the tolerance or on_sweep ends it. Each sweep has a team of threads of its own, so that
  // on_sweep and the updates of priors, which may use OpenMP themselves, are not called from inside of a region.
  FitReport run();

 protected:
  Fit(const FitOptions& options, const SideData<T>& users, const SideData<T>& items, const Penalty& user_penalty,
      const Penalty& item_penalty, const FitPriors<T>& priors, const RunControl& control);

  virtual void half_sweep(int side) = 0;
  virtual double loss() = 0;  // the objective without penalties
  virtual MatrixView<const double> back() { return {}; }

  // call() with part() of one side ready, whose result it takes over.
  template <class Call>
  void solve(int side, Call call) {
    rows_[side].load();
    try {
      call();
    } catch (const SingularSystem& error) {
      throw SingularSystem(rows_[side].row_of_whole(error.row), error.pivot, error.size,
                           side == 0 ? Side::users : Side::items);
    }
    rows_[side].store();
  }

  const FitOptions& options_;
  const RunControl& control_;
  bool partial_;
  SideData<T> data_[2];
  Penalty penalty_[2];
  FitPrior<T> prior_[2];
  SolvedRows<T> rows_[2];
  SolverOptions solver_;
  FitReport report_;

 private:
  void clear_empty_rows();
  double objective();
  double sweep_and_objective();

  double solve_seconds_ = 0;
};

}  // namespace coals
