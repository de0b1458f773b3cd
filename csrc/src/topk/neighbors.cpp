#include "coals/neighbors.hpp"

#include <limits>
#include <numeric>
#include <stdexcept>

#include "checks/arguments.hpp"
#include "coals/buffer.hpp"
#include "threading/parallel.hpp"
#include "topk/neighbor_terms.hpp"
#include "topk/query.hpp"

namespace coals {

namespace {

constexpr std::int64_t adds_between_checks = std::int64_t{1} << 20;

// One thread's sums, all zero between queries. `count` tells how many neighbors a target has, since sums of values of
// both signs may be zero.
struct Sums {
  Sums(std::int64_t targets, std::int64_t neighbors, const NeighborRule& rule, std::int64_t capacity)
      : product(targets),
        weight(rule.average_by == AverageBy::none ? 0 : targets),
        count(targets),
        touched(targets + 1),
        of_query(rule.average_by == AverageBy::target && rule.used >= 0 ? neighbors : 0),
        heap(capacity) {
    std::fill(product.begin(), product.end(), 0.0);
    std::fill(weight.begin(), weight.end(), 0.0);
    std::fill(count.begin(), count.end(), 0);
    std::fill(of_query.begin(), of_query.end(), std::numeric_limits<double>::quiet_NaN());
  }

  Buffer<double> product;
  Buffer<double> weight;
  Buffer<std::int32_t> count;
  Buffer<std::int32_t> touched;  // one longer than needed: appending writes first and then looks
  std::int64_t size = 0;         // of touched
  Buffer<double> of_query;       // a by neighbor, NaN where the query has none
  std::vector<std::int64_t> order;
  std::vector<NeighborTerm> terms;
  BoundedHeap<double> heap;
  double below = -std::numeric_limits<double>::infinity();  // what scores must be above
};

template <AverageBy by, class Q, class V>
class Ranking {
 public:
  Ranking(const CsrView<Q>& queries, const CsrView<V>& lists, const CsrView<V>& targets, const NeighborRule& rule)
      : queries_(queries), lists_(lists), targets_(targets), rule_(rule) {}

  // The list of row q of queries, as number `at` of `out`.
  void rank(std::int64_t q, std::int64_t at, const TopKFilter& filter, const TopKLists<double>& out, Sums& sums,
            const CancellationCheck& check_cancelled) const {
    if (by == AverageBy::query && rule_.used >= 0) {
      add_most_similar_first(q, sums, check_cancelled);
    } else {
      std::int64_t adds = 0;
      for (std::int64_t e = queries_.row_begin[q]; e < queries_.row_begin[q + 1]; ++e)
        add<false>(e, sums, adds, check_cancelled);
    }
    drop_unwanted(at, filter, sums);
    sums.below = below_least<double>(filter.min_score);
    if (by == AverageBy::target && rule_.used >= 0) {
      choose_most_similar(q, sums, check_cancelled);
    } else {
      offer_all(q, sums);
    }
    sums.heap.write(at, out);
  }

 private:
  void add_most_similar_first(std::int64_t q, Sums& sums, const CancellationCheck& check_cancelled) const {
    sums.order.resize(static_cast<std::size_t>(queries_.row_size(q)));
    std::iota(sums.order.begin(), sums.order.end(), queries_.row_begin[q]);
    std::stable_sort(sums.order.begin(), sums.order.end(),
                     [&](std::int64_t x, std::int64_t y) { return value_at(queries_, x) > value_at(queries_, y); });
    std::int64_t adds = 0;
    for (const std::int64_t e : sums.order) add<true>(e, sums, adds, check_cancelled);
  }

  // Adds what the neighbor of entry e of the queries says. `most` holds every target to the first `used` neighbors.
  template <bool most>
  void add(std::int64_t e, Sums& sums, std::int64_t& adds, const CancellationCheck& check_cancelled) const {
    const std::int64_t m = queries_.column[e];
    if (lists_.value) {
      add<most>(value_at(queries_, e), m, sums, [&](std::int64_t f) { return static_cast<double>(lists_.value[f]); });
    } else {
      add<most>(value_at(queries_, e), m, sums, [](std::int64_t) { return 1.0; });
    }
    adds += lists_.row_size(m);
    if (adds < adds_between_checks) return;
    adds = 0;
    check_cancelled();
  }

