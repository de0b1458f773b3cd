// The frame of the lists that metrics are about; what is on them is looked at one by one.
#pragma once

#include <algorithm>

#include "checks/arguments.hpp"
#include "coals/metrics.hpp"

namespace coals {

// Gives the length of the longest list.
inline std::int64_t check_ranked_lists(const RankedLists& lists) {
  check_count(lists.users, "users");
  check_count(lists.places, "places");
  if (lists.users > most_rows) refuse("users", "there must not be more than 2147483647");
  if (lists.places > most_rows) refuse("places", "there must not be more than 2147483647");
  check_pointer(lists.counts, lists.users, "counts");
  check_pointer(lists.ids, std::min(lists.users, lists.places), "ids");
  std::int64_t longest = 0;
  for (std::int64_t u = 0; u < lists.users; ++u) {
    if (lists.counts[u] < 0 || lists.counts[u] > lists.places) {
      throw std::invalid_argument("list " + std::to_string(u) + " has a count that is not in 0 to " +
                                  std::to_string(lists.places));
    }
    longest = std::max(longest, lists.counts[u]);
  }
  return longest;
}

}  // namespace coals
