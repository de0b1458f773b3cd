// Similarities of values: inner products, and sums over the users who have both items. See cooccurrence.hpp.
//
// If many neighbors of every item are wanted, each pair is summed once and offered to both items; otherwise rows
// are summed one by one and go straight into the answer.
#include "checks/values.hpp"
#include "coals/cooccurrence.hpp"
#include "cooccurrence/collect_rows.hpp"
#include "cooccurrence/neighbor_lists.hpp"
#include "cooccurrence/pair_scatter.hpp"
#include "cooccurrence/pair_terms.hpp"

namespace coals {

namespace {

template <class T, class Index, class Number, class Sums, class Value>
class PairSumming {
 public:
  PairSumming(const RankedValues<Index, Number>& values, const PairOptions& options, const NeighborOptions& keep,
              const RunControl& control, Value value)
      : values_(values), options_(options), keep_(keep), control_(control), value_(value) {}

  CsrMatrix<T> operator()(std::int64_t columns) const {
    if (keep_.neighbors < 0 || keep_.neighbors >= columns || keep_.rows) return row_by_row(columns);
    const std::int64_t lists = NeighborLists<T>::bytes(items(), keep_.neighbors);
    const std::int64_t answer = items() * keep_.neighbors * static_cast<std::int64_t>(sizeof(T) + 4);
    const bool fits = lists <= values_.bytes() + (std::int64_t{32} << 20) &&
                      (keep_.memory_limit < 0 || workspace() + lists + answer <= keep_.memory_limit);
    return fits ? for_both() : row_by_row(columns);
  }

 private:
  using Scatter = PairScatter<Index, Number, Sums>;
  using Worker = typename Scatter::Worker;

  std::int64_t items() const { return values_.items.count; }
  std::int64_t workspace() const {
    return values_.bytes() + wanted_threads(control_) * Scatter(values_, PairsWith::all).worker_bytes();
  }

  // One thread's share of the work for both items of a pair.
  struct Pairs {
    Worker worker;
    std::vector<double> bound;  // what sums with each item have to reach, as of a moment ago
    std::vector<std::int32_t> place;
    std::vector<double> taken;
  };

  CsrMatrix<T> for_both() const {
    const Scatter scatter(values_, PairsWith::more_popular);
    NeighborLists<T> lists(items(), keep_.neighbors, keep_.threshold);
    std::vector<RowPlace> rows;
    // Neighbors are best among popular items or among rare ones, depending on the data: some of those, then all of
    // these, so that the bounds rise soon.
    const std::int64_t popular = items() / 8;
    for (std::int64_t r = 0; r < popular; ++r) rows.push_back({r, 0});
    for (std::int64_t r = items() - 1; r >= popular; --r) rows.push_back({r, 0});
    std::vector<std::int64_t> work;
    const auto tasks = cut(scatter, rows, work);
    parallel_for(
        static_cast<std::int64_t>(tasks.size()) - 1, control_, [&] { return Pairs{scatter.make_worker(), {}, {}, {}}; },
        [&](Pairs& pairs, std::int64_t t, const CancellationCheck& check_cancelled) {
          for (std::int64_t k = tasks[t]; k < tasks[t + 1]; ++k) {
            check_cancelled();
            if ((k - tasks[t]) % 64 == 0) lists.copy_bounds(pairs.bound);
            sum_for_both(scatter, pairs, rows[k].rank, work[k], lists, check_cancelled);
          }
        });
    return lists.collect(values_.items.rank, control_);
  }

  void sum_for_both(const Scatter& scatter, Pairs& pairs, std::int64_t rank, std::int64_t work, NeighborLists<T>& lists,
                    const CancellationCheck& check_cancelled) const {
    const auto offer = [&](std::int64_t other, const Sums& sums) { offer_both(lists, rank, other, sums); };
    if constexpr (std::is_same_v<Sums, ProductSums>) {
      if (scatter.dense(rank, work)) {
        scatter.sum_all(pairs.worker, rank, check_cancelled);
        take_dense(pairs, rank, lists);
        return;
      }
    }
    scatter.row(pairs.worker, rank, work, check_cancelled, offer);
  }

  // A block of sums at a time, those that reach the bound of either item.
  void take_dense(Pairs& pairs, std::int64_t rank, NeighborLists<T>& lists) const {
    constexpr std::int64_t block = 1024;
    pairs.place.resize(block);
    pairs.taken.resize(block);
    const std::int64_t blocks = (rank + block - 1) / block;
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t begin = from_both_ends(b, blocks) * block;
      const std::int64_t found = active_table().pairs.take_products(
          pairs.worker.sums.data() + begin, std::min(block, rank - begin), pairs.bound.data() + begin,
          NeighborLists<T>::just_below(lists.bound(rank)), pairs.place.data(), pairs.taken.data());
      for (std::int64_t k = 0; k < found; ++k) {
        offer_both(lists, rank, begin + pairs.place[k], ProductSums{pairs.taken[k]});
      }
    }
  }

  void offer_both(NeighborLists<T>& lists, std::int64_t rank, std::int64_t other, const Sums& sums) const {
    double exact = 0;
    if (!similarity(sums, exact)) return;
    const auto value = static_cast<T>(exact);
    const auto rounded = static_cast<double>(value);
    if (value == T(0)) return;
    if (rounded >= lists.bound(rank)) lists.offer(rank, values_.items.item[other], value);
    if (rounded >= lists.bound(other)) lists.offer(other, values_.items.item[rank], value);
  }

