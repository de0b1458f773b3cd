// Row pointers beyond 2^31: a matrix of 2.2 thousand million entries whose columns and values are one small piece of
// memory, mapped again and again, so that it takes address space and hardly any memory.
#include <cmath>
#include <cstdio>
#include <vector>

#include "coals/als.hpp"
#include "coals/csr.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr std::int64_t per_row = std::int64_t{1} << 19, rows = 4200, columns = per_row, entries = rows * per_row;
static_assert(entries > (std::int64_t{1} << 31), "more than 32 bits can count");

// One piece of 4 * per_row bytes, `rows` times in a row. Null where the system refuses.
void* map_repeated(const void* piece) {
  const std::size_t bytes = 4 * per_row;
  const int file = memfd_create("coals", 0);
  if (file < 0 || write(file, piece, bytes) != static_cast<ssize_t>(bytes)) return nullptr;
  void* all = mmap(nullptr, bytes * rows, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (all == MAP_FAILED) return nullptr;
  for (std::int64_t i = 0; i < rows; ++i) {
    char* place = static_cast<char*>(all) + i * static_cast<std::int64_t>(bytes);
    if (mmap(place, bytes, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) return nullptr;
  }
  close(file);
  return all;
}

int check() {
  std::vector<std::int32_t> column(per_row);
  std::vector<float> value(per_row), fixed(columns);
  for (std::int64_t e = 0; e < per_row; ++e) {
    column[e] = static_cast<std::int32_t>(e);
    value[e] = static_cast<float>(1 + e % 5);
    fixed[e] = static_cast<float>(e % 3) - 0.5f;
  }
  std::vector<std::int64_t> row_begin(rows + 1);
  for (std::int64_t i = 0; i <= rows; ++i) row_begin[i] = i * per_row;
  const auto* all_columns = static_cast<const std::int32_t*>(map_repeated(column.data()));
  const auto* all_values = static_cast<const float*>(map_repeated(value.data()));
  if (!all_columns || !all_values) {
    std::printf("cannot run here: no such mapping to be had\n");
    return 0;
  }
  coals::validate_csr({rows, columns, row_begin.data(), all_columns, nullptr}, entries, {});

  // The last two rows, whose entries lie beyond 2^31, against the first.
  float first = 0, last[2] = {0, 0};
  coals::ExplicitHalfSweep<float> problem;
  problem.fixed = {fixed.data(), columns, 1, 1};
  problem.penalty = {1.0, 0.0, 0.0};
  problem.ratings = {1, columns, row_begin.data(), all_columns, all_values};
  coals::solve_explicit_factors<float>(problem, nullptr, {&first, 1, 1, 1}, {});
  problem.ratings = {2, columns, row_begin.data() + rows - 2, all_columns, all_values};
  coals::solve_explicit_factors<float>(problem, nullptr, {last, 2, 1, 1}, {});
  double product = 0, square = 1;
  for (std::int64_t e = 0; e < per_row; ++e) {
    product += double(value[e]) * fixed[e];
    square += double(fixed[e]) * fixed[e];
  }
  const bool right = std::fabs(first - product / square) < 1e-4 * std::fabs(first);
  const bool same = last[0] == first && last[1] == first;
  std::printf("%lld entries: %s\n", static_cast<long long>(entries), right && same ? "right" : "FAILED");
  return right && same ? 0 : 1;
}

}  // namespace

int main() { return check(); }
#else
int main() {
  std::printf("cannot run here: repeated mappings are made as Linux makes them\n");
  return 0;
}
#endif
