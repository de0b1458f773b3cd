// The running sums over one list that all ranking metrics are read off: position p of each holds what the first p
// places give. They are expected values over the orders of tied items; without ties, plain sums.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace coals {

class RankSums {
 public:
  explicit RankSums(std::int64_t places)
      : hits(places + 1),
        spread(places + 1),
        gain(places + 1),
        precision(places + 1),
        missed(places + 1),
        reciprocal(places + 1),
        ordered(places + 1),
        discount_(places + 1) {
    for (std::int64_t p = 1; p <= places; ++p) discount_[p] = 1.0 / std::log2(static_cast<double>(p + 1));
  }

  void start() {
    for (std::vector<double>* sums : {&hits, &spread, &gain, &precision, &reciprocal, &ordered}) (*sums)[0] = 0;
    missed[0] = 1;
  }

  // Place `p`, whose item is tied with no other, is no hit: most are none, and divide nothing.
  void add_miss(std::int64_t p) {
    hits[p] = hits[p - 1];
    spread[p] = 0;
    gain[p] = gain[p - 1];
    precision[p] = precision[p - 1];
    missed[p] = missed[p - 1];
    reciprocal[p] = reciprocal[p - 1];
    ordered[p] = ordered[p - 1] + hits[p - 1];
  }

  // The same, and it is a hit.
  void add_hit(std::int64_t p, double gained) {
    hits[p] = hits[p - 1] + 1;
    spread[p] = 0;
    gain[p] = gain[p - 1] + gained * discount_[p];
    precision[p] = precision[p - 1] + hits[p] / static_cast<double>(p);
    missed[p] = 0;
    reciprocal[p] = reciprocal[p - 1] + missed[p - 1] / static_cast<double>(p);
    ordered[p] = ordered[p - 1];
  }

  // The `size` >= 2 places behind `before`, all tied, of which `relevant` are hits that gain `gained` together.
  void add_tied(std::int64_t before, std::int64_t size, std::int64_t relevant, double gained) {
    const double g = static_cast<double>(size), r = static_cast<double>(relevant), share = r / g;
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int64_t p = before + i + 1;
      const double j = static_cast<double>(i);
      // Of the j tied items before this place, how many are hits if this one is a hit, and if it is not.
      const double with = j * (r - 1) / (g - 1), without = j * r / (g - 1);
      hits[p] = hits[before] + r * (j + 1) / g;
      spread[p] = (j + 1) * share * (1 - share) * (g - j - 1) / (g - 1);
      gain[p] = gain[p - 1] + gained / g * discount_[p];
      precision[p] = precision[p - 1] + share * (hits[before] + 1 + with) / static_cast<double>(p);
      missed[p] = missed[p - 1] * std::fmax(0, g - r - j) / (g - j);
      reciprocal[p] = reciprocal[p - 1] + (missed[p - 1] - missed[p]) / static_cast<double>(p);
      ordered[p] = ordered[p - 1] + (1 - share) * (hits[before] + without);
    }
  }

  std::vector<double> hits;        // hits
  std::vector<double> spread;      // variance of the hits
  std::vector<double> gain;        // sum of gain / log2(place + 1)
  std::vector<double> precision;   // sum over the hits of the precision at their place
  std::vector<double> missed;      // probability of no hit
  std::vector<double> reciprocal;  // 1 / place of the first hit
  std::vector<double> ordered;     // pairs of a hit before a miss

 private:
  std::vector<double> discount_;
};

}  // namespace coals
