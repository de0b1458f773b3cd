#include "cooccurrence/ranked_pairs.hpp"

#include <algorithm>

#include "checks/arguments.hpp"
#include "kernels/kernel_table.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

constexpr std::int64_t block_words = bit_block / 64;
constexpr std::int64_t block_bytes = bit_block / 8;

// How many bits of a block a user must be expected to have: below it a list is cheaper.
constexpr double least_bits = 2.0;

std::int64_t parts_of(const std::vector<std::int64_t>& begin) { return static_cast<std::int64_t>(begin.size()) - 1; }

// Positions 0 .. n - 1 by falling size, ties by position.
Buffer<std::int32_t> by_falling_size(const Buffer<std::int64_t>& size, std::int64_t largest) {
  Buffer<std::int64_t> begin(largest + 2);
  std::fill(begin.begin(), begin.end(), std::int64_t{0});
  for (std::int64_t i = 0; i < size.size(); ++i) ++begin[largest - size[i] + 1];
  for (std::int64_t s = 0; s <= largest; ++s) begin[s + 1] += begin[s];
  Buffer<std::int32_t> order(size.size());
  for (std::int64_t i = 0; i < size.size(); ++i) order[begin[largest - size[i]]++] = static_cast<std::int32_t>(i);
  return order;
}

// Users by falling number of ranked items; those without any are left out.
struct Active {
  Buffer<std::int32_t> row;   // of each user, in the matrix
  Buffer<std::int64_t> size;  // ranked items of each user
};

Active rank_users(const CsrView<void>& matrix, const RankedItems& items, const RunControl& control) {
  Buffer<std::int64_t> size(matrix.rows);
  const auto parts = few_parts(matrix, control);
  parallel_for(parts_of(parts), control, [&](std::int64_t p, const CancellationCheck& check_cancelled) {
    for (std::int64_t i = parts[p]; i < parts[p + 1]; ++i) {
      if (i % 4096 == 0) check_cancelled();
      std::int64_t ranked = 0;
      for (std::int64_t e = matrix.row_begin[i]; e < matrix.row_begin[i + 1]; ++e) {
        ranked += items.rank[matrix.column[e]] >= 0 ? 1 : 0;
      }
      size[i] = ranked;
    }
  });
  const Buffer<std::int32_t> order = by_falling_size(size, std::max<std::int64_t>(items.count, 1));
  std::int64_t users = 0;
  while (users < matrix.rows && size[order[users]] > 0) ++users;
  Active out{Buffer<std::int32_t>(users), Buffer<std::int64_t>(users)};
  for (std::int64_t u = 0; u < users; ++u) {
    out.row[u] = order[u];
    out.size[u] = size[order[u]];
  }
  return out;
}

template <class Visit>
void for_each_rank(const CsrView<void>& matrix, const RankedItems& items, std::int64_t row, Visit visit) {
  for (std::int64_t e = matrix.row_begin[row]; e < matrix.row_begin[row + 1]; ++e) {
    const std::int64_t rank = items.rank[matrix.column[e]];
    if (rank >= 0) visit(rank);
  }
}

