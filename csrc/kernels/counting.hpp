// Counts the set bits of many rows, column by column, without leaving the bits until the end.
//
// A full adder on vectors takes three bits of every column to their sum and carry in two logic operations (five without
// AVX-512), and n rows take about n of them: an operation counts as many pairs as a vector has bits. Sixteen rows at a
// time go through a tree of adders in registers (Harley and Seal, in Warren, Hacker's Delight, ch. 5); what it carries
// out is added to the higher levels as a clock counts: the adder of a level runs on every second carry that reaches it.
#pragma once

#include "kernel_table.hpp"
#include "simd.hpp"

namespace coals {
namespace {

constexpr int bit_words = static_cast<int>(Simd<uint64_t>::lanes);
constexpr int block_words = static_cast<int>(bit_block / 64);
constexpr int block_vectors = block_words / bit_words;
constexpr int tree_levels = 4;
constexpr int most_levels = 32;  // rows are counted in 32 bits

COALS_INLINE Bits half_add(Bits& sum, Bits b) {
  const Bits carry = sum & b;
  sum ^= b;
  return carry;
}

// Slice l holds bit l of every column's count.
struct BitSlices {
  uint64_t slice[most_levels + 1][block_words];
  uint64_t pending[most_levels + 1][block_words];  // a carry that waits for the second one
  int64_t levels;

  // Adds to one vector of columns from `level` up.
  COALS_INLINE void add_at(int64_t level, int word, Bits carry) {
    for (; any_bit(carry); ++level) {
      Bits sum = load(slice[level] + word);
      carry = half_add(sum, carry);
      store(slice[level] + word, sum);
    }
  }

  // The k-th carry of 2^tree_levels rows.
  COALS_INLINE void carry_out(int64_t k, int word, Bits carry) {
    int64_t level = tree_levels;
    for (; (k & 1) != 0; k >>= 1, ++level) {
      Bits sum = load(slice[level] + word);
      carry = full_add(sum, load(pending[level] + word), carry);
      store(slice[level] + word, sum);
    }
    store(pending[level] + word, carry);
  }

  // Of so many carries some still wait.
  void settle(int64_t carries) {
    for (int64_t level = tree_levels; carries != 0; carries >>= 1, ++level) {
      if ((carries & 1) == 0) continue;
      for (int word = 0; word < block_words; word += bit_words) add_at(level, word, load(pending[level] + word));
    }
  }
};

// Adds the 2^Level rows from `row` on; returns the carry out of that level.
template <int Level>
COALS_INLINE Bits add_rows(const uint64_t* column, const int32_t* row, Bits* tree) {
  Bits first, second;
  if constexpr (Level == 1) {
    first = load(column + int64_t{row[0]} * block_words);
    second = load(column + int64_t{row[1]} * block_words);
  } else {
    first = add_rows<Level - 1>(column, row, tree);
    second = add_rows<Level - 1>(column, row + (1 << (Level - 1)), tree);
  }
  return full_add(tree[Level - 1], first, second);
}

// The numbers that the slices hold for one vector of columns.
COALS_INLINE Vec<uint32_t> spread(const BitSlices& sums, int64_t column) {
  const int64_t word = column / 64, shift = column % 64;
  Vec<uint32_t> counts = {};
  for (int64_t level = 0; level < sums.levels; ++level) {
    set_where(counts, static_cast<uint32_t>(sums.slice[level][word] >> shift), uint32_t{1} << level);
  }
  return counts;
}

// See kernel_table.hpp.
void count_bits(const uint64_t* bits, const int32_t* row, int64_t count, uint32_t* counts) {
  BitSlices sums;
  sums.levels = 1;
  while (count >> sums.levels != 0) ++sums.levels;
  for (int64_t level = tree_levels; level < sums.levels; ++level) {
    for (int w = 0; w < block_words; w += bit_words) store(sums.slice[level] + w, Bits{});
  }
  constexpr int64_t group = int64_t{1} << tree_levels;
  const int64_t groups = count / group;
#pragma GCC unroll 1
  for (int word = 0; word < block_words; word += bit_words) {
    const uint64_t* column = bits + word;
    Bits tree[tree_levels] = {};
    for (int64_t g = 0; g < groups; ++g) {
      sums.carry_out(g, word, add_rows<tree_levels>(column, row + g * group, tree));
    }
    for (int64_t r = groups * group; r < count; ++r) {
      Bits carry = load(column + int64_t{row[r]} * block_words);
#pragma GCC unroll 4
      for (int l = 0; l < tree_levels; ++l) carry = half_add(tree[l], carry);
      sums.add_at(tree_levels, word, carry);
    }
#pragma GCC unroll 4
    for (int l = 0; l < tree_levels; ++l) store(sums.slice[l] + word, tree[l]);
  }
  sums.settle(groups);
  for (int64_t c = 0; c < bit_block; c += Simd<uint32_t>::lanes) store(counts + c, spread(sums, c));
}

// See kernel_table.hpp.
int64_t take_counts(uint32_t* counts, int64_t count, uint32_t least, int32_t* place, uint32_t* taken) {
  constexpr int64_t lanes = Simd<uint32_t>::lanes;
  const Vec<uint32_t> bound = broadcast(least);
  int64_t n = 0, c = 0;
  for (; c + lanes <= count; c += lanes) {
    for (uint32_t hits = at_least(load(counts + c), bound); hits != 0; hits &= hits - 1) {
      const int64_t at = c + __builtin_ctz(hits);
      place[n] = static_cast<int32_t>(at);
      taken[n++] = counts[at];
    }
    store(counts + c, zero<uint32_t>());
  }
  for (; c < count; ++c) {
    place[n] = static_cast<int32_t>(c);
    taken[n] = counts[c];
    n += counts[c] >= least ? 1 : 0;
    counts[c] = 0;
  }
  return n;
}

}  // namespace
}  // namespace coals