  template <bool most, class Value>
  void add(double a, std::int64_t m, Sums& sums, Value value) const {
    double *const product = sums.product.data(), *const weight = sums.weight.data();
    std::int32_t *const count = sums.count.data(), *const touched = sums.touched.data();
    std::int64_t size = sums.size;
    for (std::int64_t f = lists_.row_begin[m]; f < lists_.row_begin[m + 1]; ++f) {
      const std::int32_t target = lists_.column[f];
      if (most && count[target] >= rule_.used) continue;
      const double b = value(f);
      touched[size] = target;
      size += count[target]++ == 0;
      product[target] += a * b;
      if constexpr (by != AverageBy::none) weight[target] += std::abs(by == AverageBy::query ? a : b);
    }
    sums.size = size;
  }

  // Targets without a count are still on the list of what to clear, but no candidates.
  static void drop_unwanted(std::int64_t at, const TopKFilter& filter, Sums& sums) {
    const CsrView<void>& excluded = filter.excluded;
    for (std::int64_t e = excluded.row_begin ? excluded.row_begin[at] : 0;
         excluded.row_begin && e < excluded.row_begin[at + 1]; ++e) {
      sums.count[excluded.column[e]] = 0;
    }
    if (!filter.candidate && !filter.allowed.row_begin) return;
    for (std::int64_t t = 0; t < sums.size; ++t) {
      const std::int32_t target = sums.touched[t];
      if (sums.count[target] && !admits(filter, at, target)) sums.count[target] = 0;
    }
  }

  void offer_all(std::int64_t q, Sums& sums) const {
    for (std::int64_t t = 0; t < sums.size; ++t) {
      const std::int32_t target = sums.touched[t];
      const NeighborSums found = take(target, sums);
      if (std::exchange(sums.count[target], 0)) offer(target, score_from(rule_, q, target, found), sums);
    }
    sums.size = 0;
  }

  // Targets with more than `used` neighbors are summed once more, over the most similar.
  void choose_most_similar(std::int64_t q, Sums& sums, const CancellationCheck& check_cancelled) const {
    for (std::int64_t e = queries_.row_begin[q]; e < queries_.row_begin[q + 1]; ++e) {
      sums.of_query[queries_.column[e]] = value_at(queries_, e);
    }
    for (std::int64_t t = 0; t < sums.size; ++t) {
      if (t % 4096 == 4095) check_cancelled();
      const std::int32_t target = sums.touched[t];
      NeighborSums found = take(target, sums);
      const std::int32_t count = std::exchange(sums.count[target], 0);
      if (count == 0) continue;
      if (count > rule_.used) found = sum_most_similar(target, sums);
      offer(target, score_from(rule_, q, target, found), sums);
    }
    sums.size = 0;
    for (std::int64_t e = queries_.row_begin[q]; e < queries_.row_begin[q + 1]; ++e) {
      sums.of_query[queries_.column[e]] = std::numeric_limits<double>::quiet_NaN();
    }
  }

  NeighborSums sum_most_similar(std::int64_t target, Sums& sums) const {
    sums.terms.clear();
    for (std::int64_t f = targets_.row_begin[target]; f < targets_.row_begin[target + 1]; ++f) {
      const double a = sums.of_query[targets_.column[f]], b = value_at(targets_, f);
      if (!std::isnan(a)) sums.terms.push_back({b, a * b, targets_.column[f]});
    }
    keep_most_similar(sums.terms, rule_.used);
    return sums_of(sums.terms);
  }

  static NeighborSums take(std::int64_t target, Sums& sums) {
    NeighborSums found;
    found.product = std::exchange(sums.product[target], 0.0);
    if constexpr (by != AverageBy::none) found.weight = std::exchange(sums.weight[target], 0.0);
    return found;
  }

  static void offer(std::int64_t target, double score, Sums& sums) {
    // Targets come in any order, so one that ties with the last of the list may belong before it.
    if (score >= sums.heap.bound() && score > sums.below) sums.heap.offer(target, score);
  }

