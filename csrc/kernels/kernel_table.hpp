// What a kernel object exports: one table of plain function pointers per instruction set.
//
// Conventions. All matrices are row-major with a stride in elements. A "padded" width is a multiple of `pad`; the
// columns beyond the real width hold zeros. Kernels allocate nothing, throw nothing and call nothing outside
// themselves.
#pragma once

#include <cstdint>

namespace coals {

// Rows source[index[r]], each followed by a 1 if append_one, times column_scale element by element and row_scale[r];
// null scales are ones.
template <class T>
struct GatherFrom {
  const T* source;
  int64_t stride;
  const int32_t* index;
  int64_t count;
  int64_t width;
  bool append_one;
  const T* column_scale;
  const T* row_scale;
  int64_t following = 0;  // how many more indices the next calls will take

  const T* row(int64_t r) const { return source + index[r] * stride; }
};

// Factors that gradient steps move, and what steps need to know. Rows are `width` long, a multiple of lanes; state has
// the shape of what it goes with: sums of squared gradients (adagrad), or velocities.
template <class T>
struct StepsOn {
  T *users, *items, *user_state, *item_state;
  T *user_bias, *item_bias, *user_bias_state, *item_bias_state;  // null: none
  int64_t width;
  T rate, user_penalty, item_penalty, momentum;
  bool adagrad;
  bool move_items;
  T mean;       // added to every score
  bool squash;  // to low + range * sigmoid
  T low, range;
};

template <class T>
struct Kernels {
  int64_t pad;          // widths and system sizes are padded to a multiple of this
  int64_t score_rows;   // queries scored together
  int64_t score_width;  // items scored together

  // panel[r] = row r of what `from` describes, then zeros up to panel_stride.
  void (*gather)(const GatherFrom<T>& from, T* panel, int64_t panel_stride);

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

  // The same to the bit of score_block: one chain of multiply-adds in the order of the elements. distance: minus the
  // squared distance.
  void (*chain_rows)(const T* x, const T* source, int64_t stride, const int32_t* index, int64_t count, int64_t width,
                     bool distance, T* out);

  // out[j][i] = panel row i . panel row j, for j <= i at least. The panel has count rows rounded up to a multiple of 4,
  // the surplus ones zero, and whole padded columns. out has as many rows and columns as the panel has rows.
  void (*panel_dots)(const T* panel, int64_t stride, int64_t count, int64_t size, T* out, int64_t out_stride);

  // out[0..size) += sum over r of (target[r] - weight[r] (panel[r] . x)) panel[r]; size is padded, a null weight is
  // ones, a null target zeros.
  void (*add_remainder)(const T* panel, int64_t stride, const T* weight, const T* target, int64_t count, int64_t size,
                        const T* x, T* out);

  // out[0..size) += sum over r of weight[r] panel[r]^2, element by element.
  void (*add_squares)(const T* panel, int64_t stride, const T* weight, int64_t count, int64_t size, T* out);

  // out[(i (i + 1) / 2 + j) * lanes + l] = element (j, i), j <= i, of matrix l. The matrices lie `distance` apart;
  // their rows are padded.
  void (*pack_lanes)(const T* matrices, int64_t distance, int64_t stride, int64_t size, T* out);

  // Solves `lanes` symmetric systems of one size side by side. Element (i, j), j <= i, of system l is
  // matrix[(i (i + 1) / 2 + j) * lanes + l], and rhs[i * lanes + l] becomes the solution. Returns a mask of the systems
  // with a pivot that is not positive.
  int64_t lanes;
  uint32_t (*solve_lanes)(T* matrix, int64_t size, T* rhs);

  // out[r][0..columns) = rows[r] matrix, where matrix has `width` rows and columns is padded. count is a multiple of
  // score_rows. out may not alias rows.
  void (*multiply_rows)(const T* rows, int64_t stride, int64_t count, int64_t width, const T* matrix,
                        int64_t matrix_stride, int64_t columns, T* out, int64_t out_stride);

  // Does rounds * fma_flops operations that fit the machine best, and returns something that depends on all of them.
  int64_t fma_flops;
  T (*fma_rounds)(int64_t rounds);

  // out[0..width) = sum over r of coefficient[r] * source[index[r]], in order; a null coefficient is ones. width is a
  // multiple of lanes.
  void (*combine_rows)(const T* source, int64_t stride, const int32_t* index, const T* coefficient, int64_t count,
                       int64_t width, T* out);

  // target += a^T b, or -= it, where a is count x rows and b is count x columns. rows is a multiple of score_rows,
  // columns of lanes.
  void (*add_product)(const T* a, int64_t a_stride, int64_t rows, const T* b, int64_t b_stride, int64_t columns,
                      int64_t count, T* target, int64_t stride);
  void (*subtract_product)(const T* a, int64_t a_stride, int64_t rows, const T* b, int64_t b_stride, int64_t columns,
                           int64_t count, T* target, int64_t stride);

  // One step for each entry in turn, along the gradient of half its squared error and penalties. Returns the sum of the
  // squared errors met.
  double (*rating_steps)(const StepsOn<T>& on, const int32_t* user, const int32_t* item, const T* value, int64_t count);

