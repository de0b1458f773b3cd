// How unlike each other the items of a list are. The sum of a list's unit vectors is built up item by item; its inner
// product with the next one is the sum of that item's cosines with all before it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "checks/values.hpp"
#include "coals/metrics.hpp"
#include "metrics/check_ranked_lists.hpp"
#include "metrics/list_index.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

constexpr std::int64_t lists_per_task = 16;

class Diversity {
 public:
  Diversity(const RankedLists& lists, const CsrView<double>& vectors, const std::vector<double>& scale,
            std::int64_t longest)
      : lists_(lists),
        vectors_(vectors),
        scale_(scale),
        index_(longest),
        sum_(vectors.columns, 0.0),
        alike_(longest + 1, 0.0) {}

  void compute(std::int64_t user, const std::vector<std::int64_t>& lengths, MatrixView<double> out,
               const CancellationCheck& check_cancelled) {
    index_.load(lists_, user, vectors_.rows);
    const std::int64_t* ids = lists_.ids + user * lists_.places;
    const std::int64_t count = lists_.counts[user];
    for (std::int64_t p = 0; p < count; ++p) {
      alike_[p + 1] = alike_[p] + add(ids[p]);
      check_cancelled();
    }
    for (std::int64_t p = 0; p < count; ++p) forget(ids[p]);
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const double p = static_cast<double>(std::min(lengths[i], count));
      const double pairs = p * (p - 1) / 2;
      const double alike = alike_[std::min(lengths[i], count)];
      // Only rounding can lead below 0.
      out.row(static_cast<std::int64_t>(i))[user] =
          pairs > 0 ? std::max(0.0, 1 - alike / pairs) : std::numeric_limits<double>::quiet_NaN();
    }
  }

 private:
  double value(std::int64_t entry) const { return vectors_.value ? vectors_.value[entry] : 1.0; }

  // Takes an item's unit vector into the sum; gives its inner product with what was there.
  double add(std::int64_t item) {
    double alike = 0;
    for (std::int64_t e = vectors_.row_begin[item]; e < vectors_.row_begin[item + 1]; ++e) {
      double& sum = sum_[vectors_.column[e]];
      const double own = value(e) * scale_[item];
      alike += sum * own;
      sum += own;
    }
    return alike;
  }

  void forget(std::int64_t item) {
    for (std::int64_t e = vectors_.row_begin[item]; e < vectors_.row_begin[item + 1]; ++e) {
      sum_[vectors_.column[e]] = 0;
    }
  }

  const RankedLists& lists_;
  const CsrView<double>& vectors_;
  const std::vector<double>& scale_;
  ListIndex index_;
  std::vector<double> sum_, alike_;
};

// The norm of a row of tiny numbers.
double tiny_norm(const CsrView<double>& vectors, std::int64_t row) {
  double norm = 0;
  for (std::int64_t e = vectors.row_begin[row]; e < vectors.row_begin[row + 1]; ++e) {
    norm = std::hypot(norm, vectors.value ? vectors.value[e] : 1.0);
  }
  return norm;
}

// What makes each row of length 1; 0 for a row of zeros.
std::vector<double> unit_scale(const CsrView<double>& vectors) {
  std::vector<double> scale(vectors.rows, 0.0);
  for (std::int64_t i = 0; i < vectors.rows; ++i) {
    double square = 0;
    for (std::int64_t e = vectors.row_begin[i]; e < vectors.row_begin[i + 1]; ++e) {
      square += vectors.value ? vectors.value[e] * vectors.value[e] : 1.0;
    }
    // Squares of numbers near the end of double lose digits, or all.
    scale[i] = square > 1e-280 ? 1 / std::sqrt(square) : 1 / tiny_norm(vectors, i);
    if (!std::isfinite(scale[i])) scale[i] = 0;
  }
  return scale;
}

}  // namespace

void list_diversity(const RankedLists& lists, const CsrView<double>& vectors, const std::vector<std::int64_t>& lengths,
                    MatrixView<double> out, const RunControl& control) {
  const std::int64_t longest = check_ranked_lists(lists);
  check_sparse(vectors, "vectors");
  if (vectors.value) check_values(vectors, "vectors");
  check_matrix(out, static_cast<std::int64_t>(lengths.size()), lists.users, "out");
  for (const std::int64_t length : lengths) require(length >= 0, "lengths must not be negative");
  const std::vector<double> scale = unit_scale(vectors);
  parallel_for((lists.users + lists_per_task - 1) / lists_per_task, control,
               [&] { return Diversity(lists, vectors, scale, longest); },
               [&](Diversity& state, std::int64_t task, const CancellationCheck& check_cancelled) {
                 const std::int64_t end = std::min(lists.users, (task + 1) * lists_per_task);
                 for (std::int64_t u = task * lists_per_task; u < end; ++u)
                   state.compute(u, lengths, out, check_cancelled);
               });
}

}  // namespace coals
