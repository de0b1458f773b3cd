// Block Krylov SVD; see svd.hpp. All that is large are products of tall matrices and of the sparse one.
#include <cmath>
#include <limits>

#include "checks/arguments.hpp"
#include "checks/values.hpp"
#include "coals/als.hpp"
#include "coals/svd.hpp"
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

// Orthonormal blocks, and the projection of matrix^T matrix on what they span: its blocks on and above the diagonal,
// and its eigenpairs, values descending.
template <class T>
struct Krylov {
  std::vector<TallPanel<T>> basis;
  Buffer<double> projected, values, vectors;
  std::int64_t stride = 0;  // of `projected`
  std::int64_t size = 0;    // that `values` and `vectors` are of

  std::int64_t reached() const { return static_cast<std::int64_t>(basis.size()) * basis[0].width; }
};

template <class T>
void project_block(Krylov<T>& space, const TallPanel<T>& image, const RunControl& control) {
  const std::int64_t width = image.width, column = space.reached() - width;
  for (std::size_t b = 0; b < space.basis.size(); ++b) {
    const Buffer<double> block = cross_product(space.basis[b], image, control);
    for (std::int64_t r = 0; r < width; ++r) {
      std::copy(block.data() + r * width, block.data() + (r + 1) * width,
                space.projected.data() + (static_cast<std::int64_t>(b) * width + r) * space.stride + column);
    }
  }
}

template <class T>
void solve_projected(Krylov<T>& space, const RunControl& control) {
  const std::int64_t size = space.size = space.reached();
  space.values = Buffer<double>(size);
  space.vectors = Buffer<double>(size * size);
  // symmetric_eigen reads below the diagonal.
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) space.vectors[i * size + j] = space.projected[j * space.stride + i];
  }
  symmetric_eigen(size, space.vectors.data(), space.values.data(), space.vectors.data(), control);
}

// Whether no singular value has risen by a larger share than `tolerance` since `before`, which is brought up to date.
bool stands_still(const Buffer<double>& squares, double tolerance, std::vector<double>& before) {
  const double nothing = 1e-10 * std::max(squares[0], 0.0);
  bool still = true;
  for (std::size_t k = 0; k < before.size(); ++k) {
    const double now = std::sqrt(std::max(squares[static_cast<std::int64_t>(k)], nothing));
    still = still && now - before[k] <= tolerance * now;
    before[k] = now;
  }
  return still;
}

// Eigenproblems beyond this size are worth two more products.
constexpr std::int64_t size_to_save = 1000;

template <class T>
Krylov<T> krylov_space(const CsrView<T>& matrix, const CsrView<T>& transposed, MatrixView<const T> start,
                       std::int64_t rank, const SvdOptions& options, const RunControl& control) {
  Krylov<T> out;
  TallPanel<T> next(matrix.columns, start.columns);
  const std::int64_t width = next.width, most = options.power_iterations;
  for (std::int64_t i = 0; i < start.rows; ++i) {
    std::copy(start.row(i), start.row(i) + start.columns, next.view().row(i));
  }
  out.stride = (most + 1) * width;
  out.projected = Buffer<double>(out.stride * out.stride);
  TallPanel<T> image(matrix.rows, width);
  std::vector<double> values(static_cast<std::size_t>(rank), 0.0);
  for (std::int64_t j = 0; j <= most; ++j) {
    orthonormalize(out.basis, next, control);
    multiply_sparse(matrix, constant(next), image.view(), control);
    out.basis.push_back(std::move(next));
    next = TallPanel<T>(matrix.columns, width);
    multiply_sparse(transposed, constant(image), next.view(), control);
    project_block(out, next, control);
    if (j == most || options.tolerance == 0 || (out.reached() > size_to_save && j % 2 == 0)) continue;
    solve_projected(out, control);
    if (stands_still(out.values, options.tolerance, values)) return out;
  }
  solve_projected(out, control);
  return out;
}

// The best `count` directions of the space.
template <class T>
TallPanel<T> ritz_vectors(const Krylov<T>& space, std::int64_t count, const RunControl& control) {
  TallPanel<T> out(space.basis[0].rows, count);
  const std::int64_t width = space.basis[0].width;
  for (std::size_t b = 0; b < space.basis.size(); ++b) {
    Buffer<double> part(width * out.width);
    std::fill(part.begin(), part.end(), 0.0);
    for (std::int64_t r = 0; r < width; ++r) {
      const double* row = space.vectors.data() + (static_cast<std::int64_t>(b) * width + r) * space.size;
      std::copy(row, row + count, part.data() + r * out.width);
    }
    add_product(space.basis[b], part.data(), 1.0, out, control);
  }
  return out;
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
  scale_columns(constant(image), inverse, image_side);
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
    Krylov<T> space = krylov_space(by_row, by_column, start, right.columns, options, control);
    TallPanel<T> near = ritz_vectors(space, right.columns, control);
    space.basis.clear();
    singular_triplets(by_row, near, tall ? right : left, values, tall ? left : right, control);
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
