// Blocked Householder tridiagonalisation, from the last row up, so that every vector is the beginning of a row.
//
// Updates are put off for a panel of reflectors: a reflector costs one pass over half the matrix as it was before the
// panel (its product with the vector, bound by memory) and corrections by the panel so far; a panel costs one pass of
// rank-two updates in the register tile. Cost: 2/3 n^3 multiply-adds, half of them in products.
//
// Golub and Van Loan, Matrix Computations, 4th ed., 5.1.7 and 8.3.1; Dongarra, Hammarling and Sorensen, J. Comput.
// Appl. Math. 27 (1989) 215.
#include "linalg/tridiagonal.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "threading/parallel.hpp"

namespace coals {

namespace {

// Products of a matrix of this size and a vector are cut into bands. There is one parallel region per row: below this
// it saves little, and costs a time slice each when other programs keep a thread from its end.
constexpr std::int64_t banded_size = 1024;
// Squares and sums of squares below this would lose digits to underflow. What they stand for is below 1e-140, in a
// matrix of size about 1, and is dropped.
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
  if (!finite) {
    throw std::overflow_error(
        "eigenvalues: the matrix is not finite: values or parameters are too large; make them smaller");
  }
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

// First row of band b: the triangle's area in equal parts, in whole blocks.
std::int64_t band_begin(std::int64_t size, std::int64_t bands, std::int64_t b) {
  const double row = static_cast<double>(size) * std::sqrt(static_cast<double>(b) / static_cast<double>(bands));
  return b == bands ? size : static_cast<std::int64_t>(row) / eigen_block * eigen_block;
}

// y = (leading rows of the matrix as it was before the panel) * v.
void multiply(Reduction& r, std::int64_t size, const double* v, double* y) {
  const KernelTable& table = active_table();
  std::fill(y, y + size, 0.0);
  if (size < banded_size) return table.eigen.symmetric_product(r.matrix.data(), r.stride, 0, size, v, y);
  parallel_for(product_bands, r.control, [&](std::int64_t b) {
    const std::int64_t last = band_begin(size, product_bands, b + 1);
    double* sum = r.partial.data() + b * r.stride;
    std::fill(sum, sum + size, 0.0);
    table.eigen.symmetric_product(r.matrix.data(), r.stride, band_begin(size, product_bands, b), last, v, sum);
  });
  constexpr double ones[product_bands] = {1, 1, 1, 1, 1, 1};
  table.real64.add_rows(r.partial.data(), r.stride, ones, product_bands, size, y);
}

// I - tau v v^T maps x[0..size) to beta on its last element; v replaces x, with v[size - 1] = 1. Returns tau.
double make_reflector(double* x, std::int64_t size, double& beta) {
  const double last = x[size - 1];
  double square = 0;
  for (std::int64_t j = 0; j + 1 < size; ++j) square += x[j] * x[j];
  if (square < negligible_square) {
    beta = last;
    std::fill(x, x + size, 0.0);
    return 0;
  }
  beta = std::copysign(std::sqrt(last * last + square), -last);
  const double inverse = 1 / (last - beta);
  for (std::int64_t j = 0; j + 1 < size; ++j) x[j] *= inverse;
  x[size - 1] = 1;
  return (beta - last) / beta;
}

// Column k of the triangle, counted from the panel's end: with P = I - V^T L V so far, (I - tau v v^T) P adds the row
// -tau (v . V^T) L, tau to L. The panel's last reflector is the first row of V, which makes L an upper triangle.
void extend_triangle(double* triangle, std::int64_t count, std::int64_t k, double tau, const double* products) {
  double* row = triangle + (count - 1 - k) * most_reflectors;
  for (std::int64_t q = 0; q < k; ++q) {
    const double* earlier = triangle + (count - 1 - q) * most_reflectors;
    for (std::int64_t j = 0; j <= q; ++j) row[count - 1 - j] -= tau * products[q] * earlier[count - 1 - j];
  }
  row[count - 1 - k] = tau;
}

// The k-th reflector of a panel, which clears row i.
void reduce_row(Reduction& r, std::int64_t i, std::int64_t k, std::int64_t count, double* triangle) {
  const Kernels<double>& kernels = active_table().real64;
  std::int32_t index[most_reflectors];
  std::iota(index, index + most_reflectors, 0);
  double with_v[most_reflectors + 1], with_w[most_reflectors];
  double *v = r.v.data() + k * r.stride, *w = r.w.data() + k * r.stride;
  const auto subtract = [&](double* y, std::int64_t size) {
    kernels.add_rows(r.v.data(), r.stride, with_w, k, size, y);
    kernels.add_rows(r.w.data(), r.stride, with_v, k, size, y);
  };

  for (std::int64_t q = 0; q < k; ++q) {
    with_v[q] = -r.v[q * r.stride + i];
    with_w[q] = -r.w[q * r.stride + i];
  }
  std::copy(r.matrix.data() + i * r.stride, r.matrix.data() + (i + 1) * r.stride, v);
  subtract(v, padded(i + 1, eigen_block));
  r.diagonal[i] = v[i];
  const double tau = make_reflector(v, i, r.coupling[i - 1]);
  std::fill(v + i, v + r.stride, 0.0);

  const std::int64_t size = padded(i, eigen_block);
  multiply(r, size, v, w);
  kernels.dot_rows(v, r.v.data(), r.stride, index, k, size, with_v);
  kernels.dot_rows(v, r.w.data(), r.stride, index, k, size, with_w);
  extend_triangle(triangle, count, k, tau, with_v);
  for (std::int64_t q = 0; q < k; ++q) with_v[q] = -with_v[q], with_w[q] = -with_w[q];
  subtract(w, size);
  std::fill(w + i, w + r.stride, 0.0);
  double product;
  kernels.dot_rows(v, w, r.stride, index, 1, size, &product);
  const double along = -0.5 * tau * tau * product;
  for (std::int64_t j = 0; j < i; ++j) w[j] = tau * w[j] + along * v[j];
}

}  // namespace

int load_scaled(const double* matrix, Reduction& r) {
  const int exponent = largest_exponent(r.n, matrix);
  copy_scaled(matrix, std::ldexp(1.0, -exponent), r);
  return exponent;
}

void tridiagonalise(Reduction& r) {
  const EigenKernels& kernels = active_table().eigen;
  Poller poll(r.control);
  for (std::int64_t high = r.n - 1, panel = 0; high > 0; high -= most_reflectors, ++panel) {
    const std::int64_t count = std::min(high, most_reflectors);
    for (std::int64_t k = 0; k < count; ++k) {
      reduce_row(r, high - k, k, count, r.triangles.data() + panel * most_reflectors * most_reflectors);
      poll();
    }
    const std::int64_t size = padded(high - count + 1, eigen_block);
    const std::int64_t bands = std::max<std::int64_t>(size / 64, 1);
    parallel_for(bands, r.control, [&](std::int64_t b) {
      kernels.rank_two_update(r.matrix.data(), r.stride, band_begin(size, bands, b), band_begin(size, bands, b + 1),
                              r.v.data(), r.w.data(), r.stride, count);
    });
    // Only now: products read whole blocks, and updates write them. Rows that are done have zeros as factors there.
    for (std::int64_t k = 0; k < count; ++k) {
      std::copy(r.v.data() + k * r.stride, r.v.data() + (k + 1) * r.stride, r.matrix.data() + (high - k) * r.stride);
    }
  }
  r.diagonal[0] = r.matrix[0];
  r.coupling[r.n - 1] = 0;
}

}  // namespace coals
