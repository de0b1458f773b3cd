#include "cooccurrence/event_log.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "checks/arguments.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

constexpr std::int64_t together = 4096;

std::int64_t stretches(std::int64_t count) { return (count + together - 1) / together; }

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

[[noreturn]] void refuse_event(std::int64_t e, const char* what) { refuse("event " + std::to_string(e) + ": " + what); }

void weigh(const EventsView& events, const EventOptions& options, const RunControl& control, EventLog& log) {
  if (!events.time || std::isinf(options.half_life)) return;
  log.weight = Buffer<double>(events.events());
  parallel_for(stretches(events.events()), control, [&](std::int64_t t) {
    for (std::int64_t e = t * together; e < std::min(events.events(), (t + 1) * together); ++e) {
      log.weight[e] = std::exp2(-(options.now - events.time[e]) / options.half_life);
      if (!std::isfinite(log.weight[e]))
        refuse_event(e, "it is so long after `now`, in half-lives, that its weight is infinite");
    }
  });
}

void index_by_item(const EventsView& events, EventLog& log) {
  log.item_begin = Buffer<std::int64_t>(events.items + 1);
  std::fill(log.item_begin.begin(), log.item_begin.end(), std::int64_t{0});
  for (std::int64_t e = 0; e < events.events(); ++e) ++log.item_begin[events.item[e] + 1];
  for (std::int64_t i = 0; i < events.items; ++i) log.item_begin[i + 1] += log.item_begin[i];
  log.event = Buffer<std::int64_t>(events.events());
  Buffer<std::int64_t> next(events.items);
  std::copy(log.item_begin.data(), log.item_begin.data() + events.items, next.data());
  for (std::int64_t e = 0; e < events.events(); ++e) log.event[next[events.item[e]]++] = e;
}

void sum_up(const EventsView& events, const RunControl& control, EventLog& log) {
  log.support = Buffer<std::int64_t>(events.items);
  log.total = Buffer<double>(events.items);
  parallel_for(stretches(events.items), control, [&](std::int64_t t) {
    for (std::int64_t i = t * together; i < std::min(events.items, (t + 1) * together); ++i) {
      log.support[i] = 0;
      log.total[i] = 0;
      for (std::int64_t k = log.item_begin[i]; k < log.item_begin[i + 1]; ++k) {
        const bool latest = k + 1 == log.item_begin[i + 1] || log.group[log.event[k + 1]] != log.group[log.event[k]];
        if (!latest) continue;
        ++log.support[i];
        log.total[i] += log.weight_of(log.event[k]);
      }
    }
  });
  for (std::int64_t g = 0; g < events.groups; ++g) {
    const std::int64_t end = events.group_begin[g + 1];
    if (end > events.group_begin[g]) log.groups_total += log.weight_of(end - 1);
  }
}

}  // namespace

void check_events(const EventsView& events) {
  if (events.groups < 0 || events.groups > most_rows || events.items < 0 || events.items > most_rows) {
    refuse("there must be from 0 to 2147483647 groups and items");
  }
  check_pointer(events.group_begin, 1, "group_begin");
}

void validate_events(const EventsView& events, std::int64_t stored) {
  check_events(events);
  check_count(stored, "stored");
  check_pointer(events.item, stored, "item");
  if (events.group_begin[0] != 0) refuse("group_begin must start at 0");
  for (std::int64_t g = 0; g < events.groups; ++g) {
    if (events.group_begin[g + 1] < events.group_begin[g]) refuse("group " + std::to_string(g) + ": group_begin falls");
  }
  if (events.group_begin[events.groups] != stored) refuse("group_begin must end at the number of events");
  for (std::int64_t g = 0; g < events.groups; ++g) {
    for (std::int64_t e = events.group_begin[g]; e < events.group_begin[g + 1]; ++e) {
      if (events.item[e] < 0 || events.item[e] >= events.items) refuse_event(e, "the item is out of range");
      if (!events.time) continue;
      if (!std::isfinite(events.time[e])) refuse_event(e, "the time must be finite");
      if (e > events.group_begin[g] && events.time[e] < events.time[e - 1]) refuse_event(e, "times must not fall");
    }
  }
}

EventLog index_events(const EventsView& events, const EventOptions& options, const RunControl& control) {
  EventLog log;
  log.group = Buffer<std::int32_t>(events.events());
  for (std::int64_t g = 0; g < events.groups; ++g) {
    std::fill(log.group.data() + events.group_begin[g], log.group.data() + events.group_begin[g + 1],
              static_cast<std::int32_t>(g));
  }
  weigh(events, options, control, log);
  index_by_item(events, log);
  sum_up(events, control, log);
  return log;
}

}  // namespace coals
