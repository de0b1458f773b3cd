// Eigenvalues and eigenvectors: Householder reduction, then implicit QL with recorded rotations.
//
// matrix = Q T Q^T (tridiagonal.hpp) and T = S diag(values) S^T, so the eigenvectors are the rows of W = S^T Q^T.
// - W starts as Q^T, in slabs of columns, built a panel of reflectors at a time.
// - QL sweeps on T run in scalar code and only record their rotations. Batches of them then pass over each slab of W
//   while it is in cache, four sweeps at a time while rows are in registers. QL takes more operations than divide and
//   conquer, but has no secular equation, no case that is inaccurate and none that is slow.
//
// Tasks are slabs and bands of rows whose sizes follow from n alone; sums over them are taken in order.
//
// Cost: 5 n^3 multiply-adds at most, all but 15 n^2 of the operations in kernels (eigen.hpp). Memory: 2 n^2 doubles
// beside the arguments, and two logs of rotations, 0.5 MB
// each. Golub and Van Loan, Matrix Computations, 4th ed., 8.3; Martin
// and Wilkinson, Numer. Math. 12 (1968) 377; Van Zee, van de Geijn and Quintana-Orti, ACM TOMS 40 (2014) 18.
#include "linalg/symmetric_eigen.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "linalg/tridiagonal.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

// Up to this size, one thread: parallel regions would cost more than they save.
constexpr std::int64_t serial_size = 128;
// Kernels run over both ends of a slab by less than this many rows.
constexpr std::int64_t slab_margin = eigen_block;
// A log of rotations stays in the second-level cache with the slab it is applied to, and small matrices fill several:
// threads share nothing before the first is full.
constexpr std::int64_t most_logged = std::int64_t{1} << 16;
// Couplings below this, in a matrix of size about 1, are dropped: their squares would lose digits to underflow.
constexpr double negligible = 1e-140;

// Up to fused_sweeps sweeps over the same rows, as rotate_slab wants them.
struct RotationGroup {
  std::int64_t top, steps, begin;  // begin: place in the log
};

// As many sweeps as one pass over the slabs applies.
class RotationLog {
 public:
  static constexpr std::int64_t step = 2 * fused_sweeps;

  explicit RotationLog(std::int64_t n) : log_(std::max(std::min(n * n / 4, most_logged), step * (n + fused_sweeps))) {}

  const std::vector<RotationGroup>& groups() const { return groups_; }
  const double* at(const RotationGroup& group) const { return log_.data() + group.begin; }

  void clear() {
    groups_.clear();
    used_ = 0;
  }

  // Where a sweep over rows low .. top writes its rotations, from the last pair of rows up, one `step` apart; null when
  // the log is full. `low` must not fall from one sweep to the next.
  double* new_sweep(std::int64_t low, std::int64_t top) {
    const bool joins = !groups_.empty() && sweeps_ < fused_sweeps && groups_.back().top == top && low - low_ < step;
    if (!joins && !new_group(low, top)) return nullptr;
    return log_.data() + groups_.back().begin + (step + 2) * sweeps_++;
  }

 private:
  bool new_group(std::int64_t low, std::int64_t top) {
    const std::int64_t steps = top - low + fused_sweeps - 1;
    if (used_ + step * steps > log_.size()) return false;
    // Zeros are rotations by nothing, for what no sweep fills in.
    std::fill(log_.data() + used_, log_.data() + used_ + step * steps, 0.0);
    groups_.push_back({top, steps, used_});
    used_ += step * steps;
    low_ = low;
    sweeps_ = 0;
    return true;
  }

  Buffer<double> log_;
  std::vector<RotationGroup> groups_;
  std::int64_t used_ = 0, low_ = 0, sweeps_ = 0;
};

// Implicit QL with Wilkinson's shift on T, a log of rotations at a time. d becomes the eigenvalues, in no order.
class QlIteration {
 public:
  QlIteration(std::int64_t n, double* diagonal, double* coupling) : n_(n), d_(diagonal), e_(coupling) {}

  // Fills the log, or leaves it empty when all is done.
  void fill(RotationLog& log) {
    log.clear();
    for (; low_ < n_; ++low_) {
      for (std::int64_t top = end_of_block(); top > low_; top = end_of_block()) {
        double* out = log.new_sweep(low_, top);
        if (out == nullptr) return;
        if (++sweeps_ > 50 * n_) throw std::runtime_error("eigenvalues: the QL iteration does not converge");
        sweep(top, out);
      }
    }
  }

 private:
  // Last row of the block without negligible couplings that begins at low_.
  std::int64_t end_of_block() const {
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    std::int64_t top = low_;
    while (top + 1 < n_ && std::abs(e_[top]) > epsilon * (std::abs(d_[top]) + std::abs(d_[top + 1])) + negligible)
      ++top;
    return top;
  }

  void sweep(std::int64_t top, double* out) {
    const double half = 0.5 * (d_[low_ + 1] - d_[low_]), coupling = e_[low_];
    const double root = std::sqrt(half * half + coupling * coupling);
    // (c, s) rotates the bulge, s times the next coupling, into x.
    double x = d_[top] - d_[low_] + coupling * (coupling / (half + std::copysign(root, half)));
    double c = 1, s = 1, shift = 0;
    for (std::int64_t i = top - 1; i >= low_; --i, out += RotationLog::step) {
      const double bulge = s * e_[i], inner = c * e_[i];
      const double square = bulge * bulge + x * x;
      if (square < negligible * negligible) {
        // T has come apart below row i + 1, and not before the first rotation, whose bulge is a whole coupling.
        d_[i + 1] -= shift;
        e_[i + 1] = e_[top] = 0;
        return;
      }
      // The sign of the coupling is free; this one makes c >= 0, as rotations by shears need it. The loop waits for its
      // own results: dividing beside the square root, not after it, takes a fifth off.
      const double length = std::copysign(std::sqrt(square), x), inverse = length * (1 / square);
      e_[i + 1] = length;
      s = bulge * inverse;
      c = x * inverse;
      out[0] = bulge / (length + x);
      out[1] = s;
      const double lower = d_[i + 1] - shift;
      const double change = (d_[i] - lower) * s + 2 * c * inner;
      shift = s * change;
      d_[i + 1] = lower + shift;
      x = c * change - inner;
    }
    d_[low_] -= shift;
    e_[low_] = x;
    e_[top] = 0;
  }

