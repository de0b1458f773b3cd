// Co-occurrence in events: what is together within a window, what comes after what, and how long ago.
#pragma once

#include <limits>

#include "coals/cooccurrence.hpp"

namespace coals {

// Events by group (a basket, a session, a user), in order within each.
struct EventsView {
  std::int64_t groups = 0;
  std::int64_t items = 0;
  const std::int64_t* group_begin = nullptr;  // groups + 1
  const std::int32_t* item = nullptr;         // of each event
  const double* time = nullptr;               // never falls within a group; null where order is all there is

  std::int64_t events() const { return group_begin[groups]; }
};

// Throws std::invalid_argument unless group_begin starts at 0, never falls and ends at `stored`, items are in range,
// and times are finite and in order.
void validate_events(const EventsView& events, std::int64_t stored);

enum class Direction {
  both,    // the pair counts for either item
  after,   // row i holds what comes after i; of the same time, neither comes after the other
  before,  // row i holds what comes before i
};

// A pair of events weighs 2^(-(now - t) / half_life), t being the time of the earlier one, over the places between them
// if inverse_distance. What counts for a pair of items is the sum over groups of the heaviest pair of events in it, or,
// if repeats, of all.
struct EventOptions {
  std::int64_t window = -1;                                    // the most places apart, or -1
  double within = std::numeric_limits<double>::infinity();     // at most so much time apart
  double half_life = std::numeric_limits<double>::infinity();  // in units of time
  double now = 0;
  Direction direction = Direction::both;
  bool inverse_distance = false;
  bool repeats = false;
  Similarity similarity = Similarity::count;  // or conditional, jaccard, cosine, dice, lift, of weights; not if repeats
  double shrinkage = 0;                       // every value is multiplied by w / (w + shrinkage), w being the weight
  std::int64_t min_support = 1;               // items in fewer groups are excluded
};

// Items x items (or chosen rows), columns ascending, the same bits for every number of threads. For the similarities,
// n_i is the sum over groups of the weight of the latest event of i in it, and N that of the latest event of all; the
// diagonal, if kept, is n_i. Weights must be finite; std::int32_t is for plain counts alone. Cost: events times the
// events in their windows. Memory: 20 bytes an event, one sum for each item and thread, and the answer.
template <class T>
CsrMatrix<T> event_cooccurrence(const EventsView& events, const EventOptions& options, const NeighborOptions& keep,
                                const RunControl& control);

}  // namespace coals
