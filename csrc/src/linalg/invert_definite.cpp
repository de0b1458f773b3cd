// The inverse of a symmetric positive definite matrix in one sweep of Cholesky steps; see linalg.hpp.
//
// Each step takes a block K of rows with pivot block P = U^T U and the rest R of its rows. With W = U^-T R it subtracts
// W^T W from all of the upper triangle outside K, and then puts P^-1 R = U^-1 W in the place of R and -P^-1 in that of
// P. To the right of K that is the trailing update of Cholesky; to the left it turns what is there into the negative
// inverse of the leading block; after the last step all is the negative inverse. Nearly all of the work is one product
// of the same shape in every step, in the register tile, on half the matrix. Bientinesi, Gunter and van de Geijn,
// Families of algorithms related to the inversion of a symmetric positive definite matrix, ACM TOMS 35, 2008.
#include <algorithm>
#include <cmath>

#include "checks/arguments.hpp"
#include "coals/errors.hpp"
#include "coals/linalg.hpp"
#include "linalg/mirror.hpp"
#include "linalg/padding.hpp"
#include "runtime/dispatch.hpp"

namespace coals {

namespace {

constexpr std::int64_t depth = 128;  // rows of a step: their panel of one tile's columns fits the first-level cache
constexpr std::int64_t block_width = 192;  // columns of a panel; two panels fit the second-level cache

// A panel has `depth` rows of block_width columns; those beyond the matrix, and rows beyond the step's, are zero.
template <class T>
class Sweep {
 public:
  Sweep(MatrixView<T> matrix, const RunControl& control)
      : kernels_(active_kernels<T>()),
        control_(control),
        matrix_(matrix),
        blocks_((matrix.rows + block_width - 1) / block_width),
        stride_(spread(block_width, kernels_.lanes)),
        rest_(blocks_ * depth * stride_),
        half_(blocks_ * depth * stride_),
        upper_(depth * depth),
        inverse_(depth * depth),
        transposed_(depth * depth) {}

  void run() {
    for (first_ = 0; first_ < matrix_.rows; first_ += depth) {
      count_ = std::min(depth, matrix_.rows - first_);
      factor_pivot();
      parallel_for(blocks_, control_, [&](std::int64_t b) { gather_and_solve(b); });
      const std::int64_t pairs = blocks_ * (blocks_ + 1) / 2;
      parallel_for(
          pairs, control_, [&] { return Buffer<T>(block_width * block_width); },
          [&](Buffer<T>& scratch, std::int64_t pair) { update(pair, scratch); });
      parallel_for(blocks_, control_, [&](std::int64_t b) { finish(b); });
      store_pivot();
    }
    mirror_upper(matrix_, T(-1), control_);
  }

 private:
  bool in_step(std::int64_t column) const { return column >= first_ && column < first_ + count_; }
  std::int64_t columns_of(std::int64_t b) const { return std::min(block_width, matrix_.rows - b * block_width); }

  // U of the pivot block, its inverse and the transpose of that. Rows beyond the step's are those of the identity.
  void factor_pivot() {
    std::fill(upper_.begin(), upper_.end(), T(0));
    for (std::int64_t r = 0; r < depth; ++r) {
      upper_[r * depth + r] = T(1);
      if (r < count_) std::copy(row(r) + first_ + r, row(r) + first_ + count_, upper_.data() + r * depth + r);
    }
    T inverse_diagonal[depth];
    const std::int64_t failed = kernels_.cholesky_factor(upper_.data(), depth, depth, T(0), inverse_diagonal);
    if (failed >= 0) throw SingularSystem(first_ + failed, first_ + failed, matrix_.rows);
    for (std::int64_t r = 0; r < count_; ++r) {
      // A pivot so small that its inverse is beyond T.
      if (!std::isfinite(inverse_diagonal[r] * inverse_diagonal[r])) {
        throw SingularSystem(first_ + r, first_ + r, matrix_.rows);
      }
    }
    std::fill(inverse_.begin(), inverse_.end(), T(0));
    for (std::int64_t i = depth - 1; i >= 0; --i) {
      T* out = inverse_.data() + i * depth;
      for (std::int64_t k = i + 1; k < depth; ++k) {
        const T factor = upper_[i * depth + k];
        const T* below = inverse_.data() + k * depth;
        for (std::int64_t j = k; j < depth; ++j) out[j] -= factor * below[j];
      }
      out[i] = T(1);
      for (std::int64_t j = i; j < depth; ++j) out[j] *= inverse_diagonal[i];
    }
    for (std::int64_t i = 0; i < depth; ++i) {
      for (std::int64_t j = 0; j < depth; ++j) transposed_[j * depth + i] = inverse_[i * depth + j];
    }
  }

