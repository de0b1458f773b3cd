// Lists: of factors, of neighbors, of weights, of one ranking, blended; and what they are worth.
#include <limits>

#include "cases.hpp"
#include "coals/blend.hpp"
#include "coals/cooccurrence.hpp"
#include "coals/dense_scores.hpp"
#include "coals/metrics.hpp"
#include "coals/neighbors.hpp"

using namespace coals;

namespace {

constexpr std::int64_t n = 2;

struct Lists {
  MatrixView<double> queries = matrix(users, factors), vectors = matrix(items, factors), weights = matrix(items, items);
  CsrView<double> data = sparse().view(), transposed = sparse().transposed(), similar{};
  std::vector<std::int64_t> rows{0, 1, 2, 3, 4}, columns{0, 1, 2, 3, 0}, ranking{3, 1, 0};
  std::vector<std::int64_t> ids = std::vector<std::int64_t>(users * n), counts = std::vector<std::int64_t>(users);
  std::vector<double> scores = std::vector<double>(users * n);
  TopKFilter filter;
  NeighborRule rule;
  TopKMethod method = TopKMethod::automatic;
  TopKMetric metric = TopKMetric::inner_product;
  std::int64_t wanted = n, shift = 0;
  bool no_counts = false;
  RunControl control;

  Lists() { filter.excluded = sparse().view().structure(); }

