// See block_lanczos.hpp.
#include "linalg/block_lanczos.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "coals/svd.hpp"
#include "linalg/leading_eigen.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

// Columns of a block: whole registers for products, and few enough that the space grows by little more than with one.
constexpr std::int64_t block_width = 16;
// Columns of the panels that the basis is kept in, whose rows are no power of two apart.
constexpr std::int64_t panel_width = 7 * block_width;

// The lower half of the symmetric band matrix T: band[i * width + (j - i + width - 1)] is element (i, j).
struct Band {
  static constexpr std::int64_t width = 2 * block_width;

  double* row(std::int64_t i) { return data.data() + i * width + width - 1 - i; }
  const double* row(std::int64_t i) const { return data.data() + i * width + width - 1 - i; }
  static std::int64_t first(std::int64_t i) { return std::max<std::int64_t>(0, i - width + 1); }

  std::vector<double> data;  // zeros where nothing is
  std::int64_t size = 0;
};

// T - shift = L D L^T without exchanges; T - shift is hardly ever exactly singular.
class BandFactors {
  // Several sums, since one would wait for itself.
  static double dot(const double* a, const double* b, std::int64_t size) {
    double sum[4] = {};
    std::int64_t k = 0;
    for (; k + 4 <= size; k += 4) {
      for (std::int64_t l = 0; l < 4; ++l) sum[l] += a[k + l] * b[k + l];
    }
    for (; k < size; ++k) sum[0] += a[k] * b[k];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }

 public:
  // How many eigenvalues exceed the shift.
  std::int64_t factor(const Band& band, double shift, double norm) {
    lower_ = band;
    inverse_.assign(static_cast<std::size_t>(band.size), 0.0);
    const double least = std::numeric_limits<double>::epsilon() * norm;
    std::int64_t above = 0;
    for (std::int64_t i = 0; i < band.size; ++i) {
      double* row = lower_.row(i);
      const std::int64_t begin = Band::first(i);
      row[i] -= shift;
      for (std::int64_t j = begin; j < i; ++j) {
        const double* other = lower_.row(j);
        row[j] -= dot(row + begin, other + begin, j - begin);  // L D until the row is done
      }
      for (std::int64_t j = begin; j < i; ++j) {
        const double product = row[j];
        row[j] *= inverse_[j];
        row[i] -= product * row[j];
      }
      if (std::abs(row[i]) < least) row[i] = -least;
      inverse_[i] = 1 / row[i];
      above += row[i] > 0;
    }
    return above;
  }

  void solve(std::vector<double>& x) const {
    const std::int64_t n = lower_.size;
    for (std::int64_t i = 0; i < n; ++i) {
      const double* row = lower_.row(i);
      for (std::int64_t j = Band::first(i); j < i; ++j) x[i] -= row[j] * x[j];
    }
    for (std::int64_t i = 0; i < n; ++i) x[i] *= inverse_[i];
    for (std::int64_t i = n - 1; i >= 0; --i) {
      const double* row = lower_.row(i);
      for (std::int64_t j = Band::first(i); j < i; ++j) x[j] -= row[j] * x[i];
    }
    double square = 0;
    for (const double value : x) square += value * value;
    for (double& value : x) value /= std::sqrt(square);
  }

 private:
  Band lower_;
  std::vector<double> inverse_;
};

template <class T>
class Lanczos {
 public:
  Lanczos(const CsrView<T>& matrix, const CsrView<T>& transposed, MatrixView<const T> start, std::int64_t count,
          double tolerance, const RunControl& control)
      : matrix_(matrix),
        transposed_(transposed),
        start_(start),
        count_(count),
        tolerance_(tolerance),
        control_(control),
        image_(matrix.rows, block_width) {}

  TallPanel<T> run(std::int64_t most) {
    TallPanel<T> next(matrix_.columns, block_width);
    for (std::int64_t c = 0; c < block_width; ++c) add_start(next, c);
    orthonormalize(basis_, next, control_);
    std::int64_t check = std::max(count_ + 2 * block_width, count_ * 3 / 2);
    while (true) {
      TallPanel<T> product = step(std::move(next));
      next = follow(product);
      const bool ends = band_.size >= most || exhausted_;
      if (!ends && (tolerance_ == 0 || band_.size < check)) continue;
      const double rest = ends ? 0 : least_residual();
      if (rest <= tolerance_) {
        solve();
        if (ends || residual(count_) <= tolerance_) return ritz_vectors();
      }
      // Residuals fall by a power of ten in about a tenth of the directions.
      check = band_.size + (rest > 100 * tolerance_ ? std::max(3 * block_width, band_.size / 5)
                                                    : std::max(block_width, band_.size / 16));
    }
  }

