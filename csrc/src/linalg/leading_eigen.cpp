// Householder reduction, bisection and inverse iteration.
//
// matrix = Q T Q^T (tridiagonal.hpp). The largest eigenvalues of T are counted between bounds, several at a time;
// inverse iteration from fixed pseudo-random vectors finds the eigenvectors of T, blocks of which are made orthogonal
// to those before them; the reflectors of Q turn them into those of the matrix, slab by slab. All that is cubic runs in
// kernels.
//
// Inverse iteration has no proof for values that lie close together. So its vectors are checked, and the whole
// decomposition is computed where one of them is not an eigenvector to working precision.
//
// Golub and Van Loan, Matrix Computations, 4th ed., 8.4; Barth, Martin and Wilkinson, Numer. Math. 9 (1967) 386; Peters
// and Wilkinson, in Handbook for Automatic Computation II (1971), 418.
#include "linalg/leading_eigen.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "linalg/symmetric_eigen.hpp"
#include "linalg/tall_panel.hpp"
#include "linalg/tridiagonal.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
// Below this size, or where more than this share of the vectors is asked for, QL is as quick.
constexpr std::int64_t least_size = 96;
constexpr double most_share = 0.6;
constexpr std::int64_t together = 8;      // values bisected at once, so that divisions need not wait for each other
constexpr std::int64_t block_width = 32;  // vectors made orthogonal at once

// T, and a bound of its values.
struct Tridiagonal {
  Tridiagonal(std::int64_t size, const double* diagonal, const double* coupling)
      : n(size), d(diagonal), e(coupling), square(size) {
    for (std::int64_t i = 0; i < n; ++i) {
      square[i] = e[i] * e[i];
      const double beside = (i > 0 ? std::abs(e[i - 1]) : 0.0) + (i + 1 < n ? std::abs(e[i]) : 0.0);
      norm = std::max(norm, std::abs(d[i]) + beside);
    }
  }

  std::int64_t n;
  const double *d, *e;
  Buffer<double> square;
  double norm = 0;
};

// above[l] = how many eigenvalues of T exceed x[l]: the positive pivots of T - x.
void count_above(const Tridiagonal& t, const double* x, std::int64_t* above) {
  const double least = epsilon * epsilon * t.norm;
  double pivot[together];
  std::int64_t positive[together] = {};
  for (std::int64_t l = 0; l < together; ++l) pivot[l] = 1;
  for (std::int64_t i = 0; i < t.n; ++i) {
    const double diagonal = t.d[i], square = i > 0 ? t.square[i - 1] : 0.0;
    for (std::int64_t l = 0; l < together; ++l) {
      const double next = diagonal - x[l] - square / pivot[l];
      pivot[l] = std::abs(next) < least ? -least : next;
      positive[l] += pivot[l] > 0;
    }
  }
  std::copy(positive, positive + together, above);
}

// Values first .. first + together - 1 in descending order, as far as there are `count`.
void bisect(const Tridiagonal& t, std::int64_t first, std::int64_t count, double* values) {
  double low[together], high[together], middle[together];
  std::int64_t above[together];
  std::fill(low, low + together, -t.norm * (1 + 4 * epsilon));
  std::fill(high, high + together, t.norm * (1 + 4 * epsilon));
  for (int step = 0; step < 56; ++step) {
    for (std::int64_t l = 0; l < together; ++l) middle[l] = 0.5 * (low[l] + high[l]);
    count_above(t, middle, above);
    for (std::int64_t l = 0; l < together; ++l) (above[l] > first + l ? low : high)[l] = middle[l];
  }
  for (std::int64_t l = 0; l < std::min(together, count - first); ++l) values[first + l] = 0.5 * (low[l] + high[l]);
}

// P (T - value) = L U by elimination with exchanges of rows.
class ShiftedSystem {
 public:
  explicit ShiftedSystem(std::int64_t n) : n_(n), pivot_(n), next_(n), second_(n), factor_(n), swapped_(n) {}

  void factor(const Tridiagonal& t, double value) {
    const double least = epsilon * t.norm;
    double pivot = t.d[0] - value, next = n_ > 1 ? t.e[0] : 0.0;
    for (std::int64_t i = 0; i + 1 < n_; ++i) {
      const double below = t.e[i], diagonal = t.d[i + 1] - value, beyond = i + 2 < n_ ? t.e[i + 1] : 0.0;
      swapped_[i] = std::abs(below) > std::abs(pivot);
      if (swapped_[i]) {
        store(i, below, diagonal, beyond, pivot / below);
        pivot = next - factor_[i] * diagonal;
        next = -factor_[i] * beyond;
      } else {
        if (std::abs(pivot) < least) pivot = least;
        store(i, pivot, next, 0, below / pivot);
        pivot = diagonal - factor_[i] * next;
        next = beyond;
      }
    }
    store(n_ - 1, std::abs(pivot) < least ? least : pivot, 0, 0, 0);
  }

