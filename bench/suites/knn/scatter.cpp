// The plain scatter, against which nothing may be slower: for each item, for each of its users, a counter of each item
// that the user has goes up by one; then the best counts are kept, ties to the lower item. A counter per item and
// thread.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

namespace {

struct Csr {
  const std::int64_t* starts;
  const std::int32_t* columns;
};

void row(Csr by_item, Csr by_user, std::int64_t item, std::vector<std::int32_t>& counts,
         std::vector<std::int32_t>& met) {
  met.clear();
  for (auto at = by_item.starts[item]; at < by_item.starts[item + 1]; ++at) {
    const auto user = by_item.columns[at];
    for (auto other = by_user.starts[user]; other < by_user.starts[user + 1]; ++other) {
      const auto column = by_user.columns[other];
      if (counts[column]++ == 0) met.push_back(column);
    }
  }
}

std::int32_t select(std::int64_t item, std::int32_t neighbors, std::vector<std::int32_t>& counts,
                    std::vector<std::int32_t>& met, std::int32_t* best, std::int32_t* values) {
  met.erase(std::remove(met.begin(), met.end(), static_cast<std::int32_t>(item)), met.end());
  const auto kept = std::min<std::size_t>(met.size(), neighbors);
  const auto better = [&](auto a, auto b) { return counts[a] != counts[b] ? counts[a] > counts[b] : a < b; };
  std::nth_element(met.begin(), met.begin() + kept, met.end(), better);
  std::sort(met.begin(), met.begin() + kept);
  for (std::size_t k = 0; k < kept; ++k) {
    best[k] = met[k];
    values[k] = counts[met[k]];
  }
  for (const auto column : met) counts[column] = 0;
  counts[item] = 0;
  return static_cast<std::int32_t>(kept);
}

}  // namespace

// `columns` and `values` have `neighbors` places for each item, of which `kept` says how many are used.
extern "C" void scatter(const std::int64_t* item_starts, const std::int32_t* users, const std::int64_t* user_starts,
                        const std::int32_t* items, std::int64_t n_items, std::int32_t neighbors, std::int32_t threads,
                        std::int32_t* kept, std::int32_t* columns, std::int32_t* values) {
  const Csr by_item{item_starts, users}, by_user{user_starts, items};
  std::atomic<std::int64_t> next{0};
  const auto work = [&] {
    std::vector<std::int32_t> counts(n_items), met;
    for (auto item = next++; item < n_items; item = next++) {
      row(by_item, by_user, item, counts, met);
      kept[item] = select(item, neighbors, counts, met, columns + item * neighbors, values + item * neighbors);
    }
  };
  std::vector<std::thread> others;
  for (std::int32_t k = 1; k < threads; ++k) others.emplace_back(work);
  work();
  for (auto& other : others) other.join();
}