// out.begin and out.user: the transpose, ranks x users.
void list_users(const CsrView<void>& matrix, const Active& active, RankedPairs& out, const RunControl& control) {
  const std::int64_t items = out.items.count;
  out.begin = Buffer<std::int64_t>(items + 1);
  out.begin[0] = 0;
  for (std::int64_t r = 0; r < items; ++r) out.begin[r + 1] = out.begin[r] + out.items.size[r];
  out.user = Buffer<std::int32_t>(out.begin[items]);
  const CsrView<void> by_activity{out.users, items, out.list_begin.data(), nullptr, nullptr};
  const auto parts = few_parts(by_activity, control);
  // next[p][r]: where part p writes the next user of rank r.
  Buffer<std::int64_t> next(parts_of(parts) * items);
  const auto visit_part = [&](std::int64_t p, const CancellationCheck& check_cancelled, auto visit) {
    for (std::int64_t u = parts[p]; u < parts[p + 1]; ++u) {
      if (u % 4096 == 0) check_cancelled();
      for_each_rank(matrix, out.items, active.row[u], [&](std::int64_t rank) { visit(u, next[p * items + rank]); });
    }
  };
  parallel_for(parts_of(parts), control, [&](std::int64_t p, const CancellationCheck& check_cancelled) {
    std::fill(next.data() + p * items, next.data() + (p + 1) * items, std::int64_t{0});
    visit_part(p, check_cancelled, [](std::int64_t, std::int64_t& count) { ++count; });
  });
  for (std::int64_t r = 0; r < items; ++r) {
    std::int64_t at = out.begin[r];
    for (std::int64_t p = 0; p < parts_of(parts); ++p) {
      const std::int64_t count = next[p * items + r];
      next[p * items + r] = at;
      at += count;
    }
  }
  parallel_for(parts_of(parts), control, [&](std::int64_t p, const CancellationCheck& check_cancelled) {
    visit_part(p, check_cancelled,
               [&](std::int64_t u, std::int64_t& place) { out.user[place++] = static_cast<std::int32_t>(u); });
  });
}

// How many users have bits of each block, most active first.
std::vector<BitBlock> choose_blocks(const RankedPairs& pairs, const Active& active, double least, std::int64_t& rows) {
  std::vector<BitBlock> blocks;
  const RankedItems& items = pairs.items;
  const auto entries = static_cast<double>(pairs.begin[items.count]);
  std::int64_t users = pairs.users;
  rows = 0;
  for (std::int64_t first = 0; first < items.count; first += bit_block) {
    const std::int64_t last = std::min(items.count, first + bit_block);
    const double share = static_cast<double>(pairs.begin[last] - pairs.begin[first]) / entries;
    while (users > 0 && static_cast<double>(active.size[users - 1]) * share < least) --users;
    if (users < 64) break;  // not worth a block
    blocks.push_back({users, rows});
    rows += users;
  }
  return blocks;
}

void set_bits(const CsrView<void>& matrix, const Active& active, RankedPairs& out, const RunControl& control) {
  const auto blocks = static_cast<std::int64_t>(out.blocks.size());
  // Blocks of each user: he has bits of the first so many.
  const auto in_bits = [&](std::int64_t u, std::int64_t rank) {
    const std::int64_t block = rank / bit_block;
    return block < blocks && u < out.blocks[block].users;
  };
  const auto parts =
      balanced_tasks(out.users, 1e5, [&](std::int64_t u) { return static_cast<double>(active.size[u]); });
  const auto tasks = parts_of(parts);
  Buffer<std::int64_t> size(out.users);
  parallel_for(tasks, control, [&](std::int64_t t) {
    for (std::int64_t u = parts[t]; u < parts[t + 1]; ++u) {
      for (std::int64_t b = 0; b < blocks && u < out.blocks[b].users; ++b) {
        std::fill_n(out.bits.data() + (out.blocks[b].first_row + u) * block_words, block_words, std::uint64_t{0});
      }
      size[u] = 0;
      for_each_rank(matrix, out.items, active.row[u], [&](std::int64_t rank) {
        if (!in_bits(u, rank)) {
          ++size[u];
          return;
        }
        const std::int64_t row = out.blocks[rank / bit_block].first_row + u;
        out.bits[row * block_words + rank % bit_block / 64] |= std::uint64_t{1} << (rank % 64);
      });
    }
  });
  for (std::int64_t u = 0; u < out.users; ++u) out.list_begin[u + 1] = out.list_begin[u] + size[u];
  out.list = Buffer<std::int32_t>(out.list_begin[out.users]);
  parallel_for(tasks, control, [&](std::int64_t t) {
    for (std::int64_t u = parts[t]; u < parts[t + 1]; ++u) {
      std::int32_t* next = out.list.data() + out.list_begin[u];
      for_each_rank(matrix, out.items, active.row[u], [&](std::int64_t rank) {
        if (!in_bits(u, rank)) *next++ = static_cast<std::int32_t>(rank);
      });
    }
  });
}

}  // namespace

