// An index of the C interface answers as coals_top_k does, bit for bit, keeps nothing of the caller's, and says what is
// wrong.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "coals/c_api.h"

namespace {

constexpr std::int64_t queries = 150, items = 5000, width = 24, wanted = 20;
int failures = 0;

void expect(bool condition, const std::string& what) {
  if (condition) return;
  std::printf("failed: %s\n", what.c_str());
  ++failures;
}

// From -0.5 to 0.5; the same for the same seed.
template <class T>
std::vector<T> some_numbers(std::int64_t count, std::uint32_t seed) {
  std::vector<T> values(count);
  for (T& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<T>(seed >> 8) / T(1 << 24) - T(0.5);
  }
  return values;
}

template <class T>
coals_matrix matrix_of(std::vector<T>& data, std::int64_t rows) {
  const std::int32_t dtype = sizeof(T) == 4 ? COALS_FLOAT32 : COALS_FLOAT64;
  return {sizeof(coals_matrix), rows, width, data.data(), dtype, 0};
}

template <class T>
struct Lists {
  std::vector<std::int64_t> ids = std::vector<std::int64_t>(queries * wanted),
                            counts = std::vector<std::int64_t>(queries);
  std::vector<T> scores = std::vector<T>(queries * wanted);
  coals_lists out() { return {sizeof(coals_lists), wanted, ids.data(), scores.data(), counts.data()}; }
  bool operator==(const Lists& other) const {
    return ids == other.ids && counts == other.counts &&
           std::memcmp(scores.data(), other.scores.data(), scores.size() * sizeof(T)) == 0;
  }
};

// Every query must not get its own share of the items, and nobody an odd one.
struct Kept {
  std::vector<std::int64_t> begin;
  std::vector<std::int32_t> column;
  std::vector<std::uint8_t> candidate = std::vector<std::uint8_t>(items);
  coals_csr excluded{};
  coals_filter filter{};