  // R, then W = U^-T R, of one panel; zero in the columns of the step itself.
  void gather_and_solve(std::int64_t b) {
    T* rest = rest_.data() + b * depth * stride_;
    std::fill(rest, rest + depth * stride_, T(0));
    const std::int64_t begin = b * block_width, columns = columns_of(b);
    for (std::int64_t c = 0; c < columns && begin + c < first_; ++c) {
      const T* above = matrix_.row(begin + c) + first_;
      for (std::int64_t r = 0; r < count_; ++r) rest[r * stride_ + c] = above[r];
    }
    const std::int64_t right = std::max<std::int64_t>(0, first_ + count_ - begin);
    for (std::int64_t r = 0; r < count_ && right < columns; ++r) {
      std::copy(row(r) + begin + right, row(r) + begin + columns, rest + r * stride_ + right);
    }
    T* half = half_.data() + b * depth * stride_;
    std::fill(half, half + depth * stride_, T(0));
    kernels_.add_product(inverse_.data(), depth, depth, rest, stride_, block_width, depth, half, stride_);
  }

  // One block of the upper triangle. At the edge of the matrix whole tiles need room of their own.
  void update(std::int64_t pair, Buffer<T>& scratch) {
    std::int64_t bi = 0, bj = pair;
    while (bj >= blocks_ - bi) bj -= blocks_ - bi++;
    bj += bi;
    const T *a = half_.data() + bi * depth * stride_, *b = half_.data() + bj * depth * stride_;
    const std::int64_t rows = columns_of(bi), columns = columns_of(bj);
    T* target = matrix_.row(bi * block_width) + bj * block_width;
    if (rows == block_width && columns == block_width) {
      kernels_.subtract_product(a, stride_, rows, b, stride_, columns, depth, target, matrix_.stride);
      return;
    }
    std::fill(scratch.begin(), scratch.end(), T(0));
    kernels_.subtract_product(a, stride_, block_width, b, stride_, block_width, depth, scratch.data(), block_width);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) target[i * matrix_.stride + j] += scratch[i * block_width + j];
    }
  }

  // P^-1 R = U^-1 W goes where R was.
  void finish(std::int64_t b) {
    T* out = rest_.data() + b * depth * stride_;
    const T* half = half_.data() + b * depth * stride_;
    std::fill(out, out + depth * stride_, T(0));
    kernels_.add_product(transposed_.data(), depth, depth, half, stride_, block_width, depth, out, stride_);
    const std::int64_t begin = b * block_width, columns = columns_of(b);
    for (std::int64_t c = 0; c < columns && begin + c < first_; ++c) {
      T* above = matrix_.row(begin + c) + first_;
      for (std::int64_t r = 0; r < count_; ++r) above[r] = out[r * stride_ + c];
    }
    const std::int64_t right = std::max<std::int64_t>(0, first_ + count_ - begin);
    for (std::int64_t r = 0; r < count_ && right < columns; ++r) {
      std::copy(out + r * stride_ + right, out + r * stride_ + columns, row(r) + begin + right);
    }
  }

  void store_pivot() {
    std::fill(upper_.begin(), upper_.end(), T(0));
    kernels_.subtract_product(transposed_.data(), depth, depth, transposed_.data(), depth, depth, depth, upper_.data(),
                              depth);
    for (std::int64_t r = 0; r < count_; ++r) {
      std::copy(upper_.data() + r * depth + r, upper_.data() + r * depth + count_, row(r) + first_ + r);
    }
  }

  T* row(std::int64_t r) const { return matrix_.row(first_ + r); }

  const Kernels<T>& kernels_;
  const RunControl& control_;
  MatrixView<T> matrix_;
  std::int64_t blocks_, stride_, first_ = 0, count_ = 0;
  Buffer<T> rest_, half_, upper_, inverse_, transposed_;
};

}  // namespace

template <class T>
void invert_definite(MatrixView<T> matrix, const RunControl& control) {
  check_matrix(matrix, matrix.rows, matrix.rows, "matrix");
  in_team(control, [&] { Sweep<T>(matrix, control).run(); });
}

template void invert_definite<float>(MatrixView<float>, const RunControl&);
template void invert_definite<double>(MatrixView<double>, const RunControl&);

}  // namespace coals
