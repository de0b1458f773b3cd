// What a kernel object exports: one table of plain function pointers per instruction set.
//
// Conventions. All matrices are row-major with a stride in elements. A "padded" width is a multiple of `pad`; the
// columns beyond the real width hold zeros. Kernels allocate nothing, throw nothing and call nothing outside
// themselves.
#pragma once

#include <cstdint>

namespace coals {

template <class T>
struct Kernels {
  int64_t pad;          // widths and system sizes are padded to a multiple of this
  int64_t score_rows;   // queries scored together
  int64_t score_width;  // items scored together

  // panel[r][0..width) = source[index[r]][0..width), then 1 if append_one, then zeros up to panel_stride.
  void (*gather)(const T* source, int64_t stride, const int32_t* index, int64_t count, int64_t width, bool append_one,
                 T* panel, int64_t panel_stride);

  // out[r] = weight[r] * panel[r], whole padded rows.
  void (*scale_rows)(const T* panel, const T* weight, int64_t count, int64_t stride, T* out);

  // sum[0..size) += sum over r of coefficient[r] * panel[r]; size is padded.
  void (*add_rows)(const T* panel, int64_t stride, const T* coefficient, int64_t count, int64_t size, T* sum);

  // gram += a^T b on the tiles on or above the diagonal. b is a panel, a the same panel with weighted rows (or b
  // itself).
  void (*gram_update)(const T* a, const T* b, int64_t panel_stride, int64_t count, int64_t size, T* gram,
                      int64_t gram_stride);

  // matrix = U^T U in place, U upper triangular; what lies below the diagonal is not read and is overwritten at will.
  // inverse_diagonal gets 1 / U[i][i]. Returns -1, or the first row whose pivot is not above tolerance * its diagonal.
  int64_t (*cholesky_factor)(T* matrix, int64_t stride, int64_t size, T tolerance, T* inverse_diagonal);

  // Solves U^T U x = rhs. rhs is overwritten; x may not alias it. Both have the padded size.
  void (*cholesky_solve)(const T* upper, int64_t stride, int64_t size, const T* inverse_diagonal, T* rhs, T* x);

  // out[r] = x . source[index[r]] over `width` elements.
  void (*dot_rows)(const T* x, const T* source, int64_t stride, const int32_t* index, int64_t count, int64_t width,
                   T* out);

  // scores[m][n] = sum over k < width of queries[k][m] * items[k][n], for score_rows x score_width. Bit m of the result
  // is set when a score of row m exceeds bound[m].
  uint32_t (*score_block)(const T* queries, const T* items, int64_t width, const T* bound, T* scores);
};

constexpr int64_t eigen_block = 8;       // rows of a diagonal block of a symmetric matrix
constexpr int64_t most_reflectors = 32;  // applied together
constexpr int64_t fused_sweeps = 4;      // sweeps of rotations applied in one pass

// The symmetric eigenproblem (eigen.hpp). A symmetric matrix has its diagonal blocks stored whole and, outside them,
// only what lies below the diagonal; its rows, and the vectors that go with it, are padded to whole blocks.
struct EigenKernels {
  int64_t slab_width;  // columns of a slab; its rows are contiguous

  // y += what rows [first, last) of the matrix, and their mirror images, bring to matrix * v. Whole blocks.
  void (*symmetric_product)(const double* matrix, int64_t stride, int64_t first, int64_t last, const double* v,
                            double* y);

  // matrix -= sum over r < count of v[r] w[r]^T + w[r] v[r]^T in rows [first, last). Whole blocks.
  void (*rank_two_update)(double* matrix, int64_t stride, int64_t first, int64_t last, const double* v, const double* w,
                          int64_t panel_stride, int64_t count);

  // slab -= V^T triangle V slab, V being the first `count` rows of v: at most most_reflectors, readable up to the next
  // multiple of eigen_block, `rows` wide and zero from there to the next multiple of eigen_block, to which the slab
  // must be writable. The triangle is upper, with most_reflectors columns.
  void (*reflect_slab)(double* slab, int64_t rows, const double* v, int64_t stride, int64_t count,
                       const double* triangle);

  // Rotates pairs of rows. Step k of sweep p takes a = row top - 1 - k + p and b, the row after it, to c a - s b and
  // s a + c b with c >= 0; rotations holds t = s / (1 + c), then s, at 2 (k fused_sweeps + p). All of sweep p goes
  // before sweep p + 1. Rows top - steps to top + fused_sweeps - 1 are read and written.
  void (*rotate_slab)(double* slab, int64_t top, int64_t steps, const double* rotations);
};

struct KernelTable {
  const char* name;
  Kernels<float> real32;
  Kernels<double> real64;
  EigenKernels eigen;
};

}  // namespace coals
