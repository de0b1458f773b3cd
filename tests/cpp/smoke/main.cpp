// The public C++ API without Python: half-sweeps of both models, co-occurrence, neighbors and top-N against plain
// loops. Small enough to run under an emulator or a sanitizer; the Python suite holds the thorough tests.
#include <cmath>
#include <cstdio>
#include <exception>
#include <numeric>
#include <random>
#include <vector>

#include "coals/cooccurrence.hpp"
#include "coals/metrics.hpp"
#include "coals/neighbors.hpp"
#include "coals/runtime.hpp"
#include "coals/topk.hpp"

#include "smoke.hpp"

int failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  ++failures;
  std::printf("FAILED: %s\n", what);
}

namespace {

coals::CsrMatrix<float> random_ratings(std::mt19937& random) {
  std::vector<std::int32_t> column;
  std::vector<float> value;
  coals::CsrMatrix<float> out;
  out.rows = users;
  out.columns = items;
  out.row_begin = coals::Buffer<std::int64_t>(users + 1);
  out.row_begin[0] = 0;
  for (int i = 0; i < users; ++i) {
    for (int j = 0; j < items; ++j) {
      if (i == 3 || random() % 4) continue;
      column.push_back(j);
      value.push_back(static_cast<float>(1 + random() % 5));
    }
    out.row_begin[i + 1] = static_cast<std::int64_t>(column.size());
  }
  out.column = coals::Buffer<std::int32_t>(static_cast<std::int64_t>(column.size()));
  out.value = coals::Buffer<float>(static_cast<std::int64_t>(value.size()));
  std::copy(column.begin(), column.end(), out.column.data());
  std::copy(value.begin(), value.end(), out.value.data());
  return out;
}

void check_metrics() {
  const std::vector<std::int64_t> ids{5, 1, 2, 9, 7}, counts{5}, row_begin{0, 3};
  const std::vector<std::int32_t> column{2, 5, 7};
  const coals::CsrView<double> relevant{1, 10, row_begin.data(), column.data(), nullptr};
  const coals::RankedLists lists{1, 5, ids.data(), counts.data(), nullptr};
  std::vector<double> values(3);
  coals::ranking_metrics(lists, relevant,
                         {{coals::RankingMetric::ndcg, 2},
                          {coals::RankingMetric::recall_min, 3},
                          {coals::RankingMetric::reciprocal_rank, 99}},
                         {values.data(), 3, 1, 1}, {});
  expect(std::abs(values[0] - 0.613147) < 5e-7, "ndcg of a list whose value is known");
  expect(std::abs(values[1] - 2.0 / 3) < 1e-12 && values[2] == 1, "recall_min and reciprocal rank of that list");
}

// However small the numbers: two items alike, the third unlike both.
void check_diversity() {
  const std::vector<std::int64_t> ids{0, 1, 0, 2}, counts{2, 2}, row_begin{0, 1, 2, 3};
  const std::vector<std::int32_t> column{0, 0, 1};
  for (const double size : {1.0, 1e-170, 1e150}) {
    const std::vector<double> value{size, 2 * size, size};
    std::vector<double> out(2);
    coals::list_diversity({2, 2, ids.data(), counts.data(), nullptr},
                          {3, 2, row_begin.data(), column.data(), value.data()}, {2}, {out.data(), 1, 2, 2}, {});
    expect(std::abs(out[0]) < 1e-12 && std::abs(out[1] - 1) < 1e-12, "lists of equal and of unlike items");
  }
}

void check_cooccurrence(const coals::CsrMatrix<float>& matrix) {
  const auto counts = coals::item_similarity<std::int32_t>(matrix.view().structure(), {}, {}, {});
  double total = 0, expected = 0;
  for (std::int64_t e = 0; e < counts.view().entries(); ++e) total += counts.value[e];
  for (int i = 0; i < users; ++i) {
    const auto n = static_cast<double>(matrix.view().row_size(i));
    expected += n * (n - 1);
  }
  expect(total == expected, "every pair of a user's items is counted once in each direction");
}

// Items by the ratings they share: rows of XᵀX from rows of X.
void check_neighbors(const coals::CsrMatrix<float>& matrix) {
  const coals::CsrMatrix<float> by_item = coals::transpose(matrix.view(), {});
  std::vector<std::int64_t> rows(items), nothing(items + 1, 0), ids(items), counts(items);
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<double> best(items), same(items);
  coals::TopKFilter filter;
  filter.excluded = {items, items, nothing.data(), nullptr, nullptr};
  coals::top_k_neighbors(by_item.view(), rows.data(), items, matrix.view(), by_item.view(), {}, filter,
                         {1, ids.data(), best.data(), counts.data()}, {});
  std::vector<std::int64_t> found(ids);
  for (int j = 0; j < items; ++j) found[j] = counts[j] ? ids[j] : j;
  coals::score_neighbors(by_item.view(), rows.data(), by_item.view(), found.data(), items, {}, same.data(), {});
  bool right = true;
  for (int j = 0; j < items; ++j) right = right && (counts[j] ? same[j] == best[j] : same[j] == 0);
  expect(right, "the best score of a list is that of its pair");
}

void check_top_k(const std::vector<float>& fixed) {
  constexpr int n = 5;
  std::vector<std::int64_t> nothing(items + 1, 0), ids(items * n), counts(items);
  std::vector<float> scores(items * n);
  const coals::CsrView<void> excluded{items, items, nothing.data(), nullptr, nullptr};
  const auto view = fixed_view(fixed, items);
  coals::top_k_inner_product(view, view, excluded, nullptr, {n, ids.data(), scores.data(), counts.data()}, {});
  bool right = true;
  for (int q = 0; q < items; ++q) {
    double best = -1e30;
    for (int j = 0; j < items; ++j) {
      double dot = 0;
      for (int k = 0; k < factors; ++k) dot += double(view.row(q)[k]) * view.row(j)[k];
      best = std::fmax(best, dot);
    }
    right = right && std::fabs(scores[q * n] - best) < 1e-4 && counts[q] == n;
    for (int k = 1; k < n; ++k) right = right && scores[q * n + k] <= scores[q * n + k - 1];
  }
  expect(right, "top-N lists start with the best score and fall");
}

}  // namespace

int run() {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  const coals::CsrMatrix<float> ratings = random_ratings(random);
  std::vector<float> fixed(items * factors);
  for (float& value : fixed) value = normal(random);
  coals::validate_csr(ratings.view().structure(), ratings.column.size(), {});
  check_als(ratings, fixed);
  check_c_api();
  check_cooccurrence(ratings);
  check_metrics();
  check_diversity();
  check_linear(ratings);
  check_neighbors(ratings);
  check_top_k(fixed);
  std::printf("%s: %d failed\n", coals::active_isa().c_str(), failures);
  return failures;
}

int main() {
  try {
    return run();
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
}
