// Compiled once per instruction set, with COALS_TABLE naming the one symbol that the object exports.
#include "cholesky.hpp"
#include "counting.hpp"
#include "eigen.hpp"
#include "multiply.hpp"
#include "peak.hpp"
#include "rows.hpp"
#include "scores.hpp"
#include "small_systems.hpp"

namespace coals {
namespace {

template <class T>
constexpr Kernels<T> make_kernels() {
  return Kernels<T>{
      larger<int64_t>(tile_rows, Simd<T>::lanes),
      tile_rows,
      tile_vectors * Simd<T>::lanes,
      gather<T>,
      scale_rows<T>,
      add_rows<T>,
      gram_update<T>,
      cholesky_factor<T>,
      cholesky_solve<T>,
      dot_rows<T>,
      chain_rows<T>,
      panel_dots<T>,
      add_remainder<T>,
      add_squares<T>,
      pack_lanes<T>,
      Simd<T>::lanes,
      solve_lanes<T>,
      multiply_rows<T>,
      fma_flops<T>,
      fma_rounds<T>,
      score_block<T>,
      distance_block<T>,
  };
}

constexpr EigenKernels make_eigen_kernels() {
  return EigenKernels{slab_width, symmetric_product, rank_two_update, reflect_slab, rotate_slab};
}

}  // namespace

extern const KernelTable COALS_TABLE;
const KernelTable COALS_TABLE = {COALS_TABLE_NAME, make_kernels<float>(), make_kernels<double>(), make_eigen_kernels(),
                                 CountKernels{count_bits}};

}  // namespace coals
