// The loop over rows that every half-sweep shares: cuts them into tasks and gives each row to a solver.
#pragma once

#include <memory>
#include <stdexcept>

#include "als/block.hpp"
#include "als/cg.hpp"
#include "als/dual.hpp"
#include "als/primal.hpp"
#include "als/row_cost.hpp"
#include "checks/arguments.hpp"

namespace coals {

// One worker's solvers, made when first needed.
template <class T>
class RowWorker {
 public:
  explicit RowWorker(const RowSystems<T>& systems)
      : systems_(systems),
        dual_limit_(dual_limit(systems.size(), systems.has_diagonal_base(), systems.options)),
        negligible_ridge_(systems.negligible_ridge()) {}

  // Rows first .. last. Of those that cannot be solved, the lowest is reported.
  void solve(std::int64_t first, std::int64_t last, const CancellationCheck& check_cancelled) {
    dual_rows_.clear();
    batch_rows_.clear();
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t n = systems_.data().row_size(i);
      if (n == 0) {
        clear(i);
      } else if (ridge_of(systems_.penalty, n) <= negligible_ridge_) {
        guarded(i, [&] { solve_primal(i, check_cancelled); });
      } else if (n <= dual_limit_) {
        dual_rows_.push_back(i);
      } else if (goes_in_batches()) {
        batch_rows_.push_back(i);
      } else {
        guarded(i, [&] { solve_directly(i, check_cancelled); });
      }
    }
    solve_dual(check_cancelled);
    solve_batches(check_cancelled);
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void clear(std::int64_t i) {
    std::fill(systems_.factors.row(i), systems_.factors.row(i) + systems_.fixed.columns, T(0));
    if (systems_.bias) systems_.bias[i] = T(0);
  }

  template <class Solve>
  void guarded(std::int64_t i, Solve solve) {
    if (failure_ && i >= failed_row_) return;
    try {
      solve();
    } catch (const SingularSystem&) {
      failure_ = std::current_exception();
      failed_row_ = i;
    }
  }

  void solve_directly(std::int64_t i, const CancellationCheck& check_cancelled) {
    if (systems_.options.solver == Solver::cg) return made(cg_).solve(i, check_cancelled);
    solve_primal(i, check_cancelled);
  }

  void solve_primal(std::int64_t i, const CancellationCheck& check_cancelled) {
    const std::int64_t n = systems_.data().row_size(i), size = systems_.size();
    // Fewer equations than unknowns: no need to trust rounding to find out.
    if (n < size && systems_.gram.rows == 0 && ridge_of(systems_.penalty, n) == 0 &&
        systems_.options.singular == Singular::error && !systems_.options.nonnegative) {
      throw SingularSystem(i, n, size);
    }
    made(primal_).solve(i, check_cancelled);
  }

  // In order of length, so that rows of one batch are alike.
  void solve_dual(const CancellationCheck& check_cancelled) {
    if (dual_rows_.empty()) return;
    const CsrView<T>& data = systems_.data();
    std::stable_sort(dual_rows_.begin(), dual_rows_.end(),
                     [&](std::int64_t a, std::int64_t b) { return data.row_size(a) < data.row_size(b); });
    DualSolver<T>& solver = made(dual_);
    const auto rows = static_cast<std::int64_t>(dual_rows_.size());
    for (std::int64_t r = 0, next; r < rows; r = next) {
      const std::int64_t n = DualSolver<T>::padded_entries(data.row_size(dual_rows_[r]));
      const std::int64_t end = std::min(rows, r + solver.batch_rows(n));
      for (next = r + 1; next < end && DualSolver<T>::padded_entries(data.row_size(dual_rows_[next])) == n;) ++next;
      const std::int64_t upcoming = next < rows ? dual_rows_[next] : -1;
      solve_alone(solver.solve(&dual_rows_[r], next - r, upcoming), &dual_rows_[r], check_cancelled);
      check_cancelled();
    }
  }

  bool goes_in_batches() {
    if (systems_.options.solver == Solver::block) return true;
    return systems_.options.solver == Solver::cholesky && made(primal_).batch_rows() > 1;
  }

