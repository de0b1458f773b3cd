// The row solve that every exact ALS shares: gather, weighted Gram update, Cholesky.
//
// For row i with entries j the system is  (base + sum_j w_j y_j y_j^T + ridge I) x = sum_j d_j y_j,  where y_j is row j
// of the fixed side, followed by a 1 if the row's bias is solved too. A rule gives w_j and d_j from the stored values.
// Rows of the fixed side are gathered into a packed panel, so the Gram update reads contiguous memory whatever the
// entries are; a panel is summed in registers before it is added to the matrix, which also keeps long sums accurate.
#pragma once

#include <cmath>
#include <limits>

#include "coals/als.hpp"
#include "coals/buffer.hpp"
#include "dispatch.hpp"
#include "padding.hpp"
#include "parallel.hpp"

namespace coals {

inline double ridge_of(const Penalty& penalty, std::int64_t entries) {
  return penalty.regularization * std::pow(static_cast<double>(entries) + penalty.offset, penalty.exponent);
}

template <class T>
class RowSolver {
 public:
  // Rows of the fixed side gathered at a time: with its weighted copy a panel of 64 columns fills 64 KB.
  static constexpr std::int64_t panel_rows = 128;

  RowSolver(const Kernels<T>& kernels, std::int64_t size, bool append_one)
      : kernels_(kernels),
        size_(size),
        stride_(padded(size, kernels.pad)),
        append_one_(append_one),
        panel_(panel_rows * stride_),
        weighted_(panel_rows * stride_),
        matrix_(stride_ * stride_),
        inverse_diagonal_(stride_),
        rhs_(stride_),
        solution_(stride_) {}

  void begin(const Buffer<T>& base) {
    std::copy(base.data(), base.data() + base.size(), matrix_.data());
    std::fill(rhs_.begin(), rhs_.end(), T(0));
  }

  // Adds up to panel_rows entries. `weight` may be null for ones.
  void add(MatrixView<const T> fixed, const std::int32_t* column, std::int64_t count, const T* weight,
           const T* target) {
    kernels_.gather(fixed.data, fixed.stride, column, count, fixed.columns, append_one_, panel_.data(), stride_);
    kernels_.add_rows(panel_.data(), stride_, target, count, stride_, rhs_.data());
    const T* left = panel_.data();
    if (weight) {
      kernels_.scale_rows(panel_.data(), weight, count, stride_, weighted_.data());
      left = weighted_.data();
    }
    kernels_.gram_update(left, panel_.data(), stride_, count, stride_, matrix_.data(), stride_);
  }

  // The solution, `size` elements. Without a ridge a pivot must stand clear of rounding, which elimination has
  // amplified; with one, the matrix is positive definite by construction and only a pivot that is not positive is
  // refused.
  const T* solve(std::int64_t row, T ridge) {
    for (std::int64_t i = 0; i < size_; ++i) matrix_[i * stride_ + i] += ridge;
    const T tolerance = ridge > T(0) ? T(0) : 8 * std::numeric_limits<T>::epsilon() * static_cast<T>(size_);
    const std::int64_t failed =
        kernels_.cholesky_factor(matrix_.data(), stride_, stride_, tolerance, inverse_diagonal_.data());
    if (failed >= 0) throw SingularSystem(row, failed, size_);
    kernels_.cholesky_solve(matrix_.data(), stride_, stride_, inverse_diagonal_.data(), rhs_.data(), solution_.data());
    return solution_.data();
  }

