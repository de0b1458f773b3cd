// Entries dealt out for an epoch: parts of users by parts of items, each pair's entries together and in random order.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "coals/buffer.hpp"
#include "coals/csr.hpp"
#include "sgd/random.hpp"
#include "threading/parallel.hpp"

namespace coals {

// Things 0 .. size - 1 in random order, cut into equal parts.
struct Deal {
  Deal(std::int64_t size, std::int64_t parts, Random random) : order(size), part(size), parts(parts) {
    for (std::int64_t i = 0; i < size; ++i) order[i] = static_cast<std::int32_t>(i);
    shuffle(size, random, [&](std::int64_t i, std::int64_t j) { std::swap(order[i], order[j]); });
    for (std::int64_t p = 0; p < parts; ++p) {
      for (std::int64_t k = begin(p); k < begin(p + 1); ++k) part[order[k]] = static_cast<std::int32_t>(p);
    }
  }
  std::int64_t begin(std::int64_t p) const { return order.size() * p / parts; }

  Buffer<std::int32_t> order, part;
  std::int64_t parts;
};

template <class T>
class EntryParts {
 public:
  EntryParts(const CsrView<T>& matrix, std::uint64_t seed, std::int64_t epoch, const RunControl& control)
      : parts(parts_of(matrix)),
        users(matrix.rows, parts, Random(seed, 4 * epoch)),
        items(matrix.columns, parts, Random(seed, 4 * epoch + 1)),
        user(matrix.entries()),
        item(matrix.entries()),
        value(matrix.value ? matrix.entries() : 0),
        begin_(parts * parts + 1) {
    deal(matrix, control);
    parallel_for(parts * parts, control, [&](std::int64_t pair) {
      Random random(seed ^ 0xD1B54A32D192ED03u, static_cast<std::uint64_t>(epoch * parts * parts + pair));
      const std::int64_t first = begin_[pair];
      shuffle(begin_[pair + 1] - first, random, [&](std::int64_t i, std::int64_t j) {
        std::swap(user[first + i], user[first + j]);
        std::swap(item[first + i], item[first + j]);
        if (value.size()) std::swap(value[first + i], value[first + j]);
      });
    });
  }

  // The entries of a pair: their number, and where they begin.
  std::int64_t begin(std::int64_t user_part, std::int64_t item_part) const {
    return begin_[user_part * parts + item_part];
  }
  std::int64_t count(std::int64_t user_part, std::int64_t item_part) const {
    return begin_[user_part * parts + item_part + 1] - begin_[user_part * parts + item_part];
  }

  // run(user_part, item_part, check_cancelled) for all pairs, in rounds that meet every part once. A pair waits for
  // those of its two parts in the round before and for nothing else, so that no thread waits for a whole round to end.
  template <class Run>
  void rounds(std::uint64_t seed, std::int64_t epoch, const RunControl& control, Run run) const {
    const Deal order(parts, 1, Random(seed, 4 * epoch + 2));
    std::vector<std::atomic<bool>> done(static_cast<std::size_t>(parts * parts));
    parallel_for(parts * parts, control, [&](std::int64_t task, const CancellationCheck& check_cancelled) {
      const std::int64_t round = task / parts, user_part = task % parts;
      const std::int64_t item_part = (user_part + order.order[round]) % parts;
      if (round > 0) {
        const std::int64_t with_items = (item_part - order.order[round - 1] + parts) % parts;
        for (const std::int64_t before : {user_part, with_items}) {
          // Tasks are taken in rising order, so a thread is at work on it.
          while (!done[(round - 1) * parts + before].load(std::memory_order_acquire)) {
            check_cancelled();
            std::this_thread::yield();
          }
        }
      }
      run(user_part, item_part, check_cancelled);
      done[task].store(true, std::memory_order_release);
    });
  }

  std::int64_t parts;
  Deal users, items;
  Buffer<std::int32_t> user, item;
  Buffer<T> value;

 private:
  // Enough for many threads, and so few that a part of items offers a choice. By the data alone.
  static std::int64_t parts_of(const CsrView<T>& matrix) {
    return std::clamp<std::int64_t>(std::min(matrix.rows, matrix.columns) / 16, 1, 32);
  }

  void deal(const CsrView<T>& matrix, const RunControl& control) {
    std::vector<std::int64_t> part_begin(static_cast<std::size_t>(parts) + 1, 0);
    for (std::int64_t p = 0; p < parts; ++p) {
      part_begin[p + 1] = part_begin[p];
      for (std::int64_t k = users.begin(p); k < users.begin(p + 1); ++k) {
        part_begin[p + 1] += matrix.row_size(users.order[k]);
      }
    }
    parallel_for(parts, control, [&](std::int64_t p) {
      std::vector<std::int64_t> next(static_cast<std::size_t>(parts), 0);
      const auto each_entry = [&](auto visit) {
        for (std::int64_t k = users.begin(p); k < users.begin(p + 1); ++k) {
          const std::int64_t row = users.order[k];
          for (std::int64_t e = matrix.row_begin[row]; e < matrix.row_begin[row + 1]; ++e) {
            visit(row, e, items.part[matrix.column[e]]);
          }
        }
      };
      each_entry([&](std::int64_t, std::int64_t, std::int32_t q) { ++next[q]; });
      std::int64_t at = part_begin[p];
      for (std::int64_t q = 0; q < parts; ++q) {
        begin_[p * parts + q] = at;
        at += std::exchange(next[q], at);
      }
      each_entry([&](std::int64_t row, std::int64_t e, std::int32_t q) {
        const std::int64_t place = next[q]++;
        user[place] = static_cast<std::int32_t>(row);
        item[place] = matrix.column[e];
        if (matrix.value) value[place] = matrix.value[e];
      });
    });
    begin_[parts * parts] = matrix.entries();
  }

  Buffer<std::int64_t> begin_;
};

}  // namespace coals
