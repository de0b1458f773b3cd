// One row at a time: from every event of an item outwards to both ends of its window. See event_cooccurrence.hpp.
#include "coals/event_cooccurrence.hpp"

#include <cmath>

#include "cooccurrence/collect_rows.hpp"
#include "cooccurrence/event_log.hpp"

namespace coals {

namespace {

class EventPairs {
 public:
  EventPairs(const EventsView& events, const EventOptions& options, const NeighborOptions& keep, const EventLog& log)
      : events_(events), options_(options), keep_(keep), log_(log) {
    const std::int64_t count = keep.rows ? keep.row_count : events.items;
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t item = keep.rows ? keep.rows[k] : k;
      if (supported(item)) rows_.push_back({item, k});
    }
    // The costly ones first, so that no thread is left with one at the end.
    std::stable_sort(rows_.begin(), rows_.end(), [&](const RowPlace& a, const RowPlace& b) {
      return log_.item_begin[a.rank + 1] - log_.item_begin[a.rank] >
             log_.item_begin[b.rank + 1] - log_.item_begin[b.rank];
    });
  }

  struct Worker {
    explicit Worker(std::int64_t items)
        : sum(static_cast<std::size_t>(items)),
          seen(static_cast<std::size_t>(items)),
          heaviest(static_cast<std::size_t>(items)) {}
    std::vector<double> sum;          // of one row, by item; zero between rows
    std::vector<unsigned char> seen;  // whether in `found`
    std::vector<std::int32_t> found;
    std::vector<double> heaviest;  // of one group; zero between groups
    std::vector<std::int32_t> in_group;
  };
  Worker make_worker() const { return Worker(events_.items); }
  std::int64_t worker_bytes() const { return 25 * events_.items; }

  // Stretches of rows of about equal work: events that the windows reach.
  std::vector<std::int64_t> tasks(std::int64_t workers) const {
    const auto cost = [&](std::int64_t k) {
      double work = 100;
      for (std::int64_t i = log_.item_begin[rows_[k].rank]; i < log_.item_begin[rows_[k].rank + 1]; ++i) {
        const std::int32_t g = log_.group[log_.event[i]];
        const std::int64_t all = events_.group_begin[g + 1] - events_.group_begin[g];
        work += static_cast<double>(options_.window < 0 ? all : 2 * std::min(all, options_.window));
      }
      return work;
    };
    const auto count = static_cast<std::int64_t>(rows_.size());
    std::vector<double> costs(rows_.size());
    double all = 0;
    for (std::int64_t k = 0; k < count; ++k) all += costs[k] = cost(k);
    return balanced_tasks(count, std::max(1e5, all / static_cast<double>(16 * workers)),
                          [&](std::int64_t k) { return costs[k]; });
  }

  template <class T>
  void rows(Worker& worker, std::int64_t first, std::int64_t last, RowSink<T>& sink,
            const CancellationCheck& check_cancelled) const {
    for (std::int64_t k = first; k < last; ++k) {
      check_cancelled();
      sum_row(worker, rows_[k].rank, check_cancelled);
      offer_row(worker, rows_[k].rank, sink);
      sink.finish(rows_[k].place);
    }
  }

 private:
  bool supported(std::int64_t item) const {
    return log_.support[item] >= std::max<std::int64_t>(1, options_.min_support);
  }

  void sum_row(Worker& worker, std::int64_t item, const CancellationCheck& check_cancelled) const {
    std::int64_t since_check = 0;
    const std::int64_t end = log_.item_begin[item + 1];
    for (std::int64_t k = log_.item_begin[item]; k < end; ++k) {
      const std::int64_t e = log_.event[k], group = log_.group[e];
      if (options_.direction != Direction::before) since_check += forward(worker, item, e, group);
      if (options_.direction != Direction::after) since_check += backward(worker, item, e, group);
      if (k + 1 == end || log_.group[log_.event[k + 1]] != group) close_group(worker);
      if (since_check < (1 << 20)) continue;
      check_cancelled();
      since_check = 0;
    }
  }

  // From e to the events after it; returns how many.
  std::int64_t forward(Worker& worker, std::int64_t item, std::int64_t e, std::int64_t group) const {
    std::int64_t end = events_.group_begin[group + 1];
    if (options_.window >= 0) end = std::min(end, e + 1 + std::min(options_.window, end));
    std::int64_t f = e + 1;
    for (; f < end && near(e, f); ++f) add(worker, item, e, f, events_.item[f]);
    return f - e;
  }

  std::int64_t backward(Worker& worker, std::int64_t item, std::int64_t e, std::int64_t group) const {
    std::int64_t begin = events_.group_begin[group];
    if (options_.window >= 0) begin = std::max(begin, e - std::min(options_.window, e));
    std::int64_t f = e - 1;
    for (; f >= begin && near(f, e); --f) add(worker, item, f, e, events_.item[f]);
    return e - f;
  }

  bool near(std::int64_t earlier, std::int64_t later) const {
    return !events_.time || events_.time[later] - events_.time[earlier] <= options_.within;
  }

