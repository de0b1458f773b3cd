// Blended lists; see blend.hpp.
#include "coals/blend.hpp"

#include <algorithm>

#include "bounded_heap.hpp"
#include "parallel.hpp"

namespace coals {

namespace {

struct Blend {
  Blend(std::int64_t items, std::int64_t capacity) : scores(items), listed(items), heap(capacity) {
    std::fill(listed.begin(), listed.end(), std::uint8_t{0});
  }

  void add(const BlendedLists& member, std::int64_t query, bool cascade, double offset) {
    const std::int64_t count = member.counts[query];
    const std::int64_t* ids = member.ids + query * member.depth;
    const double* score = member.scores + query * member.depth;
    const double low = count > 0 ? score[count - 1] : 0.0, high = count > 0 ? score[0] : 0.0;
    for (std::int64_t k = 0; k < count; ++k) {
      const double z = high > low ? (score[k] - low) / (high - low) : 1.0;
      const std::int64_t item = ids[k];
      if (!listed[item]) {
        listed[item] = 1;
        touched.push_back(static_cast<std::int32_t>(item));
        scores[item] = cascade ? offset + z : member.weight * z;
      } else if (!cascade) {
        scores[item] += member.weight * z;
      }
    }
  }

  void write(std::int64_t query, const CsrView<void>& excluded, const TopKLists<double>& out) {
    for (const std::int32_t item : touched) {
      listed[item] = 0;
      // Items come in no order, so an equal score may yet get in.
      if (scores[item] >= heap.bound() && !contains(excluded, query, item)) heap.offer(item, scores[item]);
    }
    touched.clear();
    heap.write(query, out);
  }

  Buffer<double> scores;
  Buffer<std::uint8_t> listed;
  std::vector<std::int32_t> touched;
  BoundedHeap<double> heap;
};

}  // namespace

void top_k_blended(const std::vector<BlendedLists>& members, bool cascade, std::int64_t items,
                   const CsrView<void>& excluded, const TopKLists<double>& out, const RunControl& control) {
  const auto make_blend = [&] { return Blend(items, std::min(out.n, std::max<std::int64_t>(items, 1))); };
  parallel_for(excluded.rows, control, make_blend, [&](Blend& blend, std::int64_t query) {
    double offset = 2.0 * static_cast<double>(members.size());
    for (const BlendedLists& member : members) {
      offset -= 2.0;
      if (cascade || member.weight != 0) blend.add(member, query, cascade, offset);
    }
    blend.write(query, excluded, out);
  });
}

}  // namespace coals
