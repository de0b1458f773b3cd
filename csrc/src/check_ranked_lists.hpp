// The frame of the lists that metrics are about; what is on them is looked at one by one.
#pragma once

#include "check_arguments.hpp"
#include "coals/metrics.hpp"

namespace coals {

inline void check_ranked_lists(const RankedLists& lists) {
  check_count(lists.users, "users");
  check_count(lists.places, "places");
  check_pointer(lists.counts, lists.users, "counts");
  check_pointer(lists.ids, std::min(lists.users, lists.places), "ids");
}

}  // namespace coals
