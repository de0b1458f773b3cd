// Nothing but multiply-adds in registers: what the machine can do at most. Only benchmarks call it.
#pragma once

#include "simd.hpp"

#if defined(__aarch64__)
#define COALS_VECTOR_REGISTER "+w"
#else
#define COALS_VECTOR_REGISTER "+v"
#endif

namespace coals {
namespace {

// Enough independent chains to cover the latency of two units.
constexpr int fma_chains = 12;

template <class T>
constexpr int64_t fma_flops = 2 * fma_chains * Simd<T>::lanes;

template <class T>
T fma_rounds(int64_t rounds) {
  Vec<T> chain[fma_chains];
  const Vec<T> factor = broadcast(T(0.5)), addend = broadcast(T(0.25));
#pragma GCC unroll 12
  for (int c = 0; c < fma_chains; ++c) chain[c] = broadcast(T(c));
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int c = 0; c < fma_chains; ++c) {
      chain[c] = chain[c] * factor + addend;
      // Hides the value from the optimiser, which would see where the chain leads.
      __asm__ volatile("" : COALS_VECTOR_REGISTER(chain[c]));
    }
  }
  Vec<T> sum = zero<T>();
#pragma GCC unroll 12
  for (int c = 0; c < fma_chains; ++c) sum += chain[c];
  return horizontal_sum<T>(sum);
}

}  // namespace
}  // namespace coals