  void add(Worker& worker, std::int64_t item, std::int64_t earlier, std::int64_t later, std::int32_t other) const {
    if (other == item) return;
    const bool at_once = events_.time && events_.time[earlier] == events_.time[later];
    if (at_once && options_.direction != Direction::both) return;
    double weight = log_.weight_of(earlier);
    if (options_.inverse_distance) weight /= static_cast<double>(later - earlier);
    if (options_.repeats) return add_to_sum(worker, other, weight);
    double& heaviest = worker.heaviest[static_cast<std::size_t>(other)];
    if (heaviest == 0) worker.in_group.push_back(other);
    heaviest = std::max(heaviest, weight);
  }

  static void add_to_sum(Worker& worker, std::int32_t other, double weight) {
    unsigned char& seen = worker.seen[static_cast<std::size_t>(other)];
    if (seen == 0) worker.found.push_back(other);
    seen = 1;
    worker.sum[static_cast<std::size_t>(other)] += weight;
  }

  static void close_group(Worker& worker) {
    for (const std::int32_t other : worker.in_group) {
      double& heaviest = worker.heaviest[static_cast<std::size_t>(other)];
      if (heaviest > 0) add_to_sum(worker, other, heaviest);
      heaviest = 0;
    }
    worker.in_group.clear();
  }

  template <class T>
  void offer_row(Worker& worker, std::int64_t item, RowSink<T>& sink) const {
    sink.start();
    for (const std::int32_t other : worker.found) {
      double& sum = worker.sum[static_cast<std::size_t>(other)];
      if (supported(other)) sink.offer(other, similarity(sum, item, other));
      sum = 0;
      worker.seen[static_cast<std::size_t>(other)] = 0;
    }
    if (keep_.diagonal) sink.offer(static_cast<std::int32_t>(item), log_.total[item]);
    worker.found.clear();
  }

  double similarity(double weight, std::int64_t i, std::int64_t j) const {
    const double value = unshrunk(weight, log_.total[i], log_.total[j]);
    return options_.shrinkage > 0 ? value * (weight / (weight + options_.shrinkage)) : value;
  }

  double unshrunk(double weight, double of_i, double of_j) const {
    if (weight == 0) return 0;  // so old that nothing is left
    switch (options_.similarity) {
      case Similarity::conditional: return weight / of_i;
      case Similarity::jaccard: return weight / (of_i + of_j - weight);
      case Similarity::cosine: return weight / std::sqrt(of_i * of_j);
      case Similarity::dice: return 2.0 * weight / (of_i + of_j);
      case Similarity::lift: return weight / of_i * (log_.groups_total / of_j);
      default: return weight;
    }
  }

  const EventsView& events_;
  const EventOptions& options_;
  const NeighborOptions& keep_;
  const EventLog& log_;
  std::vector<RowPlace> rows_;  // here a rank is an item
};

void check_event_options(const EventOptions& options) {
  switch (options.similarity) {
    case Similarity::count: break;
    case Similarity::conditional:
    case Similarity::jaccard:
    case Similarity::cosine:
    case Similarity::dice:
    case Similarity::lift:
      if (!options.repeats) break;
      throw std::invalid_argument("repeats goes with similarity count alone");
    default: throw std::invalid_argument("events have similarity count, conditional, jaccard, cosine, dice or lift");
  }
  check_name(options.direction, Direction::before, "direction");
  require(options.window >= -1, "window must be a number of places, or -1 for any");
  require(options.half_life > 0, "half_life must be positive");
  require(options.within >= 0, "within must not be negative");
  require(std::isfinite(options.now), "now must be finite");
  check_count(options.min_support, "min_support");
}

}  // namespace

template <class T>
CsrMatrix<T> event_cooccurrence(const EventsView& events, const EventOptions& options, const NeighborOptions& keep,
                                const RunControl& control) {
  check_events(events);
  check_pointer(events.item, events.events(), "item");
  if (std::is_same_v<T, std::int32_t>) {
    require(options.similarity == Similarity::count && !options.inverse_distance && std::isinf(options.half_life),
            "int32 is for counts alone");
  }
  PairOptions pairs;
  pairs.shrinkage = options.shrinkage;
  check_options(pairs, keep, events.items);
  check_event_options(options);
  return in_team(control, [&] {
    const EventLog log = index_events(events, options, control);
    const EventPairs together(events, options, keep, log);
    const std::int64_t workspace = log.bytes() + wanted_threads(control) * together.worker_bytes();
    return collect_rows<T>(
        together.tasks(wanted_threads(control)), events.items, events.items, keep, workspace, control,
        [&] { return together.make_worker(); },
        [&](EventPairs::Worker& worker, std::int64_t first, std::int64_t last, RowSink<T>& sink,
            const CancellationCheck& check_cancelled) { together.rows(worker, first, last, sink, check_cancelled); });
  });
}

template CsrMatrix<std::int32_t> event_cooccurrence(const EventsView&, const EventOptions&, const NeighborOptions&,
                                                    const RunControl&);
template CsrMatrix<float> event_cooccurrence(const EventsView&, const EventOptions&, const NeighborOptions&,
                                             const RunControl&);
template CsrMatrix<double> event_cooccurrence(const EventsView&, const EventOptions&, const NeighborOptions&,
                                              const RunControl&);

}  // namespace coals
