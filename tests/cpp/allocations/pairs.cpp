// Co-occurrence in all its outputs, and of events.
#include "cases.hpp"
#include "coals/cooccurrence.hpp"
#include "coals/event_cooccurrence.hpp"

namespace {

using coals::RunControl;

coals::NeighborOptions nearest(std::int64_t neighbors) {
  coals::NeighborOptions keep;
  keep.neighbors = neighbors;
  return keep;
}

std::uint64_t counts(std::int64_t neighbors, const RunControl& control) {
  const auto found =
      coals::item_similarity<std::int32_t>(some_ratings().view().structure(), {}, nearest(neighbors), control);
  return Digest().add(found).value();
}

std::uint64_t similarity(const RunControl& control) {
  coals::SimilarityOptions options;
  options.similarity = coals::Similarity::log_likelihood;
  const auto structure = some_ratings().view().structure();
  const auto found = coals::item_similarity<float>(structure, options, nearest(5), control);
  const auto all = coals::item_similarity<std::int32_t>(structure, {}, {}, control);
  std::vector<std::int64_t> size(case_items);
  for (std::int64_t e = 0; e < structure.entries(); ++e) ++size[structure.column[e]];
  options.similarity = coals::Similarity::jaccard;
  const auto later =
      coals::similarity_from_counts<float>(all.view(), size.data(), case_users, options, nearest(5), control);
  return Digest().add(found).add(later).value();
}

std::uint64_t values(const RunControl& control) {
  const auto products = coals::item_products<float>(some_real_ratings().view(), {}, nearest(5), control);
  const auto common = coals::common_similarity<float>(some_real_ratings().view(), {}, nearest(5), control);
  return Digest().add(products).add(common).value();
}

std::uint64_t events(const RunControl& control) {
  const auto view = some_ratings().view();
  const coals::EventsView log{view.rows, view.columns, view.row_begin, view.column, nullptr};
  coals::EventOptions options;
  options.window = 3;
  options.direction = coals::Direction::after;
  return Digest().add(coals::event_cooccurrence<float>(log, options, nearest(5), control)).value();
}

}  // namespace

std::vector<Case> pair_cases() {
  return {{"all counts", [](const RunControl& c) { return counts(-1, c); }},
          {"largest counts", [](const RunControl& c) { return counts(4, c); }},
          {"similarity", similarity},
          {"products and correlations", values},
          {"events", events}};
}
