// Fixed-width vectors: the few operations the kernels are written in.
//
// GCC and Clang vector extensions carry the arithmetic on every target, so one source serves SSE2, AVX2, AVX-512 and
// NEON. Widths are fixed per instruction set: the auto-vectoriser loses a factor of ten or more on register tiles.
// Included only by kernel sources, inside no namespace; everything lives in an anonymous namespace so that code built
// for one instruction set can never be linked in for another.
#pragma once

#include <cstdint>

#if defined(__AVX512F__)
#include <immintrin.h>
#define COALS_VECTOR_BYTES 64
#define COALS_TILE_ROWS 8
#define COALS_TILE_VECTORS 3
#elif defined(__AVX2__)
#include <immintrin.h>
#define COALS_VECTOR_BYTES 32
#define COALS_TILE_ROWS 4
#define COALS_TILE_VECTORS 3
#elif defined(__SSE2__)
#include <emmintrin.h>
#define COALS_VECTOR_BYTES 16
#define COALS_TILE_ROWS 4
#define COALS_TILE_VECTORS 2
#elif defined(__aarch64__)
#include <arm_neon.h>
#define COALS_VECTOR_BYTES 16
#define COALS_TILE_ROWS 8
#define COALS_TILE_VECTORS 2
#else
#error "coals needs SSE2, AVX2, AVX-512 or 64-bit NEON"
#endif

#define COALS_INLINE inline __attribute__((always_inline))

namespace coals {
namespace {

template <class T>
struct Simd {
  typedef T Vector __attribute__((vector_size(COALS_VECTOR_BYTES)));
  // A type for loads and stores at any element boundary.
  typedef T Unaligned __attribute__((vector_size(COALS_VECTOR_BYTES), aligned(sizeof(T)), may_alias));
  static constexpr int64_t lanes = COALS_VECTOR_BYTES / static_cast<int64_t>(sizeof(T));
};

template <class T>
using Vec = typename Simd<T>::Vector;

template <class T>
COALS_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename Simd<T>::Unaligned*>(p);
}

template <class T>
COALS_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename Simd<T>::Unaligned*>(p) = v;
}

template <class T>
COALS_INLINE Vec<T> zero() {
  return Vec<T>{};
}

template <class T>
COALS_INLINE Vec<T> broadcast(T x) {
  // x - 0 is x for every x, the negative zero included; x + 0 is not, and costs an addition.
  return x - Vec<T>{};
}

// Lanes are added pairwise, always in the same order.
template <class T>
COALS_INLINE T horizontal_sum(Vec<T> v) {
  T lane[Simd<T>::lanes];
  store(lane, v);
  for (int64_t width = Simd<T>::lanes / 2; width > 0; width /= 2) {
    for (int64_t i = 0; i < width; ++i) lane[i] += lane[i + width];
  }
  return lane[0];
}

COALS_INLINE bool any_greater(Vec<float> v, Vec<float> bound) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask((__m512)v, (__m512)bound, _CMP_GT_OQ) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_ps(_mm256_cmp_ps((__m256)v, (__m256)bound, _CMP_GT_OQ)) != 0;
#elif defined(__SSE2__)
  return _mm_movemask_ps(_mm_cmpgt_ps((__m128)v, (__m128)bound)) != 0;
#else
  return vmaxvq_u32(vcgtq_f32((float32x4_t)v, (float32x4_t)bound)) != 0;
#endif
}

COALS_INLINE bool any_greater(Vec<double> v, Vec<double> bound) {
#if defined(__AVX512F__)
  return _mm512_cmp_pd_mask((__m512d)v, (__m512d)bound, _CMP_GT_OQ) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_pd(_mm256_cmp_pd((__m256d)v, (__m256d)bound, _CMP_GT_OQ)) != 0;
#elif defined(__SSE2__)
  return _mm_movemask_pd(_mm_cmpgt_pd((__m128d)v, (__m128d)bound)) != 0;
#else
  const uint64x2_t greater = vcgtq_f64((float64x2_t)v, (float64x2_t)bound);
  return (vgetq_lane_u64(greater, 0) | vgetq_lane_u64(greater, 1)) != 0;
#endif
}

template <class T>
constexpr T larger(T a, T b) {
  return a > b ? a : b;
}

}  // namespace
}  // namespace coals
