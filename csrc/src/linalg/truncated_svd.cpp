// Singular values and vectors from those of the Gram matrix of the shorter side; see svd.hpp.
#include <algorithm>
#include <cmath>
#include <limits>

#include "checks/arguments.hpp"
#include "checks/values.hpp"
#include "coals/als.hpp"
#include "coals/linalg.hpp"
#include "coals/svd.hpp"
#include "linalg/block_lanczos.hpp"
#include "linalg/leading_eigen.hpp"
#include "linalg/symmetric_eigen.hpp"
#include "linalg/tall_panel.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

template <class T>
MatrixView<const T> constant(const TallPanel<T>& panel) {
  return panel.view();
}

// Eigenvectors of the dense Gram matrix, in double whatever T is.
template <class T>
TallPanel<T> of_gram(const CsrView<T>& matrix, const CsrView<T>& transposed, std::int64_t count,
                     const RunControl& control) {
  const std::int64_t size = matrix.columns, found = std::min(size, count);
  Buffer<double> gram(size * size), values(found), vectors(size * found);
  const auto wide = [](const CsrView<T>& narrow, Buffer<double>& value) {
    value = Buffer<double>(narrow.entries());
    std::copy_n(narrow.value, narrow.entries(), value.data());
    return CsrView<double>{narrow.rows, narrow.columns, narrow.row_begin, narrow.column, value.data()};
  };
  Buffer<double> by_row, by_column;
  item_gram<double>(wide(matrix, by_row), wide(transposed, by_column), 0.0, {gram.data(), size, size, size}, control);
  leading_eigen(size, gram.data(), found, values.data(), vectors.data(), control);
  TallPanel<T> near(size, count);
  for (std::int64_t i = 0; i < size; ++i) std::copy_n(vectors.data() + i * found, found, near.view().row(i));
  return near;
}

// Up to this size the dense Gram matrix costs little, and values down to 1e-7 of the largest are found in double.
constexpr std::int64_t always_dense = 256;

// Up to this size the dense way (128 MiB) is taken in the end if Lanczos finds values whose squares its rounding blurs.
constexpr std::int64_t most_dense = 4096;

// Whether one of the values, which descend, is small compared with the first, but not zero.
bool has_small(const double* values, std::int64_t count) {
  return std::any_of(values, values + count, [&](double value) { return value > 0 && value < 1e-3 * values[0]; });
}

// About how many nanoseconds of one core the two ways take, by a model fitted on one machine. The choice follows from
// sizes alone.
template <class T>
double gram_cost(const CsrView<T>& matrix, std::int64_t count) {
  double pairs = 0;
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    pairs += 0.5 * static_cast<double>(matrix.row_size(i)) * static_cast<double>(matrix.row_size(i));
  }
  const double n = static_cast<double>(matrix.columns), k = static_cast<double>(count);
  return pairs + n * n * (0.065 * n + 0.15 * k) + 0.15 * n * k * k;
}

// Krylov spaces of recommendation data are about this large when they hold `count` singular vectors.
template <class T>
double lanczos_cost(const CsrView<T>& matrix, std::int64_t count, std::int64_t most) {
  const double n = static_cast<double>(matrix.columns), k = static_cast<double>(count);
  const double size = std::min({2.2 * k + 140, n, static_cast<double>(most)});
  const double entries = 0.3 * static_cast<double>(matrix.entries() + 4 * matrix.rows);
  return size * (entries + n * (25 + 0.05 * size + 0.06 * k) + size * (0.065 * size + 0.15 * k) + 0.15 * k * k);
}

// As many as a search by powers of the whole start would take.
template <class T>
std::int64_t most_products(const CsrView<T>& matrix, MatrixView<const T> start, const SvdOptions& options) {
  return std::min(matrix.columns, (options.power_iterations + 1) * start.columns);
}

// to = the first columns of `from`, each times its scale.
template <class T>
void scale_columns(MatrixView<const T> from, const std::vector<double>& scale, MatrixView<T> to) {
  for (std::int64_t i = 0; i < to.rows; ++i) {
    for (std::int64_t k = 0; k < to.columns; ++k) to.row(i)[k] = static_cast<T>(from.row(i)[k] * scale[k]);
  }
}

template <class T>
void scale_columns(MatrixView<T> rows, const std::vector<double>& scale) {
  scale_columns<T>({rows.data, rows.rows, rows.columns, rows.stride}, scale, rows);
}

// +1 or -1 for each column, so that the component of largest magnitude becomes positive.
template <class T>
std::vector<double> signs(MatrixView<T> rows) {
  std::vector<double> sign(static_cast<std::size_t>(rows.columns), 1.0);
  std::vector<T> largest(static_cast<std::size_t>(rows.columns), T(0));
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::int64_t k = 0; k < rows.columns; ++k) {
      const T size = std::abs(rows.row(i)[k]);
      if (size > largest[k]) {
        largest[k] = size;
        sign[k] = rows.row(i)[k] < T(0) ? -1.0 : 1.0;
      }
    }
  }
  return sign;
}

template <class T>
std::vector<double> column_norms(MatrixView<const T> rows, std::int64_t count) {
  std::vector<double> norm(static_cast<std::size_t>(count), 0.0);
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::int64_t k = 0; k < count; ++k) {
      norm[k] += static_cast<double>(rows.row(i)[k]) * static_cast<double>(rows.row(i)[k]);
    }
  }
  for (double& value : norm) value = std::sqrt(value);
  return norm;
}

