// Rows of a sparse result, kept where they were written until all sizes are known.
//
// One store a thread, in large chunks, so that finished rows are neither moved as a vector grows nor scattered over
// thousands of small allocations whose pages the system would have to clear one by one.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "coals/buffer.hpp"
#include "coals/csr.hpp"
#include "parallel.hpp"

namespace coals {

struct SparseRow {
  const std::int32_t* column = nullptr;
  const double* value = nullptr;
  std::int64_t size = 0;
};

class RowStore {
 public:
  explicit RowStore(std::int64_t longest_row) : longest_row_(longest_row) {}

  // Makes room for one more row of the longest kind; push fills it, finish closes it.
  void begin() {
    if (chunks_.empty() || used_ + longest_row_ > chunks_.back().column.size()) {
      constexpr std::int64_t entries = 1 << 20;
      const std::int64_t size = std::max(entries, longest_row_);
      chunks_.push_back({Buffer<std::int32_t>(size), Buffer<double>(size)});
      used_ = 0;
    }
    row_ = {chunks_.back().column.data() + used_, chunks_.back().value.data() + used_, 0};
  }

  void push(std::int64_t column, double value) {
    chunks_.back().column[used_] = static_cast<std::int32_t>(column);
    chunks_.back().value[used_] = value;
    ++used_;
  }

  SparseRow finish() {
    row_.size = chunks_.back().column.data() + used_ - row_.column;
    return row_;
  }

 private:
  struct Chunk {
    Buffer<std::int32_t> column;
    Buffer<double> value;
  };
  std::int64_t longest_row_;
  std::vector<Chunk> chunks_;
  std::int64_t used_ = 0;
  SparseRow row_;
};

// The stores of all threads: they must outlive the loop that fills them.
class RowStores {
 public:
  RowStore& add(std::int64_t longest_row) {
    const std::lock_guard<std::mutex> lock(mutex_);
    stores_.push_back(std::make_unique<RowStore>(longest_row));
    return *stores_.back();
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<RowStore>> stores_;
};

// One matrix of the given rows.
inline CsrMatrix<double> join_rows(const std::vector<SparseRow>& rows, std::int64_t columns,
                                   const RunControl& control) {
  const auto count = static_cast<std::int64_t>(rows.size());
  CsrMatrix<double> out;
  out.rows = count;
  out.columns = columns;
  out.row_begin = Buffer<std::int64_t>(count + 1);
  out.row_begin[0] = 0;
  for (std::int64_t i = 0; i < count; ++i) out.row_begin[i + 1] = out.row_begin[i] + rows[i].size;
  out.column = Buffer<std::int32_t>(out.row_begin[count]);
  out.value = Buffer<double>(out.row_begin[count]);
  const auto tasks = balanced_tasks(count, 1e5, [&](std::int64_t i) { return static_cast<double>(rows[i].size) + 16; });
  parallel_for(static_cast<std::int64_t>(tasks.size()) - 1, control, [&](std::int64_t t) {
    for (std::int64_t i = tasks[t]; i < tasks[t + 1]; ++i) {
      std::copy(rows[i].column, rows[i].column + rows[i].size, out.column.data() + out.row_begin[i]);
      std::copy(rows[i].value, rows[i].value + rows[i].size, out.value.data() + out.row_begin[i]);
    }
  });
  return out;
}

}  // namespace coals
