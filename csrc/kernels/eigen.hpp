// Kernels of the symmetric eigenproblem: the four loops that hold all of its cubic work.
//
// The matrix is worked on through its lower triangle, cut into diagonal blocks of eigen_block rows. A diagonal block is
// stored whole: loops run over whole vectors, and only the part left of the block is used twice, once as itself and
// once as its mirror image. Vectors are kept as slabs: all rows, slab_width columns, contiguous, so that a slab stays
// in the second-level cache while many reflectors or rotations pass over it, whatever the size of the matrix.
//
// Nothing allocates; the one piece of scratch memory is most_reflectors rows of a slab on the stack.
#pragma once

#include "kernel_table.hpp"
#include "tile.hpp"

namespace coals {
namespace {

constexpr int64_t eigen_lanes = Simd<double>::lanes;
constexpr int slab_vectors = 2;
constexpr int64_t slab_width = slab_vectors * eigen_lanes;

// As many rows as the registers hold, so that one load and store of y serves them all.
constexpr int product_rows = COALS_VECTOR_BYTES == 64 ? 8 : 4;

static_assert(eigen_block % tile_rows == 0 && eigen_block % eigen_lanes == 0, "a block is whole tiles and vectors");
static_assert(eigen_block % product_rows == 0 && most_reflectors % tile_rows == 0, "no remainders");

COALS_INLINE int64_t block_end(int64_t row) { return (row / eigen_block + 1) * eigen_block; }

void symmetric_product(const double* matrix, int64_t stride, int64_t first, int64_t last, const double* v, double* y) {
  for (int64_t i = first; i < last; i += product_rows) {
    const double* rows = matrix + i * stride;
    const int64_t diagonal = block_end(i) - eigen_block;
    Vec<double> dot[product_rows] = {}, factor[product_rows];
#pragma GCC unroll 8
    for (int m = 0; m < product_rows; ++m) factor[m] = broadcast(v[i + m]);
    int64_t c = 0;
    for (; c < diagonal; c += eigen_lanes) {
      const Vec<double> x = load(v + c);
      Vec<double> mirrored = load(y + c);
#pragma GCC unroll 8
      for (int m = 0; m < product_rows; ++m) {
        const Vec<double> a = load(rows + m * stride + c);
        dot[m] += a * x;
        mirrored += a * factor[m];
      }
      store(y + c, mirrored);
    }
    for (; c < diagonal + eigen_block; c += eigen_lanes) {
#pragma GCC unroll 8
      for (int m = 0; m < product_rows; ++m) dot[m] += load(rows + m * stride + c) * load(v + c);
    }
    for (int m = 0; m < product_rows; ++m) y[i + m] += horizontal_sum<double>(dot[m]);
  }
}

template <int N>
COALS_INLINE void rank_two_tile(double* target, int64_t stride, const double* v_rows, const double* v_columns,
                                const double* w_rows, const double* w_columns, int64_t panel_stride, int64_t count) {
  Vec<double> acc[tile_rows][N] = {};
  accumulate<double, N>(acc, v_rows, panel_stride, w_columns, panel_stride, count);
  accumulate<double, N>(acc, w_rows, panel_stride, v_columns, panel_stride, count);
#pragma GCC unroll 8
  for (int m = 0; m < tile_rows; ++m) {
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      double* p = target + m * stride + n * eigen_lanes;
      store(p, load(p) - acc[m][n]);
    }
  }
}

void rank_two_update(double* matrix, int64_t stride, int64_t first, int64_t last, const double* v, const double* w,
                     int64_t panel_stride, int64_t count) {
  static_assert(tile_vectors <= 3, "add a case");
  // Columns outside, rows inside: the panel's columns stay in the first-level cache.
  for (int64_t c = 0; c < last; c += tile_vectors * eigen_lanes) {
    for (int64_t i = larger(first, c / eigen_block * eigen_block); i < last; i += tile_rows) {
      double* target = matrix + i * stride + c;
      switch ((block_end(i) - c) / eigen_lanes) {
        case 1: rank_two_tile<1>(target, stride, v + i, v + c, w + i, w + c, panel_stride, count); break;
        case 2: rank_two_tile<2>(target, stride, v + i, v + c, w + i, w + c, panel_stride, count); break;
        default: rank_two_tile<tile_vectors>(target, stride, v + i, v + c, w + i, w + c, panel_stride, count);
      }
    }
  }
}

// product[m] = v[m] . slab for tile_rows reflectors.
COALS_INLINE void reflector_tile(const double* v, int64_t stride, const double* slab, int64_t rows, double* product) {
  Vec<double> acc[tile_rows][slab_vectors] = {};
  for (int64_t r = 0; r < rows; ++r, slab += slab_width) {
    Vec<double> row[slab_vectors];
#pragma GCC unroll 2
    for (int n = 0; n < slab_vectors; ++n) row[n] = load(slab + n * eigen_lanes);
#pragma GCC unroll 8
    for (int m = 0; m < tile_rows; ++m) {
      const Vec<double> factor = broadcast(v[m * stride + r]);
#pragma GCC unroll 2
      for (int n = 0; n < slab_vectors; ++n) acc[m][n] += factor * row[n];
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < tile_rows; ++m) {
#pragma GCC unroll 2
    for (int n = 0; n < slab_vectors; ++n) store(product + m * slab_width + n * eigen_lanes, acc[m][n]);
  }
}

void reflect_slab(double* slab, int64_t rows, const double* v, int64_t stride, int64_t count, const double* triangle) {
  double product[most_reflectors * slab_width];
  for (int64_t m = 0; m < count; m += tile_rows) {
    reflector_tile(v + m * stride, stride, slab, rows, product + m * slab_width);
  }
  // Row m of the triangle reaches no row before m, so the result may take the place of what was read.
  for (int64_t m = 0; m < count; ++m) {
    Vec<double> acc[slab_vectors] = {};
    for (int64_t j = m; j < count; ++j) {
      const Vec<double> factor = broadcast(triangle[m * most_reflectors + j]);
#pragma GCC unroll 2
      for (int n = 0; n < slab_vectors; ++n) acc[n] += factor * load(product + j * slab_width + n * eigen_lanes);
    }
#pragma GCC unroll 2
    for (int n = 0; n < slab_vectors; ++n) store(product + m * slab_width + n * eigen_lanes, acc[n]);
  }
  for (int64_t r = 0; r < rows; r += tile_rows) {
    update_tile<double, slab_vectors, -1>(slab + r * slab_width, slab_width, v + r, stride, product, slab_width, count);
  }
}

// Sweep p works p rows behind the first one, so a row is loaded once, passed from sweep to sweep in registers and
// stored once. kept[p] is the row that sweep p shares with its next rotation. A rotation is three shears: three
// multiply-adds where c a - s b and s a + c b take two more multiplications.
void rotate_slab(double* slab, int64_t top, int64_t steps, const double* rotations) {
  Vec<double> kept[fused_sweeps][slab_vectors];
#pragma GCC unroll 8
  for (int p = 0; p < fused_sweeps; ++p) {
#pragma GCC unroll 2
    for (int n = 0; n < slab_vectors; ++n) kept[p][n] = load(slab + (top + p) * slab_width + n * eigen_lanes);
  }
  double* row = slab + (top - 1) * slab_width;
  for (int64_t t = 0; t < steps; ++t, row -= slab_width, rotations += 2 * fused_sweeps) {
    Vec<double> x[slab_vectors];
#pragma GCC unroll 2
    for (int n = 0; n < slab_vectors; ++n) x[n] = load(row + n * eigen_lanes);
#pragma GCC unroll 8
    for (int p = 0; p < fused_sweeps; ++p) {
      const Vec<double> t = broadcast(rotations[2 * p]), s = broadcast(rotations[2 * p + 1]);
#pragma GCC unroll 2
      for (int n = 0; n < slab_vectors; ++n) {
        const Vec<double> sheared = x[n] - t * kept[p][n];
        x[n] = kept[p][n] + s * sheared;
        kept[p][n] = sheared - t * x[n];
      }
    }
#pragma GCC unroll 2
    for (int n = 0; n < slab_vectors; ++n) store(row + fused_sweeps * slab_width + n * eigen_lanes, x[n]);
  }
#pragma GCC unroll 8
  for (int p = 0; p < fused_sweeps; ++p) {
#pragma GCC unroll 2
    for (int n = 0; n < slab_vectors; ++n) store(row + (p + 1) * slab_width + n * eigen_lanes, kept[p][n]);
  }
}

}  // namespace
}  // namespace coals
