#include "coals/cooccurrence.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "parallel.hpp"

namespace coals {

namespace {

struct Neighbor {
  std::int32_t item;
  double similarity;
};

// Sorts better neighbours first, ties to the lower item.
bool better(const Neighbor& a, const Neighbor& b) {
  return a.similarity > b.similarity || (a.similarity == b.similarity && a.item < b.item);
}

double similarity_of(Similarity kind, double both, double of_i, double of_j) {
  switch (kind) {
    case Similarity::jaccard: return both / (of_i + of_j - both);
    case Similarity::cosine: return both / std::sqrt(of_i * of_j);
    default: return both;
  }
}

// One thread's counters: all zero between rows.
struct Counter {
  explicit Counter(std::int64_t items) : count(items) { std::fill(count.begin(), count.end(), 0u); }
  Buffer<std::uint32_t> count;
  std::vector<std::int32_t> touched;
  std::vector<Neighbor> row;
};

struct Counting {
  const CsrView<void>& items_of_user;
  const CsrView<void>& users_of_item;
  Similarity similarity;
  std::int64_t neighbors;

  std::int64_t work(std::int64_t item) const {
    std::int64_t sum = 0;
    for (std::int64_t e = users_of_item.row_begin[item]; e < users_of_item.row_begin[item + 1]; ++e) {
      sum += items_of_user.row_size(users_of_item.column[e]);
    }
    return sum;
  }

  template <class Visit>
  void for_each_pair(std::int64_t item, Visit visit) const {
    for (std::int64_t e = users_of_item.row_begin[item]; e < users_of_item.row_begin[item + 1]; ++e) {
      const std::int64_t user = users_of_item.column[e];
      const std::int32_t* other = items_of_user.column + items_of_user.row_begin[user];
      const std::int64_t n = items_of_user.row_size(user);
      for (std::int64_t k = 0; k < n; ++k) visit(other[k]);
    }
  }

  void take(std::int64_t item, std::int32_t other, Counter& counter) const {
    const std::uint32_t both = std::exchange(counter.count[other], 0u);
    if (both == 0 || other == item) return;
    counter.row.push_back({other, similarity_of(similarity, both, static_cast<double>(users_of_item.row_size(item)),
                                                static_cast<double>(users_of_item.row_size(other)))});
  }

  // Counts one row and leaves its neighbours, by ascending item, in counter.row.
  void count_row(std::int64_t item, std::int64_t row_work, Counter& counter) const {
    counter.row.clear();
    // A row that touches a good part of the catalogue is read off by one pass over the counters; a short row keeps a
    // list of what it touched, so that its cost does not grow with the catalogue.
    if (row_work > items_of_user.columns / 16) {
      for_each_pair(item, [&](std::int32_t other) { ++counter.count[other]; });
      for (std::int32_t other = 0; other < items_of_user.columns; ++other) take(item, other, counter);
    } else {
      counter.touched.clear();
      for_each_pair(item, [&](std::int32_t other) {
        if (counter.count[other]++ == 0) counter.touched.push_back(other);
      });
      std::sort(counter.touched.begin(), counter.touched.end());
      for (const std::int32_t other : counter.touched) take(item, other, counter);
    }
    keep_best(counter.row);
  }

  void keep_best(std::vector<Neighbor>& row) const {
    if (neighbors < 0 || static_cast<std::int64_t>(row.size()) <= neighbors) return;
    std::nth_element(row.begin(), row.begin() + neighbors, row.end(), better);
    row.resize(static_cast<std::size_t>(neighbors));
    std::sort(row.begin(), row.end(), [](const Neighbor& a, const Neighbor& b) { return a.item < b.item; });
  }
};

struct TaskRows {
  std::vector<std::int64_t> size;
  std::vector<std::int32_t> column;
  std::vector<double> value;
};

std::vector<std::int64_t> work_per_item(const Counting& counting, const RunControl& control) {
  const std::int64_t items = counting.users_of_item.rows;
  constexpr std::int64_t rows = 256;
  std::vector<std::int64_t> work(static_cast<std::size_t>(items));
  parallel_for((items + rows - 1) / rows, control, [&](std::int64_t t) {
    for (std::int64_t i = t * rows; i < std::min(items, (t + 1) * rows); ++i) work[i] = counting.work(i);
  });
  return work;
}

CsrMatrix<double> join(std::int64_t items, const std::vector<std::int64_t>& tasks, std::vector<TaskRows>& parts,
                       const RunControl& control) {
  CsrMatrix<double> out;
  out.rows = out.columns = items;
  out.row_begin = Buffer<std::int64_t>(items + 1);
  out.row_begin[0] = 0;
  std::int64_t i = 0;
  for (const TaskRows& part : parts) {
    for (const std::int64_t size : part.size) {
      out.row_begin[i + 1] = out.row_begin[i] + size;
      ++i;
    }
  }
  out.column = Buffer<std::int32_t>(out.row_begin[items]);
  out.value = Buffer<double>(out.row_begin[items]);
  parallel_for(static_cast<std::int64_t>(parts.size()), control, [&](std::int64_t t) {
    TaskRows& part = parts[t];
    const std::int64_t first = out.row_begin[tasks[t]];
    std::copy(part.column.begin(), part.column.end(), out.column.data() + first);
    std::copy(part.value.begin(), part.value.end(), out.value.data() + first);
    part = TaskRows();
  });
  return out;
}

}  // namespace

CsrMatrix<double> item_similarity(const CsrView<void>& items_of_user, const CsrView<void>& users_of_item,
                                  Similarity similarity, std::int64_t neighbors, const RunControl& control) {
  if (users_of_item.rows != items_of_user.columns || users_of_item.columns != items_of_user.rows ||
      users_of_item.entries() != items_of_user.entries()) {
    throw std::invalid_argument("users_of_item must be the transpose of items_of_user");
  }
  const Counting counting{items_of_user, users_of_item, similarity, neighbors};
  const std::int64_t items = users_of_item.rows;
  const std::vector<std::int64_t> work = work_per_item(counting, control);
  const auto tasks = balanced_tasks(items, 1e6, [&](std::int64_t i) {
    return static_cast<double>(work[i]) + static_cast<double>(std::min(items, 16 * work[i])) / 4 + 1;
  });
  std::vector<TaskRows> parts(tasks.size() - 1);
  parallel_for(
      static_cast<std::int64_t>(parts.size()), control, [&] { return Counter(items); },
      [&](Counter& counter, std::int64_t t) {
        TaskRows& part = parts[t];
        for (std::int64_t i = tasks[t]; i < tasks[t + 1]; ++i) {
          counting.count_row(i, work[i], counter);
          part.size.push_back(static_cast<std::int64_t>(counter.row.size()));
          for (const Neighbor& neighbor : counter.row) {
            part.column.push_back(neighbor.item);
            part.value.push_back(neighbor.similarity);
          }
        }
      });
  return join(items, tasks, parts, control);
}

}  // namespace coals
