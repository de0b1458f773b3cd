#include "coals/event_cooccurrence.hpp"

#include "for_type.hpp"

namespace coals::bindings {

namespace {

EventOptions event_options(std::int64_t window, double within, double half_life, double now,
                           const std::string& direction, bool inverse_distance, bool repeats,
                           const std::string& similarity, double shrinkage, std::int64_t min_support) {
  EventOptions options;
  options.window = window;
  options.within = within;
  options.half_life = half_life;
  options.now = now;
  options.direction = named<Direction>(direction);
  options.inverse_distance = inverse_distance;
  options.repeats = repeats;
  options.similarity = named<Similarity>(similarity);
  options.shrinkage = shrinkage;
  options.min_support = min_support;
  return options;
}

Csr event_cooccurrence_of(const Array<std::int64_t>& group_begin, const Array<std::int32_t>& item,
                          const std::optional<Array<double>>& time, std::int64_t items, const EventOptions& options,
                          const NeighborOptions& keep, const std::string& dtype, int num_threads) {
  require(group_begin.ndim() == 1 && group_begin.size() >= 1, "group_begin must hold at least one number");
  EventsView events;
  events.groups = group_begin.size() - 1;
  events.items = items;
  events.group_begin = group_begin.data();
  events.item = vector_data(item, item.size(), "item");
  if (time) events.time = vector_data(*time, item.size(), "time");
  const std::int64_t stored = item.size();
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  validate_events(events, stored);
  if (dtype == "int32") return {event_cooccurrence<std::int32_t>(events, options, keep, control)};
  return for_type(dtype, [&](auto zero) { return event_cooccurrence<decltype(zero)>(events, options, keep, control); });
}

}  // namespace

void bind_events(py::module_& module) {
  py::class_<EventOptions>(module, "EventOptions", "Which pairs of events count, and how much.")
      .def(py::init(&event_options), py::arg("window"), py::arg("within"), py::arg("half_life"), py::arg("now"),
           py::arg("direction"), py::arg("inverse_distance"), py::arg("repeats"), py::arg("similarity"),
           py::arg("shrinkage"), py::arg("min_support"));
  module.def("event_cooccurrence", &event_cooccurrence_of, py::arg("group_begin").noconvert(),
             py::arg("item").noconvert(), py::arg("time").noconvert(), py::arg("items"), py::arg("options"),
             py::arg("keep"), py::arg("dtype"), py::arg("num_threads"));
}

}  // namespace coals::bindings