 private:
  const Kernels<T>& kernels_;
  std::int64_t size_, stride_;
  bool append_one_;
  Buffer<T> panel_, weighted_, matrix_, inverse_diagonal_, rhs_, solution_;
};

template <class T>
struct RowSystems {
  CsrView<T> data;
  MatrixView<const T> fixed;
  MatrixView<const T> gram;  // empty, or what `gram_scale` times every matrix starts from
  double gram_scale = 0;
  Penalty penalty;
  MatrixView<T> factors;
  T* bias = nullptr;  // solved along with the factors if not null
  bool weighted = false;
};

// rule(row, column, value, count, weight, target) fills the weights and targets of `count` entries of a row.
template <class T, class Rule>
void solve_rows(const RowSystems<T>& systems, const RunControl& control, Rule rule) {
  const CsrView<T>& data = systems.data;
  const std::int64_t factors = systems.fixed.columns;
  const std::int64_t size = factors + (systems.bias ? 1 : 0);
  const Kernels<T>& kernels = active_kernels<T>();
  const Buffer<T> base = padded_base<T>(size, kernels.pad, systems.gram, static_cast<T>(systems.gram_scale));

  struct State {
    RowSolver<T> solver;
    Buffer<T> weight, target;
  };
  const auto make_state = [&] {
    constexpr std::int64_t most = RowSolver<T>::panel_rows;
    return State{RowSolver<T>(kernels, size, systems.bias != nullptr), Buffer<T>(most), Buffer<T>(most)};
  };
  const auto solve_row = [&](State& state, std::int64_t i) {
    const double ridge = ridge_of(systems.penalty, data.row_size(i));
    // Fewer equations than unknowns: no need to trust rounding to find out.
    if (ridge == 0 && systems.gram.rows == 0 && data.row_size(i) < size) {
      throw SingularSystem(i, data.row_size(i), size);
    }
    state.solver.begin(base);
    for (std::int64_t e = data.row_begin[i]; e < data.row_begin[i + 1]; e += RowSolver<T>::panel_rows) {
      const std::int64_t count = std::min(RowSolver<T>::panel_rows, data.row_begin[i + 1] - e);
      rule(i, data.column + e, data.value + e, count, state.weight.data(), state.target.data());
      state.solver.add(systems.fixed, data.column + e, count, systems.weighted ? state.weight.data() : nullptr,
                       state.target.data());
    }
    const T* x = state.solver.solve(i, static_cast<T>(ridge));
    std::copy(x, x + factors, systems.factors.row(i));
    if (systems.bias) systems.bias[i] = x[factors];
  };

  const double square = static_cast<double>(size) * static_cast<double>(size);
  const auto tasks = balanced_tasks(data.rows, 2e7, [&](std::int64_t i) {
    const auto entries = static_cast<double>(data.row_size(i));
    return entries > 0 ? square * (entries + static_cast<double>(size) / 3 + 32) : static_cast<double>(size);
  });
  parallel_for(static_cast<std::int64_t>(tasks.size()) - 1, control, make_state, [&](State& state, std::int64_t t) {
    for (std::int64_t i = tasks[t]; i < tasks[t + 1]; ++i) {
      if (data.row_size(i) > 0) {
        solve_row(state, i);
      } else {
        std::fill(systems.factors.row(i), systems.factors.row(i) + factors, T(0));
        if (systems.bias) systems.bias[i] = T(0);
      }
    }
  });
}

// Sum over entries of term(row, entry, x_row . y_column), accumulated per task and added in the order of tasks.
template <class T, class Term>
double sum_over_entries(const CsrView<T>& data, MatrixView<const T> factors, MatrixView<const T> fixed,
                        const RunControl& control, Term term) {
  const Kernels<T>& kernels = active_kernels<T>();
  const auto tasks = balanced_tasks(data.rows, 2e6, [&](std::int64_t i) {
    return static_cast<double>(data.row_size(i)) * static_cast<double>(fixed.columns + 16) + 1;
  });
  const auto count = static_cast<std::int64_t>(tasks.size()) - 1;
  std::vector<double> partial(static_cast<std::size_t>(count), 0.0);
  constexpr std::int64_t chunk = 256;
  parallel_for(count, control, [&](std::int64_t t) {
    T dot[chunk];
    double sum = 0;
    for (std::int64_t i = tasks[t]; i < tasks[t + 1]; ++i) {
      for (std::int64_t e = data.row_begin[i]; e < data.row_begin[i + 1]; e += chunk) {
        const std::int64_t n = std::min(chunk, data.row_begin[i + 1] - e);
        kernels.dot_rows(factors.row(i), fixed.data, fixed.stride, data.column + e, n, fixed.columns, dot);
        for (std::int64_t k = 0; k < n; ++k) sum += term(i, e + k, static_cast<double>(dot[k]));
      }
    }
    partial[static_cast<std::size_t>(t)] = sum;
  });
  double total = 0;
  for (const double part : partial) total += part;
  return total;
}

}  // namespace coals
