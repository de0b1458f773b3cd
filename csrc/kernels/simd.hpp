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
#define COALS_DOT_COLUMNS 4
#elif defined(__AVX2__)
#include <immintrin.h>
#define COALS_VECTOR_BYTES 32
#define COALS_TILE_ROWS 4
#define COALS_TILE_VECTORS 3
#define COALS_DOT_COLUMNS 2
#elif defined(__SSE2__)
#include <emmintrin.h>
#define COALS_VECTOR_BYTES 16
#define COALS_TILE_ROWS 4
#define COALS_TILE_VECTORS 2
#define COALS_DOT_COLUMNS 2
#elif defined(__aarch64__)
#include <arm_neon.h>
#define COALS_VECTOR_BYTES 16
#define COALS_TILE_ROWS 8
#define COALS_TILE_VECTORS 2
#define COALS_DOT_COLUMNS 4
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

// Half as wide, for the corners that whole vectors would compute in vain.
template <class T>
struct HalfSimd {
  typedef T Vector __attribute__((vector_size(COALS_VECTOR_BYTES / 2)));
  typedef T Unaligned __attribute__((vector_size(COALS_VECTOR_BYTES / 2), aligned(sizeof(T)), may_alias));
};

template <class T>
using HalfVec = typename HalfSimd<T>::Vector;

template <class T>
COALS_INLINE HalfVec<T> load_half(const T* p) {
  return *reinterpret_cast<const typename HalfSimd<T>::Unaligned*>(p);
}

template <class T>
COALS_INLINE void store_half(T* p, HalfVec<T> v) {
  *reinterpret_cast<typename HalfSimd<T>::Unaligned*>(p) = v;
}

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

