// Random numbers from a seed and a few counters: what comes out does not depend on who asks when.
#pragma once

#include <cstdint>
#include <utility>

namespace coals {

// SplitMix64: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t stream) : state_(seed + 0x9E3779B97F4A7C15u * (2 * stream + 1)) { next(); }

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  // In [0, limit), limit below 2^32; the bias is below 2^-32 limit.
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(((next() >> 32) * static_cast<std::uint64_t>(limit)) >> 32);
  }

 private:
  std::uint64_t state_;
};

// Calls swap(i, j) so that all orders of `count` things are equally likely.
template <class Swap>
void shuffle(std::int64_t count, Random& random, Swap swap) {
  for (std::int64_t i = count - 1; i > 0; --i) swap(i, random.below(i + 1));
}

}  // namespace coals