  // x becomes a unit vector along the solution.
  void solve(bool forward, double* x) const {
    for (std::int64_t i = 0; forward && i + 1 < n_; ++i) {
      if (swapped_[i]) std::swap(x[i], x[i + 1]);
      x[i + 1] -= factor_[i] * x[i];
    }
    double square = 0, after = 0, later = 0;
    for (std::int64_t i = n_ - 1; i >= 0; --i) {
      const double now = (x[i] - next_[i] * after - second_[i] * later) / pivot_[i];
      x[i] = now;
      square += now * now;
      later = after;
      after = now;
    }
    const double scale = 1 / std::sqrt(square);
    for (std::int64_t i = 0; i < n_; ++i) x[i] *= scale;
  }

 private:
  void store(std::int64_t i, double pivot, double next, double second, double factor) {
    pivot_[i] = pivot;
    next_[i] = next;
    second_[i] = second;
    factor_[i] = factor;
  }

  std::int64_t n_;
  Buffer<double> pivot_, next_, second_, factor_;
  Buffer<char> swapped_;
};

// A number from -1 to 1 that follows from its place: splitmix64.
double some_number(std::int64_t place) {
  std::uint64_t z = (static_cast<std::uint64_t>(place) + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>(static_cast<std::int64_t>(z ^ (z >> 31))) * 0x1p-63;
}

// Columns of `panel` become eigenvectors of T for values[0 .. count).
void iterate(const Tridiagonal& t, const double* values, std::int64_t count, std::int64_t seed,
             TallPanel<double>& panel) {
  ShiftedSystem system(t.n);
  Buffer<double> x(t.n);
  for (std::int64_t k = 0; k < count; ++k) {
    system.factor(t, values[k]);
    for (std::int64_t i = 0; i < t.n; ++i) x[i] = some_number((seed + k) * t.n + i);
    for (int step = 0; step < 3; ++step) system.solve(step > 0, x.data());
    for (std::int64_t i = 0; i < t.n; ++i) panel.view().row(i)[k] = x[i];
  }
}

// Whether all columns are what they should be: residuals of rounding alone.
bool holds(const Tridiagonal& t, const double* values, std::int64_t count, const TallPanel<double>& panel) {
  double worst = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    double error = 0, square = 0;
    for (std::int64_t i = 0; i < t.n; ++i) {
      const auto x = [&](std::int64_t r) { return panel.view().row(r)[k]; };
      double rest = (t.d[i] - values[k]) * x(i);
      if (i > 0) rest += t.e[i - 1] * x(i - 1);
      if (i + 1 < t.n) rest += t.e[i] * x(i + 1);
      error += rest * rest;
      square += x(i) * x(i);
    }
    worst = std::max({worst, std::sqrt(error), t.norm * std::abs(square - 1)});
  }
  return worst <= 64 * std::sqrt(static_cast<double>(t.n)) * epsilon * t.norm;
}

// The eigenvectors of T in blocks of columns; none if one of them does not hold.
std::vector<TallPanel<double>> vectors_of(const Tridiagonal& t, const double* values, std::int64_t count,
                                          const RunControl& control) {
  const std::int64_t blocks = (count + block_width - 1) / block_width;
  const auto size = [&](std::int64_t b) { return std::min(block_width, count - b * block_width); };
  std::vector<TallPanel<double>> found(static_cast<std::size_t>(blocks)), done;
  parallel_for(blocks, control, [&](std::int64_t b) {
    found[b] = TallPanel<double>(t.n, size(b));
    iterate(t, values + b * block_width, size(b), b * block_width, found[b]);
  });
  for (TallPanel<double>& panel : found) {
    for (int round = 0; round < 2; ++round) {
      for (const TallPanel<double>& known : done) {
        add_product(known, cross_product(known, panel, control).data(), -1.0, panel, control);
      }
      orthonormalize_in_order(panel, control);
    }
    done.push_back(std::move(panel));
  }
  std::vector<char> sound(static_cast<std::size_t>(blocks));
  parallel_for(blocks, control,
               [&](std::int64_t b) { sound[b] = holds(t, values + b * block_width, size(b), done[b]); });
  for (const char block : sound) {
    if (!block) return {};
  }
  return done;
}

