// Compiled once per instruction set, with COALS_TABLE naming the one symbol that the object exports.
#include "cholesky.hpp"
#include "counting.hpp"
#include "eigen.hpp"
#include "multiply.hpp"
#include "peak.hpp"
#include "products.hpp"
#include "rows.hpp"
#include "scatter.hpp"
#include "scores.hpp"
#include "small_systems.hpp"
#include "steps.hpp"

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
      combine_rows<T>,
      update_product<T, 1>,
      update_product<T, -1>,
      rating_steps<T>,
      pair_steps<T>,
      score_block<T>,
      distance_block<T>,
  };
}

constexpr EigenKernels make_eigen_kernels() {
  return EigenKernels{slab_width, symmetric_product, rank_two_update, reflect_slab, rotate_slab};
}

template <class Sums>
constexpr ScatterKernels<Sums> make_scatter_kernels() {
  return ScatterKernels<Sums>{scatter<Sums, uint16_t, float>, scatter<Sums, uint16_t, double>,
                              scatter<Sums, uint32_t, float>, scatter<Sums, uint32_t, double>};
}

constexpr PairKernels make_pair_kernels() {
  return PairKernels{make_scatter_kernels<ProductSums>(), make_scatter_kernels<CountedProductSums>(),
                     make_scatter_kernels<MomentSums>(), take_products};
}

}  // namespace

extern const KernelTable COALS_TABLE;
const KernelTable COALS_TABLE = {COALS_TABLE_NAME,
                                 make_kernels<float>(),
                                 make_kernels<double>(),
                                 make_eigen_kernels(),
                                 CountKernels{count_bits, take_counts},
                                 make_pair_kernels()};

}  // namespace coals