// `near` holds nearly singular vectors of one side. Their images, made orthogonal exactly, give values and the other
// side: squares of values far below the largest would drown in its rounding without this second look. For the same
// reason values are the norms of the images, not the roots of what was found about their squares.
template <class T>
void singular_triplets(const CsrView<T>& matrix, TallPanel<T>& near, MatrixView<T> near_side, double* values,
                       MatrixView<T> image_side, const RunControl& control) {
  const std::int64_t count = near_side.columns, width = near.width;
  TallPanel<T> image(matrix.rows, count);
  multiply_sparse(matrix, constant(near), image.view(), control);
  Buffer<double> axes(width * width), squares(width);
  gram<T>(constant(image), {axes.data(), width, width, width}, control);
  symmetric_eigen(width, axes.data(), squares.data(), axes.data(), control);
  const MatrixView<const double> turn{axes.data(), width, width, width};
  rotate<T>(near.view(), turn, control);
  rotate<T>(image.view(), turn, control);
  const std::vector<double> norms = column_norms(constant(image), count);
  const double nothing = std::sqrt(std::numeric_limits<T>::epsilon()) / 4 * norms[0];
  std::vector<double> present(static_cast<std::size_t>(count)), inverse = present;
  for (std::int64_t k = 0; k < count; ++k) {
    values[k] = norms[k] > nothing ? norms[k] : 0.0;
    present[k] = norms[k] > nothing ? 1.0 : 0.0;
    inverse[k] = norms[k] > nothing ? 1.0 / norms[k] : 0.0;
    // The order is that of the rotation; equal values may differ in their last bits.
    if (k > 0) values[k] = std::min(values[k], values[k - 1]);
  }
  scale_columns(constant(near), present, near_side);
  inverse.resize(static_cast<std::size_t>(width));
  scale_columns(image.view(), inverse);
  // Rounding leaves a part of the image of a large value in that of a small one, which scaling would enlarge.
  if (values[count - 1] < 1e-2 * values[0]) orthonormalize_in_order(image, control);
  present.assign(present.size(), 1.0);
  scale_columns(constant(image), present, image_side);
}

template <class T>
void check_svd(const CsrView<T>& matrix, const CsrView<T>& transposed, MatrixView<const T> start,
               const SvdOptions& options, MatrixView<T> left, const double* values, MatrixView<T> right) {
  const std::int64_t rank = right.columns;
  check_valued(matrix, "matrix");
  check_transposes(matrix, transposed, "transposed");
  check_factors(right, matrix.columns, rank, "right");
  check_factors(left, matrix.rows, rank, "left");
  check_pointer(values, rank, "values");
  check_matrix(start, std::min(matrix.rows, matrix.columns), start.columns, "start");
  if (start.columns < rank) refuse("start", "must have a column for each singular value");
  if (start.columns > most_factors) refuse("start", "must not have more than 1048576 columns");
  constexpr std::int64_t most_vectors = std::int64_t{1} << 28;  // their square is the size of an eigenproblem
  require(options.power_iterations >= 0 && options.power_iterations < most_vectors / (start.columns + 64),
          "power_iterations must not be negative, and times the columns of start below 268435456");
  check_number(options.tolerance, 0, 1, "tolerance");
  check_values(matrix, "matrix");
  check_values(start, "start");
}

}  // namespace

template <class T>
void truncated_svd(const CsrView<T>& matrix, const CsrView<T>& transposed, MatrixView<const T> start,
                   const SvdOptions& options, MatrixView<T> left, double* values, MatrixView<T> right,
                   const RunControl& control) {
  check_svd(matrix, transposed, start, options, left, values, right);
  in_team(control, [&] {
    const bool tall = matrix.columns <= matrix.rows;
    const CsrView<T>& by_row = tall ? matrix : transposed;
    const CsrView<T>& by_column = tall ? transposed : matrix;
    const std::int64_t count = right.columns, most = most_products(by_row, start, options);
    const bool dense = by_row.columns <= always_dense || gram_cost(by_row, count) <= lanczos_cost(by_row, count, most);
    const auto triplets_of = [&](TallPanel<T> near) {
      singular_triplets(by_row, near, tall ? right : left, values, tall ? left : right, control);
    };
    triplets_of(dense ? of_gram(by_row, by_column, count, control)
                      : block_lanczos(by_row, by_column, start, count, most, options.tolerance, control));
    if (!dense && by_row.columns <= most_dense && has_small(values, count)) {
      triplets_of(of_gram(by_row, by_column, count, control));
    }
    if (tall) {
      // Taken from the left vectors, so that equal columns of the matrix get equal rows to the bit, as images do.
      multiply_sparse(transposed, {left.data, left.rows, left.columns, left.stride}, right, control);
      std::vector<double> inverse(static_cast<std::size_t>(right.columns));
      for (std::int64_t k = 0; k < right.columns; ++k) inverse[k] = values[k] > 0 ? 1.0 / values[k] : 0.0;
      scale_columns(right, inverse);
    }
    const std::vector<double> sign = signs(right);
    scale_columns(left, sign);
    scale_columns(right, sign);
  });
}

template void truncated_svd<float>(const CsrView<float>&, const CsrView<float>&, MatrixView<const float>,
                                   const SvdOptions&, MatrixView<float>, double*, MatrixView<float>, const RunControl&);
template void truncated_svd<double>(const CsrView<double>&, const CsrView<double>&, MatrixView<const double>,
                                    const SvdOptions&, MatrixView<double>, double*, MatrixView<double>,
                                    const RunControl&);

}  // namespace coals