  void solve_batches(const CancellationCheck& check_cancelled) {
    const bool blocks = systems_.options.solver == Solver::block;
    const auto rows = static_cast<std::int64_t>(batch_rows_.size());
    for (std::int64_t r = 0, count; r < rows; r += count) {
      count = blocks ? rows_of_a_block_batch(r) : std::min(rows - r, primal_->batch_rows());
      const std::uint32_t unsolved = blocks ? block_->solve(&batch_rows_[r], count, check_cancelled)
                                            : primal_->solve_batch(&batch_rows_[r], count, check_cancelled);
      solve_alone(unsolved, &batch_rows_[r], check_cancelled);
    }
  }

  std::int64_t rows_of_a_block_batch(std::int64_t r) {
    const auto most = std::min(static_cast<std::int64_t>(batch_rows_.size()) - r, made(block_).batch_rows());
    std::int64_t count = 0, entries = 0;
    while (count < most && (count == 0 || entries <= BlockSolver<T>::batch_entries)) {
      entries += systems_.data().row_size(batch_rows_[r + count++]);
    }
    return count;
  }

  // Those of a batch that were left over: the primal solver finds a way, or says what is wrong.
  void solve_alone(std::uint32_t unsolved, const std::int64_t* rows, const CancellationCheck& check_cancelled) {
    for (; unsolved; unsolved >>= 1, ++rows) {
      if (unsolved & 1u) guarded(*rows, [&] { solve_primal(*rows, check_cancelled); });
    }
  }

  template <class Solver>
  Solver& made(std::unique_ptr<Solver>& solver) {
    if (!solver) solver = std::make_unique<Solver>(systems_);
    return *solver;
  }

  const RowSystems<T>& systems_;
  std::int64_t dual_limit_;
  double negligible_ridge_;
  std::vector<std::int64_t> dual_rows_, batch_rows_;
  std::unique_ptr<PrimalSolver<T>> primal_;
  std::unique_ptr<DualSolver<T>> dual_;
  std::unique_ptr<CgSolver<T>> cg_;
  std::unique_ptr<BlockSolver<T>> block_;
  std::exception_ptr failure_;
  std::int64_t failed_row_ = 0;
};

// Throws std::invalid_argument where parts do not fit together, or the solver needs what the problem does not have.
template <class T>
void check_solvable(const RowSystems<T>& systems) {
  const std::int64_t rows = systems.data().rows, size = systems.fixed.columns;
  check_valued(systems.data(), systems.rule.implicit ? "strengths" : "ratings");
  check_factors(systems.fixed, systems.data().columns, size, "fixed");
  check_factors(systems.factors, rows, size, "factors");
  if (systems.prior.data) check_matrix(systems.prior, rows, size, "prior");
  if (systems.gram.data || systems.gram.rows > 0) {
    check_matrix(systems.gram, systems.gram.rows == 1 ? 1 : size, size, "gram");
  }
  if (systems.rule.implicit && systems.gram_scale > 0 && rows > 0 && !systems.gram.data) {
    refuse("gram", "must be K x K, or K numbers, where cells that are not observed weigh anything");
  }
  check_penalty(systems.penalty);
  check_solver(systems.options);
  if (systems.options.solver != Solver::cholesky && systems.options.nonnegative) {
    throw std::invalid_argument("nonnegative needs the cholesky solver");
  }
  if (systems.options.solver != Solver::cholesky && !systems.has_diagonal_base()) {
    throw std::invalid_argument("the cg and block solvers need a diagonal Gram matrix: rotate the factors first");
  }
}

template <class T>
void solve_rows(const RowSystems<T>& systems, const RunControl& control) {
  check_solvable(systems);
  const CsrView<T>& data = systems.data();
  const CostOfRows cost(systems.size(), systems.has_diagonal_base(), systems.options);
  // Tasks of a millisecond or so: long enough to fill batches, short enough to stop and to share out at the end.
  const auto tasks = balanced_tasks(data.rows, 1000, [&](std::int64_t i) { return cost(data.row_size(i)); });
  parallel_for(
      static_cast<std::int64_t>(tasks.size()) - 1, control, [&] { return RowWorker<T>(systems); },
      [&](RowWorker<T>& worker, std::int64_t t, const CancellationCheck& check_cancelled) {
        worker.solve(tasks[t], tasks[t + 1], check_cancelled);
      });
}

}  // namespace coals
