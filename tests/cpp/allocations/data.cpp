#include <algorithm>

#include "cases.hpp"

namespace {

struct Random {
  std::uint32_t state;
  std::uint32_t operator()() { return (state = state * 1664525u + 1013904223u) >> 8; }
};

template <class T>
coals::CsrMatrix<T> make_ratings() {
  Random random{7};
  std::vector<std::int32_t> column;
  std::vector<T> value;
  coals::CsrMatrix<T> out;
  out.rows = case_users;
  out.columns = case_items;
  out.row_begin = coals::Buffer<std::int64_t>(case_users + 1);
  out.row_begin[0] = 0;
  for (std::int64_t i = 0; i < case_users; ++i) {
    for (std::int64_t j = 0; j < case_items; ++j) {
      if (random() % 3 != 0) continue;
      column.push_back(static_cast<std::int32_t>(j));
      value.push_back(static_cast<T>(1 + random() % 5));
    }
    out.row_begin[i + 1] = static_cast<std::int64_t>(column.size());
  }
  out.column = coals::Buffer<std::int32_t>(static_cast<std::int64_t>(column.size()));
  out.value = coals::Buffer<T>(static_cast<std::int64_t>(value.size()));
  std::copy(column.begin(), column.end(), out.column.data());
  std::copy(value.begin(), value.end(), out.value.data());
  return out;
}

}  // namespace

std::vector<float> some_numbers(std::int64_t count, std::uint32_t seed) {
  Random random{seed};
  std::vector<float> out(static_cast<std::size_t>(count));
  for (float& value : out) value = static_cast<float>(random() % 1000) / 1000 - 0.5f;
  return out;
}

const coals::CsrMatrix<float>& some_ratings() {
  static const coals::CsrMatrix<float> ratings = make_ratings<float>();
  return ratings;
}

const coals::CsrMatrix<double>& some_real_ratings() {
  static const coals::CsrMatrix<double> ratings = make_ratings<double>();
  return ratings;
}

std::vector<Case> allocation_cases() {
  std::vector<Case> all = factor_cases();
  for (const auto& more : {pair_cases(), linear_cases(), list_cases()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}
