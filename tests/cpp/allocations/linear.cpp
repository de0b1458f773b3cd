// Regressions on supports, and filters on the graph of items.
#include "cases.hpp"
#include "coals/cooccurrence.hpp"
#include "coals/graph_scores.hpp"
#include "coals/sparse_regression.hpp"

namespace {

using coals::RunControl;

std::uint64_t regression(const RunControl& control) {
  const auto data = some_real_ratings().view();
  coals::NeighborOptions keep;
  keep.neighbors = 7;
  const auto support = coals::item_similarity<float>(data.structure(), {}, keep, control);
  const std::vector<double> penalty(case_items, 2.0);
  coals::SparseRegressionOptions options;
  options.penalty = penalty.data();
  options.system_bytes = 2000;
  const auto structure = support.view().structure();
  return Digest().add(coals::regress_on_supports<float>(data, structure, options, control)).value();
}

std::uint64_t filtered(const RunControl& control) {
  const auto data = some_ratings().view();
  const auto by_item = coals::transpose(data, control);
  const std::vector<double> coefficient{0.5, -0.3, 0.1};
  const std::vector<float> directions = some_numbers(case_items * 16, 3);
  coals::GraphFilterView<float> filter;
  filter.by_user = data;
  filter.by_item = by_item.view();
  filter.first = coefficient.data();
  filter.first_size = 3;
  filter.directions = {directions.data(), case_items, 16, 16};
  constexpr std::int64_t n = 4;
  std::vector<std::int64_t> row(case_users), ids(case_users * n), counts(case_users);
  for (std::int64_t u = 0; u < case_users; ++u) row[static_cast<std::size_t>(u)] = u;
  std::vector<float> scores(case_users * n);
  coals::top_k_graph_scores<float>(filter, data, row.data(), case_users, nullptr, {},
                                   {n, ids.data(), scores.data(), counts.data()}, control);
  return Digest().add(ids).add(scores).add(counts).value();
}

}  // namespace

std::vector<Case> linear_cases() {
  return {{"regressions on supports", regression}, {"filters on the graph of items", filtered}};
}