  // One step for each pair of a preferred and another item in turn, along the gradient of -log sigmoid(margin) and
  // penalties; margin[k] is the one met. user_bias takes no part.
  void (*pair_steps)(const StepsOn<T>& on, const int32_t* user, const int32_t* preferred, const int32_t* other,
                     int64_t count, T* margin);

  // scores[m][n] = sum over k < width of queries[k][m] * items[k][n], for score_rows x score_width. Bit m of the result
  // is set when a score of row m exceeds bound[m].
  // If the result is 0, scores are left as they are.
  uint32_t (*score_block)(const T* queries, const T* items, int64_t width, const T* bound, T* scores);
  // The same for minus the sum of (queries[k][m] - items[k][n])^2.
  uint32_t (*distance_block)(const T* queries, const T* items, int64_t width, const T* bound, T* scores);
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

constexpr int64_t bit_block = 512;  // columns of bits that are counted together

// Co-occurrence by bits (counting.hpp).
struct CountKernels {
  // counts[c] = how many of the `count` rows `row` of bits have bit c; a row is bit_block bits, bit c being bit c % 64
  // of word c / 64. count is below 2^31.
  void (*count_bits)(const uint64_t* bits, const int32_t* row, int64_t count, uint32_t* counts);

  // Lists the places and values of counts of at least `least` and sets all to zero; returns how many there were. The
  // lists have room for `count`; counts are below 2^31.
  int64_t (*take_counts)(uint32_t* counts, int64_t count, uint32_t least, int32_t* place, uint32_t* taken);
};

// What is summed over the users who have both items of a pair, x and y being their values.
struct ProductSums {
  double xy = 0;
};

struct CountedProductSums {
  double xy = 0, number = 0;
};

struct MomentSums {
  double x = 0, y = 0, xx = 0, yy = 0, xy = 0, number = 0;
};

// For each k < count, sums[rank[k]] gets what x and value[k] add (scatter.hpp). No rank comes twice.
template <class Sums>
struct ScatterKernels {
  void (*narrow32)(Sums* sums, const uint16_t* rank, const float* value, int64_t count, double x);
  void (*narrow64)(Sums* sums, const uint16_t* rank, const double* value, int64_t count, double x);
  void (*wide32)(Sums* sums, const uint32_t* rank, const float* value, int64_t count, double x);
  void (*wide64)(Sums* sums, const uint32_t* rank, const double* value, int64_t count, double x);
};

struct PairKernels {
  ScatterKernels<ProductSums> products;
  ScatterKernels<CountedProductSums> counted_products;
  ScatterKernels<MomentSums> moments;

  // Lists the places and values of sums that are not zero and reach bound[c] or own_bound, and sets all to zero;
  // returns how many there were. The lists have room for `count`.
  int64_t (*take_products)(ProductSums* sums, int64_t count, const double* bound, double own_bound, int32_t* place,
                           double* taken);
};

// What pairs of a tile's queries and a panel's items must reach. An exact score is reached by a pair whose integers say
// that scale * (sum - offset) >= reach - byte_norm * error - error_norm * norm - least.
struct ByteLimits {
  const double* reach;          // by query; plus infinity lets nothing through, minus infinity all
  const double* inverse_scale;  // of the query
  const double* byte_norm;
  const double* error_norm;
  const double* offset;  // 128 times the sum of the query's integers
  double least;
};

// First passes of top-N in 8-bit integers (bytes.hpp).
struct ByteKernels {
  const char* name;
  int64_t rows;   // queries of a tile
  int64_t width;  // items of a panel

  // dots[m][n] = sum over k < 4 steps of queries[k / 4][m][k % 4] * items[k / 4][n][k % 4]; sums must fit in 32 bits.
  // Bit n of above[m] is set where that may reach what `limits` ask, for items with `error` and `norm` at most; bit m
  // of the result where above[m] is not 0; the other above[m] are left as they are, and dots too if all are.
  uint32_t (*score_tile)(const int8_t* queries, const uint8_t* items, int64_t steps, const ByteLimits& limits,
                         double error, double norm, double inverse_scale, int32_t* dots, uint64_t* above);

  // The same for the first query of the tile alone.
  uint32_t (*score_row)(const int8_t* queries, const uint8_t* items, int64_t steps, const ByteLimits& limits,
                        double error, double norm, double inverse_scale, int32_t* dots, uint64_t* above);

  // best[m][n] = the larger of itself and scale[m] * (the sum above) + shift[m], about.
  void (*sample_tile)(const int8_t* queries, const uint8_t* items, int64_t steps, const float* scale,
                      const float* shift, float* best);

  // The same for the first query of the tile alone.
  void (*sample_row)(const int8_t* queries, const uint8_t* items, int64_t steps, const float* scale, const float* shift,
                     float* best);
};

struct KernelTable {
  const char* name;
  Kernels<float> real32;
  Kernels<double> real64;
  EigenKernels eigen;
  CountKernels count;
  PairKernels pairs;
};

}  // namespace coals
