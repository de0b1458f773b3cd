// Rows of a sparse result, kept where they were written until all sizes are known.
//
// One store a thread, in large chunks, so that finished rows are neither moved as a vector grows nor scattered over
// thousands of small allocations whose pages the system would have to clear one by one. A chunk is given back as soon
// as its rows are in the result, so that the result is never held twice.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "coals/buffer.hpp"
#include "coals/csr.hpp"
#include "threading/parallel.hpp"

namespace coals {

template <class T>
class RowStores;

// What one thread has written.
template <class T>
class RowStore {
 public:
  explicit RowStore(RowStores<T>& all) : all_(all) {}

  // Makes room for a row of `size`, which the caller fills: (columns, values).
  std::pair<std::int32_t*, T*> add(std::int64_t row, std::int64_t size) {
    if (chunks_.empty() || chunks_.back().used + size > chunks_.back().column.size()) {
      constexpr std::int64_t entries = 1 << 20;
      const std::int64_t room = std::max(entries, size);
      all_.reserve(room);
      chunks_.push_back({Buffer<std::int32_t>(room), Buffer<T>(room), {}, 0});
    }
    Chunk& chunk = chunks_.back();
    const std::int64_t at = chunk.used;
    chunk.rows.push_back({row, size});
    chunk.used += size;
    return {chunk.column.data() + at, chunk.value.data() + at};
  }

 private:
  friend class RowStores<T>;
  struct Row {
    std::int64_t row, size;
  };
  struct Chunk {
    Buffer<std::int32_t> column;
    Buffer<T> value;
    std::vector<Row> rows;
    std::int64_t used;
  };
  RowStores<T>& all_;
  std::vector<Chunk> chunks_;
};

// The stores of all threads: they must outlive the loop that fills them. At most `limit` entries, or -1.
template <class T>
class RowStores {
 public:
  explicit RowStores(std::int64_t limit) : limit_(limit) {}

  RowStore<T>& add() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stores_.push_back(std::make_unique<RowStore<T>>(*this));
    return *stores_.back();
  }

  void reserve(std::int64_t entries) {
    if (limit_ >= 0 && reserved_.fetch_add(entries) + entries > limit_) {
      throw std::invalid_argument(
          "the answer does not fit into memory_limit: raise it, or keep less with neighbors "
          "or threshold");
    }
  }

  // One matrix of the rows, each of which must have been added once. Empties the stores.
  CsrMatrix<T> join(std::int64_t rows, std::int64_t columns, const RunControl& control) {
    CsrMatrix<T> out;
    out.rows = rows;
    out.columns = columns;
    out.row_begin = Buffer<std::int64_t>(rows + 1, control.memory);
    std::fill(out.row_begin.begin(), out.row_begin.end(), std::int64_t{0});
    std::vector<Chunk*> chunks;
    for (auto& store : stores_) {
      for (Chunk& chunk : store->chunks_) {
        chunks.push_back(&chunk);
        for (const Row& row : chunk.rows) out.row_begin[row.row + 1] = row.size;
      }
    }
    for (std::int64_t i = 0; i < rows; ++i) out.row_begin[i + 1] += out.row_begin[i];
    // From the first row to the last: the result takes memory as the chunks give theirs back.
    std::sort(chunks.begin(), chunks.end(),
              [](const Chunk* a, const Chunk* b) { return a->rows.front().row < b->rows.front().row; });
    out.column = Buffer<std::int32_t>(out.row_begin[rows], control.memory);
    out.value = Buffer<T>(out.row_begin[rows], control.memory);
    parallel_for(static_cast<std::int64_t>(chunks.size()), control,
                 [&](std::int64_t k) { move_rows(*chunks[static_cast<std::size_t>(k)], out); });
    stores_.clear();
    return out;
  }

 private:
  using Chunk = typename RowStore<T>::Chunk;
  using Row = typename RowStore<T>::Row;

  static void move_rows(Chunk& chunk, CsrMatrix<T>& out) {
    std::int64_t at = 0;
    for (const Row& row : chunk.rows) {
      const std::int64_t to = out.row_begin[row.row];
      std::copy(chunk.column.data() + at, chunk.column.data() + at + row.size, out.column.data() + to);
      std::copy(chunk.value.data() + at, chunk.value.data() + at + row.size, out.value.data() + to);
      at += row.size;
    }
    give_back(chunk.column);
    give_back(chunk.value);
  }

  template <class U>
  static void give_back(Buffer<U>& buffer) {
    give_back_pages(buffer.data(), static_cast<std::size_t>(buffer.size()) * sizeof(U));
    buffer = Buffer<U>();
  }

  std::int64_t limit_;
  std::atomic<std::int64_t> reserved_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<RowStore<T>>> stores_;
};

}  // namespace coals