  Kept() {
    for (std::int64_t q = 0; q <= queries; ++q) begin.push_back(q * (items / queries));
    for (std::int64_t j = 0; j < begin.back(); ++j) column.push_back(static_cast<std::int32_t>(j));
    for (std::int64_t j = 0; j < items; ++j) candidate[j] = j % 2 == 0;
    excluded = {sizeof excluded, queries, items, begin.back(), begin.data(), column.data(), nullptr, COALS_FLOAT32, 0};
    filter = {sizeof filter, &excluded, nullptr, candidate.data(), 0, 1, 0.1};
  }
};

template <class T>
void same_bits_as_top_k(const char* dtype) {
  std::vector<T> users = some_numbers<T>(queries * width, 1), books = some_numbers<T>(items * width, 2);
  const coals_matrix from = matrix_of(users, queries), to = matrix_of(books, items);
  const Kept kept;
  Lists<T> plain, filtered;
  coals_lists out = plain.out();
  expect(coals_top_k(&from, &to, nullptr, nullptr, &out, nullptr) == COALS_OK, "top_k");
  out = filtered.out();
  expect(coals_top_k(&from, &to, &kept.filter, nullptr, &out, nullptr) == COALS_OK, "top_k with a filter");
  expect(!(plain == filtered), "the filter keeps something off");

  coals_index* index = nullptr;
  expect(coals_index_create(&to, nullptr, &index, nullptr) == COALS_OK && index, "create");
  std::fill(books.begin(), books.end(), std::numeric_limits<T>::quiet_NaN());  // the index has its own
  const auto ask = [&](int first) {
    for (int round = first; round < first + 4; ++round) {
      const coals_control control{sizeof control, 1 + round % 3, 0, nullptr, nullptr, nullptr, nullptr, nullptr};
      Lists<T> again;
      coals_lists lists = again.out();
      const coals_filter* filter = round % 2 ? &kept.filter : nullptr;
      if (coals_index_top_k(index, &from, filter, &control, &lists, nullptr) != COALS_OK ||
          !(again == (round % 2 ? filtered : plain))) {
        return false;
      }
    }
    return true;
  };
  bool other = false;
  std::thread beside([&] { other = ask(1); });
  expect(ask(0), std::string("same bits as coals_top_k, ") + dtype);
  beside.join();
  expect(other, std::string("the same from a second thread, ") + dtype);
  coals_index_free(index);
}

void mistakes_are_explained() {
  std::vector<float> users = some_numbers<float>(queries * width, 1), books = some_numbers<float>(items * width, 2);
  coals_matrix from = matrix_of(users, queries), to = matrix_of(books, items);
  coals_error error{sizeof error, COALS_OK, 0, -1, ""};
  Lists<float> lists;
  coals_lists out = lists.out();
  const auto refused = [&](coals_status status, const char* text) {
    expect(status == COALS_INVALID_ARGUMENT && std::strstr(error.message, text),
           std::string(text) + ": " + error.message);
  };
  coals_index* index = nullptr;
  refused(coals_index_create(&to, nullptr, nullptr, &error), "index must not be null");
  refused(coals_index_create(nullptr, nullptr, &index, &error), "items must not be null");
  refused(coals_index_top_k(nullptr, &from, nullptr, nullptr, &out, &error), "index must not be null");
  to.dtype = COALS_INT32;
  refused(coals_index_create(&to, nullptr, &index, &error), "float32 or float64");
  to.dtype = COALS_FLOAT32;
  to.rows = std::numeric_limits<std::int64_t>::max() / 2;
  refused(coals_index_create(&to, nullptr, &index, &error), "more entries than");
  expect(index == nullptr, "no index where there is none");
  to.rows = items;
  expect(coals_index_create(&to, nullptr, &index, &error) == COALS_OK, "create");
  from.columns = width - 1;
  refused(coals_index_top_k(index, &from, nullptr, nullptr, &out, &error),
          "queries: must be 150 x 24, and is 150 x 23");
  from = matrix_of(users, queries);
  from.dtype = COALS_FLOAT64;
  refused(coals_index_top_k(index, &from, nullptr, nullptr, &out, &error),
          "queries: must be of the dtype of the items");
  from.dtype = COALS_FLOAT32;
  const std::vector<std::int64_t> nothing(queries + 1);
  const coals_csr narrow{sizeof narrow, queries, items - 1, 0, nothing.data(), nullptr, nullptr, 0, 0};
  const coals_filter filter{sizeof filter, &narrow, nullptr, nullptr, 0, 0, 0};
  refused(coals_index_top_k(index, &from, &filter, nullptr, &out, &error),
          "excluded: must be 150 x 5000, and is 150 x 4999");
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38f}) {
    const bool finite = std::isfinite(bad);
    const float good = std::exchange(users[2 * width + 5], bad);
    refused(coals_index_top_k(index, &from, nullptr, nullptr, &out, &error),
            finite ? "queries: row 2: scores may be beyond" : "queries: row 2, column 5 is NaN or infinite");
    refused(coals_top_k(&from, &to, nullptr, nullptr, &out, &error), "queries: row 2");
    users[2 * width + 5] = good;
  }
  coals_index_free(index);
  index = nullptr;
  books[7 * width + 1] = std::numeric_limits<float>::quiet_NaN();
  refused(coals_index_create(&to, nullptr, &index, &error), "items: row 7, column 1 is NaN or infinite");
  refused(coals_top_k(&from, &to, nullptr, nullptr, &out, &error), "items: row 7, column 1 is NaN or infinite");
  expect(index == nullptr, "no index of what is no number");
  coals_index_free(nullptr);
}

}  // namespace

int main() {
  same_bits_as_top_k<float>("float32");
  same_bits_as_top_k<double>("float64");
  mistakes_are_explained();
  if (failures == 0) std::printf("an index of the C interface: all well\n");
  return failures != 0;
}
