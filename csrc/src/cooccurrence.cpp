#include "coals/cooccurrence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "bounded_heap.hpp"
#include "parallel.hpp"
#include "row_store.hpp"

namespace coals {

namespace {

double similarity_of(Similarity kind, double both, double of_i, double of_j) {
  switch (kind) {
    case Similarity::jaccard: return both / (of_i + of_j - both);
    case Similarity::cosine: return both / std::sqrt(of_i * of_j);
    default: return both;
  }
}

// One thread's counters, all zero between rows: narrow ones for items with few enough users, since what counts is how
// many counters the first-level cache holds.
struct Counter {
  Counter(std::int64_t items, std::int64_t neighbors, RowStore& store)
      : narrow(items), wide(items), best(std::max<std::int64_t>(1, neighbors)), rows(store) {
    std::fill(narrow.begin(), narrow.end(), std::uint16_t{0});
    std::fill(wide.begin(), wide.end(), 0u);
  }
  Buffer<std::uint16_t> narrow;
  Buffer<std::uint32_t> wide;
  std::vector<std::int32_t> touched;
  BoundedHeap<double> best;
  RowStore& rows;
};

class Counting {
 public:
  Counting(const CsrView<void>& items_of_user, const CsrView<void>& users_of_item, Similarity similarity,
           std::int64_t neighbors)
      : items_of_user_(items_of_user), users_of_item_(users_of_item), similarity_(similarity), neighbors_(neighbors) {
    // Counting reads every user's items once for each of them: at half the width, half the traffic.
    if (items_of_user.columns > std::numeric_limits<std::uint16_t>::max()) return;
    short_column_ = Buffer<std::uint16_t>(items_of_user.entries());
    std::copy(items_of_user.column, items_of_user.column + items_of_user.entries(), short_column_.data());
  }

  // Increments that row `item` costs.
  std::int64_t work(std::int64_t item) const {
    std::int64_t sum = 0;
    for (std::int64_t e = users_of_item_.row_begin[item]; e < users_of_item_.row_begin[item + 1]; ++e) {
      sum += items_of_user_.row_size(users_of_item_.column[e]);
    }
    return sum;
  }

  // Puts the neighbours of `item` into counter.rows, by ascending item.
  SparseRow count_row(std::int64_t item, std::int64_t row_work, Counter& counter) const {
    counter.rows.begin();
    if (users_of_item_.row_size(item) <= std::numeric_limits<std::uint16_t>::max()) {
      count_row(item, row_work, counter.narrow.data(), counter);
    } else {
      count_row(item, row_work, counter.wide.data(), counter);
    }
    return counter.rows.finish();
  }

 private:
  // A row that touches a good part of the catalogue is read off by one pass over the counters; a short row keeps a list
  // of what it touched, so that its cost does not grow with the catalogue.
  template <class Count>
  void count_row(std::int64_t item, std::int64_t row_work, Count* count, Counter& counter) const {
    if (row_work > items_of_user_.columns / 16) {
      for_each_pair(item, [&](std::int32_t other) { ++count[other]; });
      read_off(item, count, counter, items_of_user_.columns, [](std::int64_t j) { return j; });
    } else {
      std::vector<std::int32_t>& touched = counter.touched;
      touched.clear();
      for_each_pair(item, [&](std::int32_t other) {
        if (count[other]++ == 0) touched.push_back(other);
      });
      std::sort(touched.begin(), touched.end());
      read_off(item, count, counter, static_cast<std::int64_t>(touched.size()),
               [&](std::int64_t t) { return touched[t]; });
    }
  }

  template <class Visit>
  void for_each_pair(std::int64_t item, Visit visit) const {
    if (short_column_.data()) {
      for_each_pair(short_column_.data(), item, visit);
    } else {
      for_each_pair(items_of_user_.column, item, visit);
    }
  }

  template <class Index, class Visit>
  void for_each_pair(const Index* column, std::int64_t item, Visit visit) const {
    for (std::int64_t e = users_of_item_.row_begin[item]; e < users_of_item_.row_begin[item + 1]; ++e) {
      const std::int64_t user = users_of_item_.column[e];
      const Index* other = column + items_of_user_.row_begin[user];
      const std::int64_t n = items_of_user_.row_size(user);
      for (std::int64_t k = 0; k < n; ++k) visit(other[k]);
    }
  }

  // Turns the counters at(0), at(1), ... (ascending) into neighbours and clears them.
  template <class Count, class At>
  void read_off(std::int64_t item, Count* count, Counter& counter, std::int64_t size, At at) const {
    count[item] = 0;
    const auto of_item = static_cast<double>(users_of_item_.row_size(item));
    const bool all = neighbors_ < 0;
    for (std::int64_t k = 0; k < size; ++k) {
      const std::int64_t other = at(k);
      const Count both = count[other];
      if (both == 0) continue;
      count[other] = 0;
      const double value =
          similarity_of(similarity_, both, of_item, static_cast<double>(users_of_item_.row_size(other)));
      if (all) {
        counter.rows.push(other, value);
      } else if (value > counter.best.bound()) {
        counter.best.offer(other, value);
      }
    }
    if (!all) counter.best.drain_by_item([&](std::int64_t other, double value) { counter.rows.push(other, value); });
  }

  const CsrView<void>& items_of_user_;
  const CsrView<void>& users_of_item_;
  Similarity similarity_;
  std::int64_t neighbors_;
  Buffer<std::uint16_t> short_column_;
};

std::vector<std::int64_t> work_per_item(const Counting& counting, std::int64_t items, const RunControl& control) {
  constexpr std::int64_t rows = 256;
  std::vector<std::int64_t> work(static_cast<std::size_t>(items));
  parallel_for((items + rows - 1) / rows, control, [&](std::int64_t t) {
    for (std::int64_t i = t * rows; i < std::min(items, (t + 1) * rows); ++i) work[i] = counting.work(i);
  });
  return work;
}

}  // namespace

CsrMatrix<double> item_similarity(const CsrView<void>& items_of_user, const CsrView<void>& users_of_item,
                                  Similarity similarity, std::int64_t neighbors, const RunControl& control) {
  if (users_of_item.rows != items_of_user.columns || users_of_item.columns != items_of_user.rows ||
      users_of_item.entries() != items_of_user.entries()) {
    throw std::invalid_argument("users_of_item must be the transpose of items_of_user");
  }
  if (neighbors == 0) throw std::invalid_argument("neighbors must be at least 1, or -1 for all");
  const Counting counting(items_of_user, users_of_item, similarity, neighbors);
  const std::int64_t items = users_of_item.rows;
  const std::vector<std::int64_t> work = work_per_item(counting, items, control);
  const auto tasks = balanced_tasks(items, 1e6, [&](std::int64_t i) {
    return static_cast<double>(work[i]) + static_cast<double>(std::min(items, 16 * work[i])) / 4 + 1;
  });
  RowStores stores;
  std::vector<SparseRow> rows(static_cast<std::size_t>(items));
  parallel_for(
      static_cast<std::int64_t>(tasks.size()) - 1, control,
      [&] { return Counter(items, neighbors, stores.add(neighbors < 0 ? items : neighbors)); },
      [&](Counter& counter, std::int64_t t) {
        for (std::int64_t i = tasks[t]; i < tasks[t + 1]; ++i) rows[i] = counting.count_row(i, work[i], counter);
      });
  return join_rows(rows, items, control);
}

}  // namespace coals
