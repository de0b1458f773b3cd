// Events by item, and what each weighs.
#pragma once

#include "coals/buffer.hpp"
#include "coals/event_cooccurrence.hpp"

namespace coals {

struct EventLog {
  Buffer<std::int32_t> group;       // of each event
  Buffer<double> weight;            // of each event, by age; empty where all weigh 1
  Buffer<std::int64_t> item_begin;  // of the events of each item
  Buffer<std::int64_t> event;       // ascending for each item
  Buffer<std::int64_t> support;     // groups of each item
  Buffer<double> total;             // sum over those of the weight of the latest event
  double groups_total = 0;          // of any item

  double weight_of(std::int64_t e) const { return weight.size() == 0 ? 1.0 : weight[e]; }
  std::int64_t bytes() const {
    return 4 * group.size() + 8 * (weight.size() + item_begin.size() + event.size() + support.size() + total.size());
  }
};

// The frame of a log of events, which validate_events looks into.
void check_events(const EventsView& events);

EventLog index_events(const EventsView& events, const EventOptions& options, const RunControl& control);

}  // namespace coals
