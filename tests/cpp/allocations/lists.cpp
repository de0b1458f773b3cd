// Lists of the best, their metrics, and numbers for ids.
#include <memory>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>

#include "cases.hpp"
#include "coals/c_api.h"
#include "coals/id_encoder.hpp"
#include "coals/metrics.hpp"
#include "coals/neighbors.hpp"
#include "coals/topk.hpp"

namespace {

using coals::RunControl;

constexpr std::int64_t wanted = 5, K = case_factors;

template <class T>
struct Lists {
  std::vector<std::int64_t> ids = std::vector<std::int64_t>(case_users * wanted),
                            counts = std::vector<std::int64_t>(case_users);
  std::vector<T> scores = std::vector<T>(case_users * wanted);

  coals::TopKLists<T> out() { return {wanted, ids.data(), scores.data(), counts.data()}; }
  Digest digest() const {
    Digest digest;
    for (std::int64_t i = 0; i < case_users; ++i) {
      digest.add(&counts[i], 1).add(&ids[i * wanted], counts[i]).add(&scores[i * wanted], counts[i]);
    }
    return digest;
  }
};

std::uint64_t top_k(coals::TopKMethod method, const RunControl& control) {
  const std::vector<float> users = some_numbers(case_users * K, 8), items = some_numbers(case_items * K, 9);
  const coals::ItemIndex<float> index({items.data(), case_items, K, K}, nullptr, coals::TopKMetric::inner_product,
                                      control);
  coals::TopKFilter filter;
  filter.excluded = some_ratings().view().structure();
  Lists<float> lists;
  coals::top_k<float>({users.data(), case_users, K, K}, index, filter, lists.out(), method, control);
  return lists.digest().value();
}

void must_pass(coals_status status) {
  if (status == COALS_OUT_OF_MEMORY) throw std::bad_alloc();
  if (status != COALS_OK) throw std::logic_error(coals_status_name(status));
}

std::uint64_t c_index(const RunControl& control) {
  std::vector<float> users = some_numbers(case_users * K, 8), items = some_numbers(case_items * K, 9);
  const coals_matrix from{sizeof from, case_users, K, users.data(), COALS_FLOAT32, 0};
  const coals_matrix to{sizeof to, case_items, K, items.data(), COALS_FLOAT32, 0};
  const coals_control how{sizeof how, control.num_threads, 0, nullptr, nullptr, nullptr, nullptr, nullptr};
  coals_index* made = nullptr;
  must_pass(coals_index_create(&to, &how, &made, nullptr));
  const std::unique_ptr<coals_index, decltype(&coals_index_free)> index(made, coals_index_free);
  Lists<float> lists;
  coals_lists out{sizeof out, wanted, lists.ids.data(), lists.scores.data(), lists.counts.data()};
  must_pass(coals_index_top_k(index.get(), &from, nullptr, &how, &out, nullptr));
  return lists.digest().value();
}

std::uint64_t neighbors(const RunControl& control) {
  const coals::CsrMatrix<float> by_item = coals::transpose(some_ratings().view(), control);
  std::vector<std::int64_t> rows(case_users);
  std::iota(rows.begin(), rows.end(), 0);
  coals::TopKFilter filter;
  filter.excluded = some_ratings().view().structure();
  Lists<double> lists;
  const auto pairs = coals::transpose(by_item.view(), control);
  coals::top_k_neighbors(pairs.view(), rows.data(), case_users, by_item.view(), pairs.view(), {}, {}, lists.out(),
                         control);
  return lists.digest().value();
}

std::uint64_t metrics(const RunControl& control) {
  std::vector<std::int64_t> ids(case_users * wanted), counts(case_users, wanted);
  for (std::size_t k = 0; k < ids.size(); ++k) ids[k] = static_cast<std::int64_t>(k * 7 % case_items);
  const coals::RankedLists lists{case_users, wanted, ids.data(), counts.data(), nullptr};
  std::vector<double> values(case_users * 3), diversity(case_users);
  coals::ranking_metrics(
      lists, some_real_ratings().view(),
      {{coals::RankingMetric::ndcg, 5}, {coals::RankingMetric::recall, 3}, {coals::RankingMetric::auc, 5}},
      {values.data(), 3, case_users, case_users}, control);
  const auto by_item = coals::transpose(some_real_ratings().view(), control);
  coals::list_diversity(lists, by_item.view(), {wanted}, {diversity.data(), 1, case_users, case_users}, control);
  return Digest().add(values).add(diversity).value();
}

std::uint64_t ids(const RunControl& control) {
  coals::IdEncoder encoder;
  std::vector<std::int32_t> codes(400);
  for (int k = 0; k < 400; ++k) {
    const std::string id = (k % 2 ? "user-with-a-long-name-" : "u") + std::to_string(k * 7 % 90);
    const std::string_view view = id;
    encoder.encode(&view, 1, &codes[k]);
  }
  const std::vector<std::int32_t> order = coals::sorted_ids(encoder);
  coals::replace_codes(codes.data(), 400, order, control);
  return Digest().add(order).add(codes).value();
}

}  // namespace

std::vector<Case> list_cases() {
  return {{"top-N, real", [](const RunControl& c) { return top_k(coals::TopKMethod::real, c); }},
          {"top-N, bytes", [](const RunControl& c) { return top_k(coals::TopKMethod::bytes, c); }},
          {"an index of the C interface", c_index},
          {"neighbors", neighbors},
          {"metrics", metrics},
          {"ids", ids}};
}