 private:
  // The next column of the start, if there is one.
  void add_start(TallPanel<T>& panel, std::int64_t column) {
    if (used_ >= start_.columns) return;
    for (std::int64_t i = 0; i < start_.rows; ++i) panel.view().row(i)[column] = start_.row(i)[used_];
    ++used_;
  }

  // Appends the block and returns its product with matrix^T matrix less what blocks next to it know, which T keeps.
  TallPanel<T> step(TallPanel<T> block) {
    TallPanel<T> product(matrix_.columns, block_width);
    const TallPanel<T>&fixed = block, &image = image_;
    multiply_sparse<T>(matrix_, fixed.view(), image_.view(), control_);
    multiply_sparse<T>(transposed_, image.view(), product.view(), control_);
    keep(block);
    if (band_.size > block_width) {
      // The block before it times the transpose of the coupling.
      Buffer<double> coupling(block_width * block_width);
      for (std::int64_t i = 0; i < block_width; ++i) {
        for (std::int64_t j = 0; j < block_width; ++j) coupling[j * block_width + i] = coupling_[i * block_width + j];
      }
      add_product(before_, coupling.data(), -1.0, product, control_);
    }
    const Buffer<double> own = cross_product(block, product, control_);
    const std::int64_t base = band_.size - block_width;
    for (std::int64_t i = 0; i < block_width; ++i) {
      for (std::int64_t j = 0; j <= i; ++j) {
        band_.row(base + i)[base + j] = 0.5 * (own[i * block_width + j] + own[j * block_width + i]);
      }
    }
    add_product(block, own.data(), -1.0, product, control_);
    before_ = std::move(block);
    return product;
  }

  void keep(const TallPanel<T>& block) {
    const std::int64_t column = band_.size % panel_width;
    if (column == 0) basis_.emplace_back(matrix_.columns, panel_width);
    for (std::int64_t i = 0; i < block.rows; ++i) {
      std::copy_n(block.view().row(i), block_width, basis_.back().view().row(i) + column);
    }
    band_.size += block_width;
    band_.data.resize(static_cast<std::size_t>(band_.size * Band::width), 0.0);
    if (band_.size == block_width) return;
    const std::int64_t base = band_.size - block_width;
    for (std::int64_t i = 0; i < block_width; ++i) {
      std::copy_n(coupling_.data() + i * block_width, block_width, band_.row(base + i) + base - block_width);
    }
  }

  // An orthonormal basis of the product beyond the space, with other directions where it adds nothing.
  TallPanel<T> follow(const TallPanel<T>& product) {
    TallPanel<T> next(product.rows, block_width);
    next.data = Buffer<T>(product.data.size());
    std::copy_n(product.data.data(), product.data.size(), next.data.data());
    orthonormalize(basis_, next, control_, true);
    const auto empty = [&](std::int64_t c) {
      for (std::int64_t i = 0; i < next.rows; ++i) {
        if (next.view().row(i)[c] != T(0)) return false;
      }
      return true;
    };
    bool added = false, any = false;
    for (std::int64_t c = 0; c < block_width; ++c) {
      if (!empty(c)) {
        any = true;
      } else if (used_ < start_.columns) {
        added = true;
        add_start(next, c);
      }
    }
    exhausted_ = !any && !added;
    if (added) orthonormalize(basis_, next, control_);
    coupling_ = cross_product(next, product, control_);
    return next;
  }

  // The largest residual of the first `count` pairs, as a share of the largest singular value.
  double residual(std::int64_t count) const {
    double worst = 0;
    for (std::int64_t k = 0; k < count; ++k) {
      double square = 0;
      for (std::int64_t i = 0; i < block_width; ++i) {
        double sum = 0;
        for (std::int64_t j = 0; j < block_width; ++j) {
          sum += coupling_[i * block_width + j] * vectors_[(band_.size - block_width + j) * count_ + k];
        }
        square += sum * sum;
      }
      worst = std::max(worst, std::sqrt(square) / scale(values_[k], values_[0]));
    }
    return worst;
  }

  // Below the rounding of the largest value nothing is found, and nothing is to be waited for.
  static double scale(double value, double largest) {
    const double least = std::numeric_limits<T>::epsilon() * largest;
    return std::max(std::sqrt(std::max(value, least) * largest), 1e-300);
  }

