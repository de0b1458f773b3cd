// Blended lists; see blend.hpp.
#include "coals/blend.hpp"

#include <algorithm>
#include <cmath>

#include "checks/arguments.hpp"
#include "threading/parallel.hpp"
#include "topk/query.hpp"

namespace coals {

namespace {

struct Blend {
  Blend(std::int64_t count, std::int64_t capacity) : items(count), scores(count), listed(count), heap(capacity) {
    std::fill(listed.begin(), listed.end(), std::uint8_t{0});
  }

  void add(const BlendedLists& member, std::int64_t query, bool cascade, double offset) {
    const std::int64_t count = member.counts[query];
    if (count < 0 || count > member.depth) {
      refuse("counts", "that of query " + std::to_string(query) + " is not from 0 to the depth of its lists");
    }
    const std::int64_t* ids = member.ids + query * member.depth;
    const double* score = member.scores + query * member.depth;
    // Half of each, since a difference of whole ones may be beyond double.
    const double low = count > 0 ? score[count - 1] / 2 : 0.0, high = count > 0 ? score[0] / 2 : 0.0;
    for (std::int64_t k = 0; k < count; ++k) {
      if (std::isfinite(score[k]) && (k == 0 || score[k] <= score[k - 1])) continue;
      refuse("scores", "those of query " + std::to_string(query) + " are not finite, or not from best to worst");
    }
    for (std::int64_t k = 0; k < count; ++k) {
      const double z = high > low ? (score[k] / 2 - low) / (high - low) : 1.0;
      const std::int64_t item = ids[k];
      if (item < 0 || item >= items) {
        refuse("ids", "a list of query " + std::to_string(query) + " holds an item that is out of range");
      }
      if (!listed[item]) {
        listed[item] = 1;
        touched.push_back(static_cast<std::int32_t>(item));
        scores[item] = cascade ? offset + z : member.weight * z;
      } else if (!cascade) {
        scores[item] += member.weight * z;
      }
    }
  }

  void write(std::int64_t query, const TopKFilter& filter, const TopKLists<double>& out) {
    for (const std::int32_t item : touched) {
      listed[item] = 0;
      // Items come in no order, so an equal score may yet get in.
      if (!(scores[item] >= heap.bound() && scores[item] >= filter.min_score)) continue;
      if (admits(filter, query, item)) heap.offer(item, scores[item]);
    }
    touched.clear();
    heap.write(query, out);
  }

  std::int64_t items;
  Buffer<double> scores;
  Buffer<std::uint8_t> listed;
  std::vector<std::int32_t> touched;
  BoundedHeap<double> heap;
};

void check_member(const BlendedLists& member, std::int64_t queries) {
  check_count(member.depth, "depth");
  check_pointer(member.counts, queries, "counts");
  check_pointer(member.ids, std::min(queries, member.depth), "ids");
  check_pointer(member.scores, std::min(queries, member.depth), "scores");
  check_number(member.weight, -largest_option, largest_option, "weight");
}

}  // namespace

void top_k_blended(const std::vector<BlendedLists>& members, bool cascade, std::int64_t queries, std::int64_t items,
                   const TopKFilter& filter, const TopKLists<double>& out, const RunControl& control) {
  check_filter(filter, queries, items);
  check_lists(out, queries);
  for (const BlendedLists& member : members) check_member(member, queries);
  const auto make_blend = [&] { return Blend(items, std::min(out.n, std::max<std::int64_t>(items, 1))); };
  parallel_for(queries, control, make_blend, [&](Blend& blend, std::int64_t query) {
    double offset = 2.0 * static_cast<double>(members.size());
    for (const BlendedLists& member : members) {
      offset -= 2.0;
      if (cascade || member.weight != 0) blend.add(member, query, cascade, offset);
    }
    blend.write(query, filter, out);
  });
}

}  // namespace coals