std::vector<std::int64_t> few_parts(const CsrView<void>& matrix, const RunControl& control) {
  constexpr std::int64_t most_parts = 8;
  const std::int64_t wanted = wanted_threads(control);
  const auto parts = static_cast<double>(std::min(most_parts, std::max<std::int64_t>(1, wanted)));
  const double cost = static_cast<double>(matrix.entries() + matrix.rows) / parts + 1;
  return balanced_tasks(matrix.rows, cost, [&](std::int64_t i) { return static_cast<double>(matrix.row_size(i)) + 1; });
}

RankedItems rank_items(const CsrView<void>& matrix, std::int64_t min_support, const RunControl& control) {
  const std::int64_t items = matrix.columns;
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    if (matrix.row_begin[i + 1] < matrix.row_begin[i]) refuse("matrix", "row_begin must not fall");
  }
  const auto parts = few_parts(matrix, control);
  Buffer<std::int64_t> counts(std::max<std::int64_t>(1, parts_of(parts)) * items);
  std::fill(counts.begin(), counts.end(), std::int64_t{0});
  parallel_for(parts_of(parts), control, [&](std::int64_t p, const CancellationCheck& check_cancelled) {
    std::int64_t* count = counts.data() + p * items;
    for (std::int64_t i = parts[p]; i < parts[p + 1]; ++i) {
      if (i % 4096 == 0) check_cancelled();
      for (std::int64_t e = matrix.row_begin[i]; e < matrix.row_begin[i + 1]; ++e) {
        const std::int64_t column = matrix.column[e];
        if (column < 0 || column >= items) {
          refuse("matrix", "row " + std::to_string(i) + ": column " + std::to_string(column) + " is out of range");
        }
        ++count[column];
      }
    }
  });
  Buffer<std::int64_t> size(items);
  for (std::int64_t j = 0; j < items; ++j) {
    size[j] = counts[j];
    for (std::int64_t p = 1; p < parts_of(parts); ++p) size[j] += counts[p * items + j];
  }
  const Buffer<std::int32_t> order = by_falling_size(size, matrix.rows);
  RankedItems out;
  while (out.count < items && size[order[out.count]] >= std::max<std::int64_t>(1, min_support)) ++out.count;
  out.item = Buffer<std::int32_t>(out.count);
  out.rank = Buffer<std::int32_t>(items);
  out.size = Buffer<std::int64_t>(out.count);
  std::fill(out.rank.begin(), out.rank.end(), -1);
  for (std::int64_t r = 0; r < out.count; ++r) {
    out.item[r] = order[r];
    out.size[r] = size[order[r]];
    out.rank[order[r]] = static_cast<std::int32_t>(r);
  }
  return out;
}

RankedPairs rank_pairs(const CsrView<void>& matrix, std::int64_t min_support, std::int64_t most_bit_bytes,
                       const RunControl& control) {
  RankedPairs out;
  out.items = rank_items(matrix, min_support, control);
  const Active active = rank_users(matrix, out.items, control);
  out.users = active.row.size();
  out.list_begin = Buffer<std::int64_t>(out.users + 1);
  out.list_begin[0] = 0;
  for (std::int64_t u = 0; u < out.users; ++u) out.list_begin[u + 1] = out.list_begin[u] + active.size[u];
  list_users(matrix, active, out, control);
  std::int64_t rows = 0;
  double least = least_bits;
  out.blocks = choose_blocks(out, active, least, rows);
  while (rows * block_bytes > most_bit_bytes) out.blocks = choose_blocks(out, active, least *= 1.5, rows);
  out.bits = Buffer<std::uint64_t>(rows * block_words);
  set_bits(matrix, active, out, control);
  return out;
}

}  // namespace coals
