#include "coals/pair_order.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "checks/arguments.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

template <class Index>
struct Placed {
  std::int32_t column;
  Index entry;
  bool operator<(const Placed& other) const {
    return column < other.column || (column == other.column && entry < other.entry);
  }
};

}  // namespace

template <class Index>
void order_pairs(const std::int32_t* rows, const std::int32_t* columns, std::int64_t entries, std::int64_t n_rows,
                 Index* order, std::int64_t* row_begin, const RunControl& control) {
  check_count(n_rows, "n_rows");
  check_count(entries, "entries");
  if (entries > std::numeric_limits<Index>::max()) refuse("entries", "there are more than the indices can number");
  check_pointer(rows, entries, "rows");
  check_pointer(columns, entries, "columns");
  check_pointer(order, entries, "order");
  check_pointer(row_begin, 1, "row_begin");
  std::fill(row_begin, row_begin + n_rows + 1, 0);
  for (std::int64_t k = 0; k < entries; ++k) {
    if (rows[k] < 0 || rows[k] >= n_rows)
      throw std::invalid_argument("entry " + std::to_string(k) + " has no such row");
    ++row_begin[rows[k] + 1];
  }
  for (std::int64_t i = 0; i < n_rows; ++i) row_begin[i + 1] += row_begin[i];
  std::vector<std::int64_t> next(row_begin, row_begin + n_rows);
  for (std::int64_t k = 0; k < entries; ++k) order[next[rows[k]]++] = static_cast<Index>(k);
  const auto tasks =
      balanced_tasks(n_rows, 1 << 16, [&](std::int64_t i) { return 8.0 + (row_begin[i + 1] - row_begin[i]); });
  parallel_for(
      static_cast<std::int64_t>(tasks.size()) - 1, control, [] { return std::vector<Placed<Index>>(); },
      [&](std::vector<Placed<Index>>& placed, std::int64_t t, const CancellationCheck& check_cancelled) {
        for (std::int64_t i = tasks[t]; i < tasks[t + 1]; ++i) {
          placed.clear();
          for (std::int64_t k = row_begin[i]; k < row_begin[i + 1]; ++k)
            placed.push_back({columns[order[k]], order[k]});
          std::sort(placed.begin(), placed.end());
          for (std::size_t k = 0; k < placed.size(); ++k)
            order[row_begin[i] + static_cast<std::int64_t>(k)] = placed[k].entry;
        }
        check_cancelled();
      });
}

template void order_pairs(const std::int32_t*, const std::int32_t*, std::int64_t, std::int64_t, std::int32_t*,
                          std::int64_t*, const RunControl&);
template void order_pairs(const std::int32_t*, const std::int32_t*, std::int64_t, std::int64_t, std::int64_t*,
                          std::int64_t*, const RunControl&);

}  // namespace coals
