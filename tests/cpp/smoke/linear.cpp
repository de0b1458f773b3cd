// Regressions on supports and filters on the graph of items against plain loops.
#include <cmath>

#include "coals/graph_scores.hpp"
#include "coals/sparse_regression.hpp"
#include "smoke.hpp"

namespace {

// (G_ss + 3) b_s = G_sj for a support of two items.
void check_regression(const std::vector<double>& gram, const coals::CsrView<double>& data) {
  std::vector<std::int64_t> begin(items + 1, 0);
  std::vector<std::int32_t> column;
  for (int j = 0; j < items; ++j) {
    for (int s = 0; s < 2; ++s) column.push_back(j < 2 ? 4 + s : s);
    begin[static_cast<std::size_t>(j) + 1] = 2 * (j + 1);
  }
  const std::vector<double> penalty(items, 3.0);
  coals::SparseRegressionOptions options;
  options.penalty = penalty.data();
  const auto found =
      coals::regress_on_supports<float>(data, {items, items, begin.data(), column.data(), nullptr}, options, {});
  bool right = true;
  for (int j = 0; j < items; ++j) {
    const int a = column[static_cast<std::size_t>(2 * j)], b = a + 1;
    const auto g = [&](int i, int k) { return gram[static_cast<std::size_t>(i * items + k)]; };
    const double determinant = (g(a, a) + 3) * (g(b, b) + 3) - g(a, b) * g(a, b);
    const double first = ((g(b, b) + 3) * g(a, j) - g(a, b) * g(b, j)) / determinant;
    right = right && std::fabs(found.value[2 * j] - first) < 1e-4;
  }
  expect(right, "weights solve the systems of their neighbors");
}

// I - 2P and the first direction for every user.
void check_filter(const std::vector<double>& gram, const coals::CsrView<float>& data) {
  const coals::CsrMatrix<float> by_item = coals::transpose(data, {});
  const std::vector<double> coefficient{0, 1};
  std::vector<float> directions(items * 16, 0.0f);
  for (int i = 0; i < items; ++i) directions[static_cast<std::size_t>(16 * i)] = 1;
  coals::GraphFilterView<float> filter;
  filter.by_user = data;
  filter.by_item = by_item.view();
  filter.first = coefficient.data();
  filter.first_size = 2;
  filter.directions = {directions.data(), items, 16, 16};
  bool right = true;
  for (std::int64_t u = 0; u < users; ++u) {
    for (std::int64_t j = 0; j < items; j += 7) {
      double expected = 0, size = 0;
      for (std::int64_t e = data.row_begin[u]; e < data.row_begin[u + 1]; ++e) {
        const double x = data.value[e];
        size += std::fabs(x * gram[static_cast<std::size_t>(data.column[e] * items + j)]);
        expected += x + (data.column[e] == j ? x : 0);
        expected -= 2 * x * gram[static_cast<std::size_t>(data.column[e] * items + j)];
      }
      float score = 0;
      coals::score_graph<float>(filter, data, &u, &j, 1, &score, {});
      right = right && std::fabs(score - expected) <= 1e-5 * (1 + size);
    }
  }
  expect(right, "a filter is the polynomial of the graph");
}

}  // namespace

void check_linear(const coals::CsrMatrix<float>& ratings) {
  const coals::CsrView<float> view = ratings.view();
  std::vector<double> values, gram(items * items, 0.0);
  for (std::int64_t e = 0; e < view.entries(); ++e) values.push_back(view.value[e]);
  for (std::int64_t u = 0; u < users; ++u) {
    for (std::int64_t e = view.row_begin[u]; e < view.row_begin[u + 1]; ++e) {
      for (std::int64_t f = view.row_begin[u]; f < view.row_begin[u + 1]; ++f) {
        gram[static_cast<std::size_t>(view.column[e] * items + view.column[f])] +=
            values[static_cast<std::size_t>(e)] * values[static_cast<std::size_t>(f)];
      }
    }
  }
  check_regression(gram, {users, items, view.row_begin, view.column, values.data()});
  check_filter(gram, view);
}