  const CsrView<Q>& queries_;
  const CsrView<V>& lists_;
  const CsrView<V>& targets_;
  const NeighborRule& rule_;
};

template <AverageBy by, class Q, class V>
void rank_all(const CsrView<Q>& queries, const std::int64_t* rows, const CsrView<V>& lists, const CsrView<V>& targets,
              const NeighborRule& rule, std::int64_t count, const TopKFilter& filter, const TopKLists<double>& out,
              const RunControl& control) {
  constexpr double adds_per_task = 5e4, overhead = 100;
  const double list_size =
      static_cast<double>(lists.entries()) / static_cast<double>(std::max<std::int64_t>(1, lists.rows));
  const auto tasks = balanced_tasks(count, adds_per_task, [&](std::int64_t at) {
    return overhead + static_cast<double>(queries.row_size(rows[at])) * list_size;
  });
  const Ranking<by, Q, V> ranking(queries, lists, targets, rule);
  parallel_for(
      static_cast<std::int64_t>(tasks.size()) - 1, control,
      [&] { return Sums(lists.columns, lists.rows, rule, std::min(out.n, std::max<std::int64_t>(1, lists.columns))); },
      [&](Sums& sums, std::int64_t t, const CancellationCheck& check_cancelled) {
        for (std::int64_t at = tasks[t]; at < tasks[t + 1]; ++at) {
          ranking.rank(rows[at], at, filter, out, sums, check_cancelled);
        }
      });
}

void check_rule(const NeighborRule& rule) {
  check_name(rule.average_by, AverageBy::target, "average_by");
  if (rule.used == 0 || rule.used < -1) throw std::invalid_argument("used must be at least 1, or -1 for all");
  if (rule.used >= 0 && rule.average_by == AverageBy::none) {
    throw std::invalid_argument("used goes with averages alone");
  }
}

}  // namespace

template <class Q, class V>
void top_k_neighbors(const CsrView<Q>& queries, const std::int64_t* rows, std::int64_t count, const CsrView<V>& lists,
                     const CsrView<V>& targets, const NeighborRule& rule, const TopKFilter& filter,
                     const TopKLists<double>& out, const RunControl& control) {
  check_rule(rule);
  check_sparse(queries, "queries");
  check_indices(rows, count, queries.rows, "rows");
  check_sparse(lists, queries.columns, lists.columns, "lists");
  if (targets.row_begin || (rule.average_by == AverageBy::target && rule.used >= 0))
    check_transposes(lists, targets, "targets");
  check_filter(filter, count, lists.columns);
  check_lists(out, count);
  switch (rule.average_by) {
    case AverageBy::none:
      return rank_all<AverageBy::none>(queries, rows, lists, targets, rule, count, filter, out, control);
    case AverageBy::query:
      return rank_all<AverageBy::query>(queries, rows, lists, targets, rule, count, filter, out, control);
    case AverageBy::target:
      return rank_all<AverageBy::target>(queries, rows, lists, targets, rule, count, filter, out, control);
  }
}

template <class Q, class V>
void score_neighbors(const CsrView<Q>& queries, const std::int64_t* rows, const CsrView<V>& targets,
                     const std::int64_t* columns, std::int64_t pairs, const NeighborRule& rule, double* score,
                     const RunControl& control) {
  constexpr std::int64_t pairs_per_task = 256;
  check_rule(rule);
  check_sparse(queries, "queries");
  check_sparse(targets, targets.rows, queries.columns, "targets");
  check_indices(rows, pairs, queries.rows, "rows");
  check_indices(columns, pairs, targets.rows, "columns");
  check_pointer(score, pairs, "score");
  using Terms = std::vector<NeighborTerm>;
  parallel_for((pairs + pairs_per_task - 1) / pairs_per_task, control, [] { return Terms(); },
               [&](Terms& terms, std::int64_t t) {
                 for (std::int64_t p = t * pairs_per_task; p < std::min(pairs, (t + 1) * pairs_per_task); ++p) {
                   terms.clear();
                   for_each_common(queries, rows[p], targets, columns[p], [&](std::int64_t x, std::int64_t y) {
                     const double a = value_at(queries, x), b = value_at(targets, y);
                     terms.push_back({rule.average_by == AverageBy::query ? a : b, a * b, queries.column[x]});
                   });
                   keep_most_similar(terms, rule.used);
                   score[p] = terms.empty() ? score_alone(rule, rows[p], columns[p])
                                            : score_from(rule, rows[p], columns[p], sums_of(terms));
                 }
               });
}

#define COALS_INSTANTIATE(Q, V)                                                                                       \
  template void top_k_neighbors<Q, V>(const CsrView<Q>&, const std::int64_t*, std::int64_t, const CsrView<V>&,        \
                                      const CsrView<V>&, const NeighborRule&, const TopKFilter&,                      \
                                      const TopKLists<double>&, const RunControl&);                                   \
  template void score_neighbors<Q, V>(const CsrView<Q>&, const std::int64_t*, const CsrView<V>&, const std::int64_t*, \
                                      std::int64_t, const NeighborRule&, double*, const RunControl&);
COALS_INSTANTIATE(float, float)
COALS_INSTANTIATE(float, double)
COALS_INSTANTIATE(double, float)
COALS_INSTANTIATE(double, double)
#undef COALS_INSTANTIATE

}  // namespace coals