  CsrMatrix<T> row_by_row(std::int64_t columns) const {
    const Scatter scatter(values_, PairsWith::all);
    const std::vector<RowPlace> rows = rows_to_count(values_.items, keep_);
    std::vector<std::int64_t> work;
    const auto tasks = cut(scatter, rows, work);
    return collect_rows<T>(
        tasks, columns, columns, keep_, workspace(), control_, [&] { return scatter.make_worker(); },
        [&](Worker& worker, std::int64_t first, std::int64_t last, RowSink<T>& sink,
            const CancellationCheck& check_cancelled) {
          for (std::int64_t k = first; k < last; ++k) {
            check_cancelled();
            sink.start();
            const std::int64_t rank = rows[k].rank;
            scatter.row(worker, rank, work[k], check_cancelled, [&](std::int64_t other, const Sums& sums) {
              double exact = 0;
              if (other == rank && !keep_.diagonal) return;
              if (similarity(sums, exact)) sink.offer(values_.items.item[other], exact);
            });
            sink.finish(rows[k].place);
          }
        });
  }

  // Tasks of about equal work, and the work of each row.
  std::vector<std::int64_t> cut(const Scatter& scatter, const std::vector<RowPlace>& rows,
                                std::vector<std::int64_t>& work) const {
    const auto count = static_cast<std::int64_t>(rows.size());
    work.resize(rows.size());
    constexpr std::int64_t together = 64;
    parallel_for((count + together - 1) / together, control_, [&](std::int64_t t) {
      for (std::int64_t k = t * together; k < std::min(count, (t + 1) * together); ++k) {
        work[k] = scatter.work(rows[k].rank);
      }
    });
    const auto cost = [&](std::int64_t k) {
      return static_cast<double>(work[k] + std::min(items(), 8 * work[k]) / 4) + 100;
    };
    double all = 0;
    for (std::int64_t k = 0; k < count; ++k) all += cost(k);
    return balanced_tasks(count, std::max(1e5, all / static_cast<double>(32 * wanted_threads(control_))), cost);
  }

  bool similarity(const Sums& sums, double& value) const {
    const double count = number_of(sums);
    if (count >= 0 && count < static_cast<double>(options_.min_overlap)) return false;
    value = value_(sums);
    if (options_.shrinkage > 0) value *= value_.shrunk_by(count, options_.shrinkage);
    return true;
  }

  const RankedValues<Index, Number>& values_;
  const PairOptions& options_;
  const NeighborOptions& keep_;
  const RunControl& control_;
  Value value_;
};

template <class T, class Number, class Sums, class Value>
CsrMatrix<T> sum_pairs(const CsrView<double>& matrix, const PairOptions& options, const NeighborOptions& keep,
                       const RunControl& control, Value value, bool unit_columns = false) {
  check_options(options, keep, matrix.columns);
  RankedItems items = rank_items(matrix.structure(), options.min_support, control);
  const auto sum = [&](auto index) {
    using Index = decltype(index);
    auto values = rank_values<Index, Number>(matrix, std::move(items), control);
    if (unit_columns) scale_to_unit(values, control);
    return PairSumming<T, Index, Number, Sums, Value>(values, options, keep, control, value)(matrix.columns);
  };
  return items.count <= 65536 ? sum(std::uint16_t{0}) : sum(std::uint32_t{0});
}

}  // namespace

namespace {

// Whether values may be rounded to float: not where that leaves its range, or so close to it that precision is lost.
bool within_float(const CsrView<double>& matrix) {
  constexpr double largest = 1e30, least = 1e-30;
  for (std::int64_t e = 0; e < matrix.entries(); ++e) {
    const double size = std::abs(matrix.value[e]);
    if (size > largest || (size < least && size != 0)) return false;
  }
  return true;
}

template <class T, class Number>
CsrMatrix<T> sum_products(const CsrView<double>& matrix, const ProductOptions& options, const NeighborOptions& keep,
                          const RunControl& control) {
  if (options.shrinkage > 0 || options.min_overlap > 1) {
    return sum_pairs<T, Number, CountedProductSums>(matrix, options, keep, control, ProductValue(),
                                                    options.unit_columns);
  }
  return sum_pairs<T, Number, ProductSums>(matrix, options, keep, control, ProductValue{options.unit_columns},
                                           options.unit_columns);
}

}  // namespace

template <class T>
CsrMatrix<T> item_products(const CsrView<double>& matrix, const ProductOptions& options, const NeighborOptions& keep,
                           const RunControl& control) {
  check_whole(matrix, "matrix");
  check_valued(matrix, "matrix");
  check_values(matrix, "matrix", std::numeric_limits<double>::max());
  return in_team(control, [&] {
    return within_float(matrix) ? sum_products<T, T>(matrix, options, keep, control)
                                : sum_products<T, double>(matrix, options, keep, control);
  });
}

template <class T>
CsrMatrix<T> common_similarity(const CsrView<double>& matrix, const CommonSimilarityOptions& options,
                               const NeighborOptions& keep, const RunControl& control) {
  check_whole(matrix, "matrix");
  check_valued(matrix, "matrix");
  check_sums(matrix);
  check_name(options.similarity, all_common_similarities, "similarity");
  return in_team(control, [&] {
    return sum_pairs<T, double, MomentSums>(matrix, options, keep, control, CommonValue{options.similarity});
  });
}

template CsrMatrix<float> item_products(const CsrView<double>&, const ProductOptions&, const NeighborOptions&,
                                        const RunControl&);
template CsrMatrix<double> item_products(const CsrView<double>&, const ProductOptions&, const NeighborOptions&,
                                         const RunControl&);
template CsrMatrix<float> common_similarity(const CsrView<double>&, const CommonSimilarityOptions&,
                                            const NeighborOptions&, const RunControl&);
template CsrMatrix<double> common_similarity(const CsrView<double>&, const CommonSimilarityOptions&,
                                             const NeighborOptions&, const RunControl&);

}  // namespace coals
