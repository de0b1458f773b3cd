// Who has what, laid out for counting pairs of items.
//
// Items are numbered by rank (most users first, ties by index) and users by activity (most items first). Items with too
// few users for any neighbor have no rank, and users without a ranked item no number. The items of a user are split:
// where he can be expected to have several of 512 items of neighboring rank, they are bits of that block, which one
// operation counts for all 512 at once; all others are in a list. The users with bits of a block are the first
// `users` of it, and blocks of higher rank have fewer of them, so bits lie close together where they are many.
#pragma once

#include <cstdint>
#include <vector>

#include "coals/buffer.hpp"
#include "coals/cooccurrence.hpp"

namespace coals {

// Items by number of users, most first.
struct RankedItems {
  std::int64_t count = 0;     // items with a rank
  Buffer<std::int32_t> item;  // by rank
  Buffer<std::int32_t> rank;  // by item, or -1
  Buffer<std::int64_t> size;  // users, by rank
};

RankedItems rank_items(const CsrView<void>& matrix, std::int64_t min_support, const RunControl& control);

// Rows cut into a few parts of about equal size, for what needs one counter an item and part.
std::vector<std::int64_t> few_parts(const CsrView<void>& matrix, const RunControl& control);

struct BitBlock {
  std::int64_t users = 0;      // how many of the most active users have bits
  std::int64_t first_row = 0;  // row of the first one among all rows of bits
};

struct RankedPairs {
  RankedItems items;
  std::int64_t users = 0;
  Buffer<std::int64_t> begin;  // of the users of each rank
  Buffer<std::int32_t> user;   // ascending
  std::vector<BitBlock> blocks;
  Buffer<std::uint64_t> bits;
  Buffer<std::int64_t> list_begin;  // of each user's list
  Buffer<std::int32_t> list;        // ranks, in no particular order

  std::int64_t users_of(std::int64_t rank) const { return begin[rank + 1] - begin[rank]; }
  std::int64_t list_size(std::int64_t u) const { return list_begin[u + 1] - list_begin[u]; }
};

// At most `most_bit_bytes` of bits.
RankedPairs rank_pairs(const CsrView<void>& matrix, std::int64_t min_support, std::int64_t most_bit_bytes,
                       const RunControl& control);

}  // namespace coals