// a b + c, fused wherever the level has such an instruction, whatever the compiler would make of the expression.
COALS_INLINE double multiply_add(double a, double b, double c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

// The masks are full: GCC 12 warns of the plain forms.
COALS_INLINE Vec<float> square_root(Vec<float> v) {
#if defined(__AVX512F__)
  return (Vec<float>)_mm512_maskz_sqrt_ps(0xFFFF, (__m512)v);
#elif defined(__AVX2__)
  return (Vec<float>)_mm256_sqrt_ps((__m256)v);
#elif defined(__SSE2__)
  return (Vec<float>)_mm_sqrt_ps((__m128)v);
#else
  return (Vec<float>)vsqrtq_f32((float32x4_t)v);
#endif
}

COALS_INLINE Vec<double> square_root(Vec<double> v) {
#if defined(__AVX512F__)
  return (Vec<double>)_mm512_maskz_sqrt_pd(0xFF, (__m512d)v);
#elif defined(__AVX2__)
  return (Vec<double>)_mm256_sqrt_pd((__m256d)v);
#elif defined(__SSE2__)
  return (Vec<double>)_mm_sqrt_pd((__m128d)v);
#else
  return (Vec<double>)vsqrtq_f64((float64x2_t)v);
#endif
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

// Bit l is set where a[l] >= b[l]; both are below 2^31.
COALS_INLINE uint32_t at_least(Vec<uint32_t> a, Vec<uint32_t> b) {
#if defined(__AVX512F__)
  return _mm512_cmpge_epu32_mask((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return ~static_cast<uint32_t>(_mm256_movemask_ps((__m256)_mm256_cmpgt_epi32((__m256i)b, (__m256i)a))) & 0xFF;
#elif defined(__SSE2__)
  return ~static_cast<uint32_t>(_mm_movemask_ps((__m128)_mm_cmpgt_epi32((__m128i)b, (__m128i)a))) & 0xF;
#else
  return vaddvq_u32(vandq_u32(vcgeq_u32((uint32x4_t)a, (uint32x4_t)b), (uint32x4_t){1, 2, 4, 8}));
#endif
}

// Bit l is set where a[l] >= b[l] and a[l] is not zero.
COALS_INLINE uint32_t at_least_and_not_zero(Vec<double> a, Vec<double> b) {
#if defined(__AVX512F__)
  return _mm512_mask_cmp_pd_mask(_mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_GE_OQ), (__m512d)a,
                                 _mm512_setzero_pd(), _CMP_NEQ_OQ);
#elif defined(__AVX2__)
  return static_cast<uint32_t>(_mm256_movemask_pd(_mm256_and_pd(
      _mm256_cmp_pd((__m256d)a, (__m256d)b, _CMP_GE_OQ), _mm256_cmp_pd((__m256d)a, _mm256_setzero_pd(), _CMP_NEQ_OQ))));
#elif defined(__SSE2__)
  return static_cast<uint32_t>(
      _mm_movemask_pd(_mm_and_pd(_mm_cmpge_pd((__m128d)a, (__m128d)b), _mm_cmpneq_pd((__m128d)a, _mm_setzero_pd()))));
#else
  const uint64x2_t reaches = vcgeq_f64((float64x2_t)a, (float64x2_t)b);
  const uint64x2_t both = vbicq_u64(reaches, vceqzq_f64((float64x2_t)a));
  return static_cast<uint32_t>((vgetq_lane_u64(both, 0) & 1) | (vgetq_lane_u64(both, 1) & 2));
#endif
}

// Bit l is set where lane l of v is above bound's.
COALS_INLINE uint32_t greater_mask(Vec<int32_t> v, Vec<int32_t> bound) {
#if defined(__AVX512F__)
  return _mm512_cmpgt_epi32_mask((__m512i)v, (__m512i)bound);
#else
  uint32_t mask = 0;
#pragma GCC unroll 8
  for (int l = 0; l < Simd<int32_t>::lanes; ++l) mask |= static_cast<uint32_t>(v[l] > bound[l]) << l;
  return mask;
#endif
}

COALS_INLINE Vec<int32_t> larger_of(Vec<int32_t> a, Vec<int32_t> b) { return a > b ? a : b; }

COALS_INLINE Vec<int32_t> load_bytes(const uint8_t* p) {
  typedef int32_t Unaligned __attribute__((vector_size(COALS_VECTOR_BYTES), aligned(1), may_alias));
  return *reinterpret_cast<const Unaligned*>(p);
}

// The same four bytes in every lane.
COALS_INLINE Vec<int32_t> broadcast_four(const int8_t* p) {
  typedef int32_t Unaligned __attribute__((aligned(1), may_alias));
  return *reinterpret_cast<const Unaligned*>(p) - Vec<int32_t>{};
}

// sum + the inner product of four bytes in every lane: without sign in a, with sign in b.
COALS_INLINE Vec<int32_t> add_dot_four(Vec<int32_t> sum, Vec<int32_t> a, Vec<int32_t> b) {
#if defined(__AVX512VNNI__)
  return (Vec<int32_t>)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
#else
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) sum += ((a >> (8 * i)) & 255) * ((b << (24 - 8 * i)) >> 24);
  return sum;
#endif
}

COALS_INLINE Vec<float> to_float(Vec<int32_t> v) { return __builtin_convertvector(v, Vec<float>); }

using Bits = Vec<uint64_t>;

COALS_INLINE bool any_bit(Bits v) {
#if defined(__AVX512F__)
  return _mm512_test_epi64_mask((__m512i)v, (__m512i)v) != 0;
#elif defined(__AVX2__)
  return _mm256_testz_si256((__m256i)v, (__m256i)v) == 0;
#else
  return (v[0] | v[1]) != 0;
#endif
}

// sum becomes the low bit of sum + b + c, the result is the high one.
COALS_INLINE Bits full_add(Bits& sum, Bits b, Bits c) {
#if defined(__AVX512F__)
  const __m512i x = (__m512i)sum, y = (__m512i)b, z = (__m512i)c;
  sum = (Bits)_mm512_ternarylogic_epi64(x, y, z, 0x96);
  return (Bits)_mm512_ternarylogic_epi64(x, y, z, 0xE8);
#else
  const Bits either = sum ^ b;
  const Bits carry = (sum & b) | (either & c);
  sum = either ^ c;
  return carry;
#endif
}

// values |= value in the lanes whose bit is set.
COALS_INLINE void set_where(Vec<uint32_t>& values, uint32_t bits, uint32_t value) {
#if defined(__AVX512F__)
  values = (Vec<uint32_t>)_mm512_mask_or_epi32((__m512i)values, static_cast<__mmask16>(bits), (__m512i)values,
                                               _mm512_set1_epi32(static_cast<int>(value)));
#else
  Vec<uint32_t> own = {};
#pragma GCC unroll 8
  for (int l = 0; l < Simd<uint32_t>::lanes; ++l) own[l] = uint32_t{1} << l;
  values |= (Vec<uint32_t>)((broadcast(bits) & own) != 0) & broadcast(value);
#endif
}

template <class T>
constexpr T larger(T a, T b) {
  return a > b ? a : b;
}

}  // namespace
}  // namespace coals

#include "lanes.hpp"