  std::int64_t n_, low_ = 0, sweeps_ = 0;
  double *d_, *e_;
};

// The rows of W, in slabs of columns: at first of Q^T, at last the eigenvectors.
class Slabs {
 public:
  explicit Slabs(const Reduction& r)
      : width_(active_table().eigen.slab_width),
        n_(r.n),
        control_(r.control),
        size_((r.n + 2 * slab_margin) * width_),
        count_((r.n + width_ - 1) / width_),
        memory_(count_ * size_) {
    parallel_for(count_, control_, [&](std::int64_t s) { fill(r, s); });
  }

  std::int64_t count() const { return count_; }

  void rotate(std::int64_t s, const RotationLog& log) {
    for (const RotationGroup& g : log.groups()) active_table().eigen.rotate_slab(slab(s), g.top, g.steps, log.at(g));
  }

  // vectors[:, j] = row order[j], with the sign that makes its largest component positive.
  void write(const std::vector<std::int64_t>& order, double* vectors) const {
    Buffer<double> peak(count_ * n_);
    parallel_for(count_, control_, [&](std::int64_t s) { find_peaks(s, peak.data() + s * n_); });
    for (std::int64_t s = 1; s < count_; ++s) {
      for (std::int64_t i = 0; i < n_; ++i) {
        if (std::abs(peak[s * n_ + i]) > std::abs(peak[i])) peak[i] = peak[s * n_ + i];
      }
    }
    parallel_for(count_, control_, [&](std::int64_t s) {
      for (std::int64_t j = 0; j < n_; ++j) {
        const double* row = slab(s) + order[j] * width_;
        const double sign = peak[order[j]] < 0 ? -1 : 1;
        for (std::int64_t c = s * width_; c < columns_end(s); ++c) vectors[c * n_ + j] = sign * row[c - s * width_];
      }
    });
  }

 private:
  double* slab(std::int64_t s) { return memory_.data() + s * size_ + slab_margin * width_; }
  const double* slab(std::int64_t s) const { return memory_.data() + s * size_ + slab_margin * width_; }
  std::int64_t columns_end(std::int64_t s) const { return std::min(n_, (s + 1) * width_); }

  // Q^T = H_1 ... H_(n-1), and the reflector of the last row is applied first.
  void fill(const Reduction& r, std::int64_t s) {
    std::fill(memory_.data() + s * size_, memory_.data() + (s + 1) * size_, 0.0);
    for (std::int64_t c = s * width_; c < columns_end(s); ++c) slab(s)[c * width_ + c - s * width_] = 1;
    for (std::int64_t high = n_ - 1, panel = 0; high > 0; high -= most_reflectors, ++panel) {
      const std::int64_t count = std::min(high, most_reflectors);
      active_table().eigen.reflect_slab(slab(s), high, r.matrix.data() + (high - count + 1) * r.stride, r.stride, count,
                                        r.triangles.data() + panel * most_reflectors * most_reflectors);
    }
  }

  void find_peaks(std::int64_t s, double* peak) const {
    for (std::int64_t i = 0; i < n_; ++i) {
      const double* row = slab(s) + i * width_;
      peak[i] = row[0];
      for (std::int64_t c = 1; c < width_; ++c) {
        if (std::abs(row[c]) > std::abs(peak[i])) peak[i] = row[c];
      }
    }
  }

  std::int64_t width_, n_;
  const RunControl& control_;
  std::int64_t size_, count_;
  Buffer<double> memory_;
};

// The scalar iteration fills one log while the slabs take the other.
void iterate(Reduction& r, Slabs& slabs) {
  QlIteration iteration(r.n, r.diagonal.data(), r.coupling.data());
  RotationLog first(r.n), second(r.n);
  RotationLog *ready = &first, *next = &second;
  iteration.fill(*ready);
  Poller poll(r.control);  // a pass may be too short for parallel_for to poll
  while (!ready->groups().empty()) {
    parallel_for(1 + slabs.count(), r.control, [&](std::int64_t task) {
      if (task == 0) {
        iteration.fill(*next);
      } else {
        slabs.rotate(task - 1, *ready);
      }
    });
    std::swap(ready, next);
    poll();
  }
}

}  // namespace

void symmetric_eigen(std::int64_t n, const double* matrix, double* values, double* vectors, const RunControl& control) {
  if (n == 0) return;
  RunControl run = control;
  if (n <= serial_size) run.num_threads = 1;
  in_team(run, [&] {
    Reduction reduction(n, run);
    const int exponent = load_scaled(matrix, reduction);
    tridiagonalise(reduction);

    Slabs slabs(reduction);
    iterate(reduction, slabs);

    const double* eigenvalue = reduction.diagonal.data();
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return eigenvalue[a] > eigenvalue[b]; });
    for (std::int64_t j = 0; j < n; ++j) values[j] = std::ldexp(eigenvalue[order[j]], exponent);
    slabs.write(order, vectors);
  });
}

}  // namespace coals