  TopKLists<double> out() { return {wanted, ids.data(), scores.data(), no_counts ? nullptr : counts.data()}; }
};

const std::vector<Spoilt<Lists>>& of_all_lists() {
  static const std::vector<Spoilt<Lists>> all{
      {"n must", [](auto& a) { a.wanted = 0; }},
      {"n: ", [](auto& a) { a.wanted = std::numeric_limits<std::int64_t>::max() / 8; }},
      {"counts", [](auto& a) { a.no_counts = true; }},
      {"excluded", [](auto& a) { a.filter.excluded.columns = items + 1; }},
      {"num_threads", [](auto& a) { a.control.num_threads = -1; }}};
  return all;
}

std::vector<Spoilt<Lists>> with(std::vector<Spoilt<Lists>> more) {
  std::vector<Spoilt<Lists>> all = of_all_lists();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// What all filters of top_k's kind must be.
const std::vector<Spoilt<Lists>> of_filters{
    {"excluded", [](Lists& a) { a.filter.excluded.rows = users - 1; }},
    {"allowed", [](Lists& a) { a.filter.allowed = sparse().transposed().structure(); }},
    {"min_score", [](Lists& a) { a.filter.min_score = no_number; }}};

std::vector<Spoilt<Lists>> with_filters(std::vector<Spoilt<Lists>> more) {
  more.insert(more.end(), of_filters.begin(), of_filters.end());
  return with(more);
}

// Items by the users they share.
const CsrMatrix<double>& similar() {
  static const CsrMatrix<double> one = item_similarity<double>(sparse().view().structure(), {}, {}, {});
  return one;
}

void check_neighbors() {
  Lists sound;
  sound.similar = similar().view();
  refuses<Lists>(
      "top_k_neighbors", sound,
      [](auto& a) {
        top_k_neighbors(a.data, a.rows.data(), users, a.similar, similar().view(), a.rule, a.filter, a.out(),
                        a.control);
      },
      with_filters({{"rows: number 1", [](auto& a) { a.rows[1] = users; }},
                    {"rows", [](auto& a) { a.rows[0] = -1; }},
                    {"lists", [](auto& a) { a.data.columns = users + 1; }},
                    {"average_by", [](auto& a) { a.rule.average_by = static_cast<AverageBy>(3); }},
                    {"used", [](auto& a) { a.rule.used = 0; }},
                    {"targets", [](auto& a) {
                       a.rule = {AverageBy::target, 2, nullptr, nullptr};
                       a.similar.value = nullptr;
                     }}}));
  refuses<Lists>("score_neighbors", sound,
                 [](auto& a) {
                   score_neighbors(a.data, a.rows.data(), a.similar, a.columns.data(), users + a.shift, a.rule,
                                   a.scores.data(), a.control);
                 },
                 {{"rows", [](auto& a) { a.rows[4] = -5; }},
                  {"columns", [](auto& a) { a.columns[4] = items; }},
                  {"targets", [](auto& a) { a.similar = a.transposed; }},
                  {"average_by", [](auto& a) { a.rule.average_by = static_cast<AverageBy>(-3); }},
                  {"rows", [](auto& a) { a.shift = -users - 1; }}});
}

void check_weights() {
  refuses<Lists>(
      "top_k_weighted_rows", Lists(),
      [](auto& a) {
        top_k_weighted_rows(a.data, a.rows.data(), users, constant(a.weights), nullptr, a.filter, a.out(), a.control);
      },
      with_filters({{"rows", [](auto& a) { a.rows[2] = 99; }},
                    {"queries", [](auto& a) { a.data = a.transposed; }},
                    {"weights", [](auto& a) { a.weights.data = nullptr; }}}));
  refuses<Lists>("score_weighted_rows", Lists(),
                 [](auto& a) {
                   score_weighted_rows(a.data, a.rows.data(), constant(a.weights), a.columns.data(), users,
                                       a.scores.data(), a.control);
                 },
                 {{"rows", [](auto& a) { a.rows[2] = -1; }}, {"columns", [](auto& a) { a.columns[2] = items; }}});
}

struct Blended {
  std::vector<std::int64_t> ids{0, 1, 2, 3, 1, 0, 3, 2, 1, 2}, counts{2, 2, 1, 0, 2};
  std::vector<double> scores{2, 1, 2, 1, 2, 1, 2, 1, 2, 1};
  std::int64_t depth = 2, all = items;
  double weight = 1;
  bool no_ids = false;
  Lists lists;
};

void check_blends() {
  refuses<Blended>("top_k_blended", Blended(),
                   [](auto& a) {
                     const BlendedLists member{a.no_ids ? nullptr : a.ids.data(), a.scores.data(), a.counts.data(),
                                               a.depth, a.weight};
                     top_k_blended({member, member}, false, users, a.all, a.lists.filter, a.lists.out(), {});
                   },
                   {{"ids", [](auto& a) { a.ids[1] = items; }},
                    {"ids", [](auto& a) { a.ids[2] = -1; }},
                    {"ids", [](auto& a) { a.no_ids = true; }},
                    {"query 4", [](auto& a) { a.counts[4] = 3; }},
                    {"counts", [](auto& a) { a.counts[0] = -1; }},
                    {"depth", [](auto& a) { a.depth = -1; }},
                    {"scores: those of query 1", [](auto& a) { a.scores[2] = infinite; }},
                    {"scores: those of query 4", [](auto& a) { a.scores[8] = 0.5; }},
                    {"weight", [](auto& a) { a.weight = no_number; }},
                    {"excluded", [](auto& a) { a.all = items - 1; }},
                    {"n must", [](auto& a) { a.lists.wanted = -1; }}});
}

struct Ranked {
  RankedLists lists;
  CsrView<double> relevant = sparse().view(), vectors = sparse().transposed();
  std::vector<std::int64_t> ids{0, 1, 2, 3, 1, 0, 3, 2, 1, 2}, counts{2, 2, 1, 0, 2};
  std::vector<MetricAt> metrics{{RankingMetric::ndcg, 2}};
  std::vector<std::int64_t> lengths{2};
  MatrixView<double> out = matrix(1, users);
  bool no_ids = false;

  RankedLists given() const {
    return {users + lists.users, 2 + lists.places, no_ids ? nullptr : ids.data(), counts.data(), nullptr};
  }
};

void check_metrics() {
  const std::vector<Spoilt<Ranked>> of_lists{{"users", [](auto& a) { a.lists.users = -9; }},
                                             {"places", [](auto& a) { a.lists.places = -9; }},
                                             {"places", [](auto& a) { a.lists.places = std::int64_t{1} << 61; }},
                                             {"ids", [](auto& a) { a.no_ids = true; }},
                                             {"list 2", [](auto& a) { a.counts[2] = 3; }},
                                             {"list 1", [](auto& a) { a.ids[2] = items; }},
                                             {"out", [](auto& a) { a.out.columns = users - 1; }},
                                             {"out", [](auto& a) { a.out.rows = 2; }}};
  auto all = of_lists;
  all.push_back({"k must", [](auto& a) { a.metrics[0].k = 0; }});
  all.push_back({"metric", [](auto& a) { a.metrics[0].metric = static_cast<RankingMetric>(99); }});
  all.push_back({"relevant", [](auto& a) { a.relevant.rows = users - 1; }});
  refuses<Ranked>(
      "ranking_metrics", Ranked(), [](auto& a) { ranking_metrics(a.given(), a.relevant, a.metrics, a.out, {}); }, all);
  all = of_lists;
  all.push_back({"lengths", [](auto& a) { a.lengths[0] = -1; }});
  all.push_back({"vectors", [](auto& a) { a.vectors.row_begin = nullptr; }});
  all.push_back({"vectors", [](auto& a) {
                   static const double values[] = {1, 1, 1, 1, 1, 1, 1, 1e160};
                   a.vectors.value = values;
                 }});
  refuses<Ranked>(
      "list_diversity", Ranked(), [](auto& a) { list_diversity(a.given(), a.vectors, a.lengths, a.out, {}); }, all);
}

}  // namespace

void check_lists() {
  const std::function<void(Lists&)> with_index = [](Lists& a) {
    const ItemIndex<double> index(a.vectors, nullptr, a.metric, {});
    top_k(a.queries, index, a.filter, a.out(), a.method, a.control);
  };
  refuses<Lists>("top_k", Lists(), with_index,
                 with_filters({{"queries", [](auto& a) { a.queries.columns = factors + 1; }},
                               {"queries", [](auto& a) { a.queries.rows = -1; }},
                               {"method", [](auto& a) { a.method = static_cast<TopKMethod>(3); }},
                               {"metric", [](auto& a) { a.metric = static_cast<TopKMetric>(2); }},
                               {"items", [](auto& a) { a.vectors.stride = 1; }},
                               {"items", [](auto& a) { a.vectors.columns = -1; }}}));
  // How many items there are it learns from `excluded` alone.
  std::vector<Spoilt<Lists>> of_ranking = with_filters({{"ranking", [](auto& a) { a.ranking[1] = items; }},
                                                        {"ranking: item 3", [](auto& a) { a.ranking = {0, 3, 1}; }},
                                                        {"ranking: item 2", [](auto& a) { a.ranking = {0, 2, 2}; }},
                                                        {"score", [](auto& a) { a.queries.data = nullptr; }}});
  for (Spoilt<Lists>& one : of_ranking) {
    if (one.named == std::string("excluded")) one.spoil = [](auto& a) { a.filter.excluded.rows = users + 1; };
  }
  refuses<Lists>(
      "top_k_from_ranking", Lists(),
      [](auto& a) { top_k_from_ranking(a.ranking.data(), 3, a.queries.data, users, a.filter, a.out(), a.control); },
      of_ranking);
}

void check_more_lists() {
  check_neighbors();
  check_weights();
  check_blends();
  check_metrics();
}
