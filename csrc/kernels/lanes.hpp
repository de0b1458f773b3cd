// Moving lanes of vectors about: sums of lanes, transpositions. Part of simd.hpp, which includes it.
#pragma once

#include <cstdint>

namespace coals {
namespace {

// A list of lane numbers at compile time.
template <int... I>
struct Lanes {};

template <int N, int... I>
struct CountTo : CountTo<N - 1, N - 1, I...> {};
template <int... I>
struct CountTo<0, I...> {
  typedef Lanes<I...> List;
};

// In blocks of 2 S lanes: the first S lanes of the result are a's halves added, the last S are b's.
template <int S, class V, int... I>
COALS_INLINE V add_halves(V a, V b, Lanes<I...>) {
  constexpr int lanes = static_cast<int>(sizeof...(I));
  const V low = __builtin_shufflevector(a, b, ((I % (2 * S) < S ? I : lanes + I - S))...);
  const V high = __builtin_shufflevector(a, b, ((I % (2 * S) < S ? I + S : lanes + I))...);
  return low + high;
}

// Lane l of the result is the sum over the lanes of v[l]: as many vectors as lanes become one, in a fixed order.
template <class T, int S = static_cast<int>(Simd<T>::lanes) / 2>
COALS_INLINE Vec<T> sum_each(const Vec<T>* v) {
  Vec<T> halved[S];
#pragma GCC unroll 8
  for (int i = 0; i < S; ++i) {
    halved[i] = add_halves<S>(v[i], v[i + S], typename CountTo<static_cast<int>(Simd<T>::lanes)>::List{});
  }
  if constexpr (S == 1) {
    return halved[0];
  } else {
    return sum_each<T, S / 2>(halved);
  }
}

// One step of a transposition: blocks of S lanes are exchanged between a and b.
template <int S, class V, int... I>
COALS_INLINE void exchange_blocks(V& a, V& b, Lanes<I...>) {
  constexpr int lanes = static_cast<int>(sizeof...(I));
  const V first = __builtin_shufflevector(a, b, ((I % (2 * S) < S ? I : lanes + I - S))...);
  b = __builtin_shufflevector(a, b, ((I % (2 * S) < S ? I + S : lanes + I))...);
  a = first;
}

// Lane l of v[k] and lane k of v[l] change places, for as many vectors as lanes.
template <class T, int S = static_cast<int>(Simd<T>::lanes) / 2>
COALS_INLINE void transpose(Vec<T>* v) {
  constexpr int lanes = static_cast<int>(Simd<T>::lanes);
#pragma GCC unroll 16
  for (int i = 0; i < lanes; ++i) {
    if ((i & S) == 0) exchange_blocks<S>(v[i], v[i + S], typename CountTo<lanes>::List{});
  }
  if constexpr (S > 1) transpose<T, S / 2>(v);
}

// Lanes are added pairwise, always in the same order.
template <class T, int S = static_cast<int>(Simd<T>::lanes) / 2>
COALS_INLINE T horizontal_sum(Vec<T> v) {
  const Vec<T> halved = add_halves<S>(v, v, typename CountTo<static_cast<int>(Simd<T>::lanes)>::List{});
  if constexpr (S == 1) {
    return halved[0];
  } else {
    return horizontal_sum<T, S / 2>(halved);
  }
}

}  // namespace
}  // namespace coals
