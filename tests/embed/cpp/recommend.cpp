// A program without Python: fits both kinds of ALS to ratings, lists books, counts co-occurrence, measures.
//
//   recommend FOLDER   reads FOLDER/row_begin, column, value and test; writes its answers beside them as cpp_*
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <numeric>

#include "../files.hpp"
#include "coals/cooccurrence.hpp"
#include "coals/fit.hpp"
#include "coals/metrics.hpp"
#include "coals/topk.hpp"

namespace {

constexpr std::int64_t factors = 32, users_to_serve = 100, n = 10;
constexpr std::uint64_t seed = 7;

struct Data {
  std::vector<std::int64_t> row_begin, size;
  std::vector<std::int32_t> column;
  std::vector<float> value;
  coals::CsrView<float> view() const { return {size[0], size[1], row_begin.data(), column.data(), value.data()}; }
};

void check(bool condition, const char* what) {
  if (condition) return;
  std::cerr << what << '\n';
  std::exit(1);
}

template <class T>
coals::MatrixView<T> matrix(std::vector<T>& values, std::int64_t rows) {
  return {values.data(), rows, factors, factors};
}

template <class T>
coals::MatrixView<const T> read_only(const std::vector<T>& values, std::int64_t rows) {
  return {values.data(), rows, factors, factors};
}

struct Lists {
  std::vector<std::int64_t> ids, counts;
  std::vector<float> scores;
};

// The first users' lists without what they have rated.
Lists lists_of(const Data& data, const std::vector<float>& users, const std::vector<float>& items) {
  Lists lists{std::vector<std::int64_t>(users_to_serve * n), std::vector<std::int64_t>(users_to_serve),
              std::vector<float>(users_to_serve * n)};
  const coals::ItemIndex<float> index(read_only(items, data.size[1]), nullptr, coals::TopKMetric::inner_product, {});
  coals::TopKFilter filter;
  filter.excluded = data.view().structure();
  filter.excluded.rows = users_to_serve;
  coals::top_k<float>(read_only(users, users_to_serve), index, filter,
                      {n, lists.ids.data(), lists.scores.data(), lists.counts.data()}, coals::TopKMethod::automatic,
                      {});
  return lists;
}

void implicit(const Data& data, const std::string& out) {
  std::vector<float> users(data.size[0] * factors), items(data.size[1] * factors);
  coals::random_start(seed, coals::Side::users, false, matrix(users, data.size[0]));
  coals::random_start(seed, coals::Side::items, false, matrix(items, data.size[1]));
  coals::ImplicitFitOptions options;
  options.iterations = 4;
  std::int64_t sweeps = 0;
  options.on_sweep = [&](const coals::SweepReport& report) { return sweeps = report.sweep, false; };
  coals::fit_implicit(data.view(), options, matrix(users, data.size[0]), matrix(items, data.size[1]), {});
  check(sweeps == 4, "every sweep is told");
  write_array(out + "implicit_users", users.data(), data.size[0] * factors);
  write_array(out + "implicit_items", items.data(), data.size[1] * factors);
  const Lists lists = lists_of(data, users, items);
  write_array(out + "implicit_ids", lists.ids.data(), users_to_serve * n);
  write_array(out + "implicit_scores", lists.scores.data(), users_to_serve * n);

  // The first users again, as if they were new.
  coals::CsrView<float> rows = data.view();
  rows.rows = users_to_serve;
  std::vector<float> folded(users_to_serve * factors);
  coals::fold_in_implicit<float>(rows, coals::Side::users, read_only(items, data.size[1]), {}, options,
                                 matrix(folded, users_to_serve), {});
  write_array(out + "implicit_folded", folded.data(), users_to_serve * factors);

  // What is on both the list and the row is nothing, so every metric of seen books is 0.
  std::vector<double> precision(users_to_serve);
  coals::ranking_metrics({users_to_serve, n, lists.ids.data(), lists.counts.data(), nullptr},
                         {users_to_serve, data.size[1], data.row_begin.data(), data.column.data(), nullptr},
                         {{coals::RankingMetric::precision, n}}, {precision.data(), 1, users_to_serve, users_to_serve},
                         {});
  check(std::count(precision.begin(), precision.end(), 0.0) == users_to_serve, "no list holds what was rated");
}

void explicit_ratings(const Data& data, const std::string& out) {
  std::vector<float> users(data.size[0] * factors), items(data.size[1] * factors);
  std::vector<float> user_bias(data.size[0]), item_bias(data.size[1]);
  coals::random_start(seed, coals::Side::users, false, matrix(users, data.size[0]));
  coals::random_start(seed, coals::Side::items, false, matrix(items, data.size[1]));
  coals::ExplicitFitOptions options;
  options.iterations = 4;
  coals::RunControl one_thread;
  one_thread.num_threads = 1;
  coals::fit_explicit<float>(data.view(), nullptr, options, matrix(users, data.size[0]), matrix(items, data.size[1]),
                             user_bias.data(), item_bias.data(), one_thread);
  write_array(out + "explicit_users", users.data(), data.size[0] * factors);
  write_array(out + "explicit_items", items.data(), data.size[1] * factors);
  write_array(out + "explicit_user_bias", user_bias.data(), data.size[0]);
  write_array(out + "explicit_item_bias", item_bias.data(), data.size[1]);
}

// Results in memory of one's own.
std::int64_t bytes_held = 0;

void cooccurrence(const Data& data, const std::string& out) {
  coals::RunControl control;
  control.memory.allocate = [](std::size_t bytes, void*) {
    bytes_held += static_cast<std::int64_t>(bytes);
    return std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  };
  control.memory.release = [](void* memory, std::size_t bytes, void*) {
    bytes_held -= static_cast<std::int64_t>(bytes);
    std::free(memory);
  };
  coals::SimilarityOptions options;
  options.similarity = coals::Similarity::jaccard;
  coals::NeighborOptions keep;
  keep.neighbors = 20;
  {
    const auto similar = coals::item_similarity<float>(data.view().structure(), options, keep, control);
    check(bytes_held > 0, "results lie in the caller's memory");
    write_array(out + "jaccard_column", similar.column.data(), similar.view().entries());
    write_array(out + "jaccard_value", similar.value.data(), similar.view().entries());
  }
  check(bytes_held == 0, "and it is given back");
}

struct Enough {};

void cancellation(const Data& data) {
  std::vector<float> users(data.size[0] * factors), items(data.size[1] * factors);
  coals::random_start(seed, coals::Side::items, false, matrix(items, data.size[1]));
  coals::ImplicitFitOptions options;
  options.iterations = 1000000;
  coals::RunControl control;
  control.poll = [] { throw Enough{}; };
  bool stopped = false;
  try {
    coals::fit_implicit(data.view(), options, matrix(users, data.size[0]), matrix(items, data.size[1]), control);
  } catch (const Enough&) {
    stopped = true;
  }
  check(stopped, "poll ends a fit");
}

}  // namespace

int main(int, char** arguments) {
  const std::string folder = std::string(arguments[1]) + "/";
  const Data data{read_array<std::int64_t>(folder + "row_begin"), read_array<std::int64_t>(folder + "size"),
                  read_array<std::int32_t>(folder + "column"), read_array<float>(folder + "value")};
  coals::validate_csr(data.view().structure(), static_cast<std::int64_t>(data.column.size()), {});
  implicit(data, folder + "cpp_");
  explicit_ratings(data, folder + "cpp_");
  cooccurrence(data, folder + "cpp_");
  cancellation(data);
}
