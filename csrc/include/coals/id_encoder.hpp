// Numbers for ids: different byte strings, numbered in the order of their first appearance.
//
// Ids come in batches, so that a stream of any length needs memory for its different ids alone. Codes are final; an
// order of the ids is found at the end, over the different ones only (`sorted_ids`).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "coals/run_control.hpp"

namespace coals {

// Cost: for each value one hash and, where ids outgrow the caches, three misses that overlap with those of its
// neighbors: a block of values is hashed, then looked up, then compared. Memory: 24 to 32 bytes for each different id,
// and its bytes if there are more than 12.
class IdEncoder {
 public:
  IdEncoder();

  // codes[k] becomes the number of values[k]. More than 2^31 - 1 different ids are a std::length_error.
  void encode(const std::string_view* values, std::int64_t count, std::int32_t* codes);

  std::int64_t size() const { return static_cast<std::int64_t>(ids_.size()); }

  // The id with a number; valid until the next call of `encode`.
  std::string_view operator[](std::int64_t code) const;

 private:
  // Up to 12 bytes lie in `head` and `tail` in their order, zeros behind them. Longer ids have their first four in
  // `head` and their place among `long_ids_` in `tail`.
  struct Id {
    std::uint32_t size;
    std::uint32_t head;
    std::uint64_t tail;
  };
  // A hash in the upper half, a number above 0 in the lower one; 0 is free.
  using Slot = std::uint64_t;

  static std::uint32_t describe(std::string_view value, Id& id);
  std::int32_t find_or_add(std::string_view value, const Id& id, std::uint32_t hash);
  bool equal(const Id& known, const Id& id, std::string_view value) const;
  void grow(std::int64_t more);

  std::vector<Slot> slots_;
  std::vector<Id> ids_;
  std::vector<char> long_ids_;
};

// Numbers of all ids in the order of their bytes, which for UTF-8 is that of code points.
std::vector<std::int32_t> sorted_ids(const IdEncoder& ids);

// codes[k] = new_code[codes[k]], in parallel; codes below 0 stay.
void replace_codes(std::int32_t* codes, std::int64_t count, const std::vector<std::int32_t>& new_code,
                   const RunControl& control);

// The number that a text is, if it is how int64 numbers are written: "0", "-7", not "", "007", "+1", "-0", "1.0".
bool written_integer(std::string_view text, std::int64_t& value);

}  // namespace coals