// Panels of reflectors as they are applied in the opposite order: P^T = I - V^T L^T V, which with its vectors the other
// way round has an upper triangle again.
void reverse(Reduction& r) {
  for (std::int64_t high = r.n - 1, panel = 0; high > 0; high -= most_reflectors, ++panel) {
    const std::int64_t count = std::min(high, most_reflectors);
    double* rows = r.matrix.data() + (high - count + 1) * r.stride;
    for (std::int64_t k = 0; k < count / 2; ++k) {
      std::swap_ranges(rows + k * r.stride, rows + (k + 1) * r.stride, rows + (count - 1 - k) * r.stride);
    }
    double* triangle = r.triangles.data() + panel * most_reflectors * most_reflectors;
    for (std::int64_t m = 0; m < count; ++m) {
      for (std::int64_t j = 0; m + j < count - 1; ++j) {
        std::swap(triangle[m * most_reflectors + j], triangle[(count - 1 - j) * most_reflectors + count - 1 - m]);
      }
    }
  }
}

// Q times columns [first, last) of `panel`, one slab of them, with the sign that makes the largest component positive.
void turn_slab(const Reduction& r, const TallPanel<double>& panel, std::int64_t first, std::int64_t last, double* out,
               std::int64_t stride) {
  const EigenKernels& kernels = active_table().eigen;
  const std::int64_t width = kernels.slab_width;
  Buffer<double> slab((r.n + 2 * eigen_block) * width);
  std::fill(slab.begin(), slab.end(), 0.0);
  for (std::int64_t i = 0; i < r.n; ++i) {
    std::copy(panel.view().row(i) + first, panel.view().row(i) + last, slab.data() + i * width);
  }
  const std::int64_t panels = (r.n - 1 + most_reflectors - 1) / most_reflectors;
  for (std::int64_t p = panels - 1; p >= 0; --p) {
    const std::int64_t high = r.n - 1 - p * most_reflectors, count = std::min(high, most_reflectors);
    kernels.reflect_slab(slab.data(), high, r.matrix.data() + (high - count + 1) * r.stride, r.stride, count,
                         r.triangles.data() + p * most_reflectors * most_reflectors);
  }
  for (std::int64_t c = 0; c < last - first; ++c) {
    double peak = 0;
    for (std::int64_t i = 0; i < r.n; ++i) {
      if (std::abs(slab[i * width + c]) > std::abs(peak)) peak = slab[i * width + c];
    }
    const double sign = peak < 0 ? -1 : 1;
    for (std::int64_t i = 0; i < r.n; ++i) out[i * stride + c] = sign * slab[i * width + c];
  }
}

void turn(Reduction& r, const std::vector<TallPanel<double>>& panels, std::int64_t count, double* vectors,
          const RunControl& control) {
  reverse(r);
  const std::int64_t width = active_table().eigen.slab_width, each = block_width / width;
  parallel_for((count + width - 1) / width, control, [&](std::int64_t s) {
    const std::int64_t block = s / each, first = s % each * width, column = block * block_width + first;
    turn_slab(r, panels[block], first, std::min(first + width, count - block * block_width), vectors + column, count);
  });
}

void take_of_all(std::int64_t n, const double* matrix, std::int64_t count, double* values, double* vectors,
                 const RunControl& control) {
  Buffer<double> all(n * n), sorted(n);
  symmetric_eigen(n, matrix, sorted.data(), all.data(), control);
  std::copy_n(sorted.data(), count, values);
  for (std::int64_t i = 0; i < n; ++i) std::copy_n(all.data() + i * n, count, vectors + i * count);
}

}  // namespace

void leading_eigen(std::int64_t n, const double* matrix, std::int64_t count, double* values, double* vectors,
                   const RunControl& control) {
  if (n < least_size || static_cast<double>(count) > most_share * static_cast<double>(n)) {
    return take_of_all(n, matrix, count, values, vectors, control);
  }
  in_team(control, [&] {
    Reduction reduction(n, control);
    const int exponent = load_scaled(matrix, reduction);
    tridiagonalise(reduction);
    const Tridiagonal t(n, reduction.diagonal.data(), reduction.coupling.data());
    if (t.norm == 0) return take_of_all(n, matrix, count, values, vectors, control);
    parallel_for((count + together - 1) / together, control,
                 [&](std::int64_t task) { bisect(t, task * together, count, values); });
    const std::vector<TallPanel<double>> panels = vectors_of(t, values, count, control);
    if (panels.empty()) return take_of_all(n, matrix, count, values, vectors, control);
    turn(reduction, panels, count, vectors, control);
    for (std::int64_t k = 0; k < count; ++k) values[k] = std::ldexp(values[k], exponent);
  });
}

}  // namespace coals
