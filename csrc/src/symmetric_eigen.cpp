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
// beside the arguments, and a log of rotations of 1 MB. Golub and Van Loan, Matrix Computations, 4th ed., 8.3; Martin
// and Wilkinson, Numer. Math. 12 (1968) 377; Van Zee, van de Geijn and Quintana-Orti, ACM TOMS 40 (2014) 18.
#include "symmetric_eigen.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "parallel.hpp"
#include "tridiagonal.hpp"

namespace coals {

namespace {

// Up to this size, one thread: parallel regions would cost more than they save.
constexpr std::int64_t serial_size = 128;
// Kernels run over both ends of a slab by less than this many rows.
constexpr std::int64_t slab_margin = eigen_block;
// Doubles in the log of rotations, if one sweep fits.
constexpr std::int64_t log_size = std::int64_t{1} << 17;
constexpr double negligible_square = 1e-280;

// The exponent of the largest element, having made sure that all are finite.
int largest_exponent(std::int64_t n, const double* matrix) {
  double largest = 0;
  bool finite = true;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      const double magnitude = std::abs(matrix[i * n + j]);
      finite &= magnitude <= std::numeric_limits<double>::max();
      largest = std::max(largest, magnitude);
    }
  }
  if (!finite) throw std::runtime_error("symmetric_eigen: the matrix has elements that are not finite");
  int exponent = 0;
  std::frexp(largest, &exponent);
  return std::max(exponent, -1000);  // the scale factor must be finite
}

void copy_scaled(const double* matrix, double scale, Reduction& r) {
  for (std::int64_t i = 0; i < r.n; ++i) {
    double* row = r.matrix.data() + i * r.stride;
    for (std::int64_t j = 0; j <= i; ++j) row[j] = scale * matrix[i * r.n + j];
    for (std::int64_t j = i / eigen_block * eigen_block; j < i; ++j) r.matrix[j * r.stride + i] = row[j];
  }
}

// Up to fused_sweeps sweeps over the same rows, as rotate_slab wants them.
struct RotationGroup {
  std::int64_t top, steps, begin;  // begin: place in the log
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

  void rotate(const std::vector<RotationGroup>& groups, const double* log) {
    parallel_for(count_, control_, [&](std::int64_t s) {
      for (const RotationGroup& g : groups) {
        active_table().eigen.rotate_slab(slab(s), g.top, g.steps, log + g.begin);
      }
    });
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

// Sweeps over the same rows, up to fused_sweeps of them, as the kernel wants them.
class RotationLog {
 public:
  RotationLog(std::int64_t n, Slabs& slabs)
      : slabs_(slabs), log_(std::max(log_size, 2 * fused_sweeps * (n + fused_sweeps))) {}

  // Where a sweep over rows low .. top writes c and s, from the last pair of rows up, one step apart.
  double* new_sweep(std::int64_t low, std::int64_t top) {
    if (sweeps_ == fused_sweeps || groups_.empty() || groups_.back().top != top || low - low_ > eigen_block) {
      new_group(low, top);
    }
    return log_.data() + groups_.back().begin + (step + 2) * sweeps_++;
  }

  void flush() {
    if (!groups_.empty()) slabs_.rotate(groups_, log_.data());
    groups_.clear();
    used_ = 0;
  }

  static constexpr std::int64_t step = 2 * fused_sweeps;

 private:
  void new_group(std::int64_t low, std::int64_t top) {
    const std::int64_t steps = top - low + fused_sweeps - 1;
    if (used_ + step * steps > log_.size()) flush();
    // What no sweep fills in leaves rows as they are.
    for (double* p = log_.data() + used_; p < log_.data() + used_ + step * steps; p += 2) p[0] = 1, p[1] = 0;
    groups_.push_back({top, steps, used_});
    used_ += step * steps;
    low_ = low;
    sweeps_ = 0;
  }

  Slabs& slabs_;
  Buffer<double> log_;
  std::vector<RotationGroup> groups_;
  std::int64_t used_ = 0, low_ = 0, sweeps_ = 0;
};

// One implicit QL sweep over rows low .. top of T with Wilkinson's shift. c and s go to `out`, one RotationLog::step
// apart.
void sweep(double* d, double* e, std::int64_t low, std::int64_t top, double* out) {
  const double half = 0.5 * (d[low + 1] - d[low]);
  const double root = std::sqrt(half * half + e[low] * e[low]);
  // The bulge is the product of s with the next coupling; x is what it is rotated into.
  double x = d[top] - d[low] + e[low] * (e[low] / (half + std::copysign(root, half)));
  double c = 1, s = 1, shift = 0;
  for (std::int64_t i = top - 1; i >= low; --i, out += RotationLog::step) {
    const double bulge = s * e[i], inner = c * e[i];
    const double square = bulge * bulge + x * x;
    if (square < negligible_square) {
      // T has come apart between rows i and i + 1.
      d[i + 1] -= shift;
      e[i + 1] = e[top] = 0;
      return;
    }
    const double length = std::sqrt(square), inverse = 1 / length;
    e[i + 1] = length;
    s = bulge * inverse;
    c = x * inverse;
    out[0] = c;
    out[1] = s;
    const double lower = d[i + 1] - shift;
    const double change = (d[i] - lower) * s + 2 * c * inner;
    shift = s * change;
    d[i + 1] = lower + shift;
    x = c * change - inner;
  }
  d[low] -= shift;
  e[low] = x;
  e[top] = 0;
}

// d becomes the eigenvalues, in no order.
void iterate(std::int64_t n, double* d, double* e, RotationLog& log, const RunControl& control) {
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  Poller poll(control);
  std::int64_t sweeps = 0;
  for (std::int64_t low = 0; low < n;) {
    std::int64_t top = low;
    while (top + 1 < n && std::abs(e[top]) > epsilon * (std::abs(d[top]) + std::abs(d[top + 1]))) ++top;
    if (top == low) {
      ++low;
      continue;
    }
    if (++sweeps > 50 * n) throw std::runtime_error("symmetric_eigen: the QL iteration does not converge");
    sweep(d, e, low, top, log.new_sweep(low, top));
    poll();
  }
  log.flush();
}

}  // namespace

void symmetric_eigen(std::int64_t n, const double* matrix, double* values, double* vectors, const RunControl& control) {
  if (n == 0) return;
  RunControl run = control;
  if (n <= serial_size) run.num_threads = 1;
  const int exponent = largest_exponent(n, matrix);
  Reduction reduction(n, run);
  copy_scaled(matrix, std::ldexp(1.0, -exponent), reduction);
  tridiagonalise(reduction);

  Slabs slabs(reduction);
  RotationLog log(n, slabs);
  double* eigenvalue = reduction.diagonal.data();
  iterate(n, eigenvalue, reduction.coupling.data(), log, run);

  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return eigenvalue[a] > eigenvalue[b]; });
  for (std::int64_t j = 0; j < n; ++j) values[j] = std::ldexp(eigenvalue[order[j]], exponent);
  slabs.write(order, vectors);
}

}  // namespace coals