  // That of the value of least interest, about.
  double least_residual() {
    double norm = 1e-300;
    for (std::int64_t i = 0; i < band_.size; ++i) {
      double sum = 0;
      for (std::int64_t j = Band::first(i); j <= i; ++j) sum += std::abs(band_.row(i)[j]);
      norm = std::max(norm, 2 * sum);
    }
    BandFactors factors;
    // Values rise as the space grows, so those of the last time are bounds.
    const auto bisect = [&](std::int64_t index, double share, double low) {
      double high = norm;
      while (high - low > share * high && high > 1e-14 * norm) {
        const double middle = low > 0 ? std::min(std::sqrt(low * high), 2 * low) : high / 16;
        (factors.factor(band_, middle, norm) >= index ? low : high) = middle;
      }
      return low;
    };
    if (largest_ == 0) largest_ = bisect(1, 0.05, 0);
    value_ = bisect(count_, 1e-3, value_);
    const double value = value_, largest = largest_;
    factors.factor(band_, value, norm);
    std::vector<double> x(static_cast<std::size_t>(band_.size));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1.0 + 0.5 * std::sin(static_cast<double>(i));
    for (int step = 0; step < 3; ++step) factors.solve(x);
    double square = 0;
    for (std::int64_t i = 0; i < block_width; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < block_width; ++j) {
        sum += coupling_[i * block_width + j] * x[band_.size - block_width + j];
      }
      square += sum * sum;
    }
    return std::sqrt(square) / scale(value, largest);
  }

  void solve() {
    const std::int64_t n = band_.size;
    Buffer<double> dense(n * n);
    std::fill(dense.begin(), dense.end(), 0.0);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t first = Band::first(i);
      std::copy(band_.row(i) + first, band_.row(i) + i + 1, dense.data() + i * n + first);
    }
    values_ = Buffer<double>(count_);
    vectors_ = Buffer<double>(n * count_);
    std::fill(values_.begin(), values_.end(), 0.0);
    std::fill(vectors_.begin(), vectors_.end(), 0.0);
    const std::int64_t found = std::min(n, count_);
    Buffer<double> part(n * found);
    leading_eigen(n, dense.data(), found, values_.data(), part.data(), control_);
    for (std::int64_t i = 0; i < n; ++i) std::copy_n(part.data() + i * found, found, vectors_.data() + i * count_);
  }

  TallPanel<T> ritz_vectors() const {
    TallPanel<T> out(matrix_.columns, count_);
    for (std::size_t p = 0; p < basis_.size(); ++p) {
      Buffer<double> part(basis_[p].width * out.width);
      std::fill(part.begin(), part.end(), 0.0);
      for (std::int64_t r = 0; r < panel_width; ++r) {
        const std::int64_t row = static_cast<std::int64_t>(p) * panel_width + r;
        if (row < band_.size) std::copy_n(vectors_.data() + row * count_, count_, part.data() + r * out.width);
      }
      add_product(basis_[p], part.data(), 1.0, out, control_);
    }
    return out;
  }

  const CsrView<T>&matrix_, &transposed_;
  MatrixView<const T> start_;
  std::int64_t count_;
  double tolerance_;
  const RunControl& control_;
  TallPanel<T> image_, before_;
  std::vector<TallPanel<T>> basis_;
  Band band_;
  Buffer<double> coupling_;  // from the last block to the one that follows: rows are those of the latter
  Buffer<double> values_, vectors_;
  double value_ = 0, largest_ = 0;  // the value of least interest and the largest, about and from below
  std::int64_t used_ = 0;
  bool exhausted_ = false;
};

}  // namespace

template <class T>
TallPanel<T> block_lanczos(const CsrView<T>& matrix, const CsrView<T>& transposed, MatrixView<const T> start,
                           std::int64_t count, std::int64_t most, double tolerance, const RunControl& control) {
  return Lanczos<T>(matrix, transposed, start, count, tolerance, control).run(most);
}

template TallPanel<float> block_lanczos<float>(const CsrView<float>&, const CsrView<float>&, MatrixView<const float>,
                                               std::int64_t, std::int64_t, double, const RunControl&);
template TallPanel<double> block_lanczos<double>(const CsrView<double>&, const CsrView<double>&,
                                                 MatrixView<const double>, std::int64_t, std::int64_t, double,
                                                 const RunControl&);

}  // namespace coals
