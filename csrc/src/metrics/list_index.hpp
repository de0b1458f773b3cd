// Which place of a list an item has: a hash table that is filled anew for every list.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "coals/metrics.hpp"

namespace coals {

// Memory goes with the length of the list, never with the catalogue.
class ListIndex {
 public:
  // `longest`: of the lists, as check_ranked_lists found them.
  explicit ListIndex(std::int64_t longest) {
    while ((std::int64_t{1} << bits_) < 2 * longest) ++bits_;
    slots_.resize(std::size_t{1} << bits_);
  }

  // Forgets the last list and takes row `user` of `lists`. Throws what metrics.hpp says of lists.
  void load(const RankedLists& lists, std::int64_t user, std::int64_t items) {
    const std::int64_t count = lists.counts[user];
    std::fill(slots_.begin(), slots_.end(), Slot{});
    const std::int64_t* ids = lists.ids + user * lists.places;
    for (std::int64_t place = 0; place < count; ++place) {
      if (ids[place] < 0 || ids[place] >= items) {
        refuse(user, "holds an item that is not in 0 to " + std::to_string(items - 1));
      }
      Slot& slot = find(ids[place]);
      if (slot.item >= 0) refuse(user, "holds an item twice: " + std::to_string(slot.item));
      slot = {ids[place], place};
    }
  }

  // The place of an item, or -1.
  std::int64_t place(std::int64_t item) { return find(item).place; }

 private:
  struct Slot {
    std::int64_t item = -1;
    std::int64_t place = -1;
  };

  [[noreturn]] static void refuse(std::int64_t user, const std::string& complaint) {
    throw std::invalid_argument("list " + std::to_string(user) + " " + complaint);
  }

  // The slot of an item, or the free one where it belongs. Half of the slots are free, so there is an end.
  Slot& find(std::int64_t item) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>((static_cast<std::uint64_t>(item) * 0x9E3779B97F4A7C15u) >> (64 - bits_));
    while (slots_[at].item >= 0 && slots_[at].item != item) at = (at + 1) & mask;
    return slots_[at];
  }

  int bits_ = 1;
  std::vector<Slot> slots_;
};

}  // namespace coals
