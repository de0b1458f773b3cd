// Similarities of values: inner products, and sums over the users who have both items. See cooccurrence.hpp.
//
// Plain scatter, one row at a time: for each user of item i, each of his items j gets what the pair adds. Sums are kept
// by rank, so that those of popular items, which most steps touch, lie side by side in the cache. Users come in
// ascending order, so sums do not depend on threads.
#include <algorithm>
#include <cmath>

#include "coals/cooccurrence.hpp"
#include "collect_rows.hpp"

namespace coals {

namespace {

// Entries of ranked items, both ways.
struct RankedValues {
  RankedItems items;
  CsrMatrix<double> by_user;  // ranks in `column`, in the order of the matrix
  CsrMatrix<double> by_rank;
};

RankedValues rank_values(const CsrView<double>& matrix, std::int64_t min_support, const RunControl& control) {
  RankedValues out;
  out.items = rank_items(matrix.structure(), min_support, control);
  CsrMatrix<double>& rows = out.by_user;
  rows.rows = matrix.rows;
  rows.columns = out.items.count;
  rows.row_begin = Buffer<std::int64_t>(matrix.rows + 1);
  rows.row_begin[0] = 0;
  std::int64_t kept = 0;
  for (std::int64_t r = 0; r < out.items.count; ++r) kept += out.items.size[r];
  rows.column = Buffer<std::int32_t>(kept);
  rows.value = Buffer<double>(kept);
  std::int64_t at = 0;
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    for (std::int64_t e = matrix.row_begin[i]; e < matrix.row_begin[i + 1]; ++e) {
      const std::int32_t rank = out.items.rank[matrix.column[e]];
      if (rank < 0) continue;
      rows.column[at] = rank;
      rows.value[at++] = matrix.value[e];
    }
    rows.row_begin[i + 1] = at;
  }
  out.by_rank = transpose(rows.view(), control);
  return out;
}

// What is known of a pair; a pair without common users has count 0.
struct Product {
  double sum = 0;
  std::int64_t count = 0;

  void add(double x, double y) {
    sum += x * y;
    ++count;
  }
};

struct Moments {
  double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  std::int64_t count = 0;

  void add(double a, double b) {
    x += a;
    y += b;
    xx += a * a;
    yy += b * b;
    xy += a * b;
    ++count;
  }
};

double clipped(double value) { return std::max(-1.0, std::min(1.0, value)); }

double value_of(const Moments& m, CommonSimilarity kind) {
  const auto n = static_cast<double>(m.count);
  if (kind == CommonSimilarity::mean_square) {
    return 1.0 / (1.0 + std::max(0.0, m.xx - 2.0 * m.xy + m.yy) / n);
  }
  if (kind == CommonSimilarity::cosine) {
    return m.xx == 0 || m.yy == 0 ? 0.0 : clipped(m.xy / (std::sqrt(m.xx) * std::sqrt(m.yy)));
  }
  // Variances this far below the squares are rounding.
  constexpr double nothing = 1e-12;
  const double of_x = n * m.xx - m.x * m.x, of_y = n * m.yy - m.y * m.y;
  if (of_x <= nothing * n * m.xx || of_y <= nothing * n * m.yy) return 0.0;
  return clipped((n * m.xy - m.x * m.y) / (std::sqrt(of_x) * std::sqrt(of_y)));
}

template <class Pair>
struct Worker {
  explicit Worker(std::int64_t items) : pair(static_cast<std::size_t>(items)) {}
  std::vector<Pair> pair;  // by rank; blank between rows
  std::vector<std::int32_t> touched;
};

template <class Pair, class Value>
class Summing {
 public:
  Summing(const RankedValues& values, const PairOptions& options, const NeighborOptions& keep, Value value)
      : values_(values), options_(options), keep_(keep), value_(value), rows_(rows_to_count(values.items, keep)) {}

  std::vector<std::int64_t> tasks(std::int64_t workers, const RunControl& control) {
    work_.resize(rows_.size());
    parallel_for(static_cast<std::int64_t>(rows_.size()), control, [&](std::int64_t k) {
      std::int64_t work = 0;
      for_each_user(rows_[k].rank, [&](std::int64_t user, double) { work += values_.by_user.view().row_size(user); });
      work_[k] = work;
    });
    const auto cost = [&](std::int64_t k) { return static_cast<double>(work_[k]) + 100; };
    double all = 0;
    for (std::size_t k = 0; k < work_.size(); ++k) all += cost(static_cast<std::int64_t>(k));
    return balanced_tasks(static_cast<std::int64_t>(rows_.size()),
                          std::max(1e5, all / static_cast<double>(16 * workers)), cost);
  }

  template <class T>
  void sum_rows(Worker<Pair>& worker, std::int64_t first, std::int64_t last, RowSink<T>& sink,
                const Pulse& pulse) const {
    for (std::int64_t k = first; k < last; ++k) {
      pulse();
      sum_row(worker, rows_[k], work_[k] > values_.items.count / 8, sink, pulse);
    }
  }

 private:
  template <class Visit>
  void for_each_user(std::int64_t rank, Visit visit) const {
    const CsrView<double> users = values_.by_rank.view();
    for (std::int64_t e = users.row_begin[rank]; e < users.row_begin[rank + 1]; ++e) {
      visit(users.column[e], users.value[e]);
    }
  }

  template <class T>
  void sum_row(Worker<Pair>& worker, RowPlace row, bool dense, RowSink<T>& sink, const Pulse& pulse) const {
    const CsrView<double> items = values_.by_user.view();
    worker.touched.clear();
    std::int64_t since_pulse = 0;
    for_each_user(row.rank, [&](std::int64_t user, double x) {
      const std::int64_t begin = items.row_begin[user], end = items.row_begin[user + 1];
      if (dense) {
        for (std::int64_t e = begin; e < end; ++e) worker.pair[items.column[e]].add(x, items.value[e]);
      } else {
        for (std::int64_t e = begin; e < end; ++e) {
          Pair& pair = worker.pair[items.column[e]];
          if (pair.count == 0) worker.touched.push_back(items.column[e]);
          pair.add(x, items.value[e]);
        }
      }
      if ((since_pulse += end - begin) < (1 << 22)) return;
      pulse();
      since_pulse = 0;
    });
    sink.start();
    if (dense) {
      for (std::int64_t r = 0; r < values_.items.count; ++r) offer(worker, row.rank, r, sink);
    } else {
      for (const std::int32_t r : worker.touched) offer(worker, row.rank, r, sink);
    }
    sink.finish(row.place);
  }

  template <class T>
  void offer(Worker<Pair>& worker, std::int64_t rank, std::int64_t other, RowSink<T>& sink) const {
    Pair& pair = worker.pair[other];
    if (pair.count >= options_.min_overlap && pair.count > 0 && (other != rank || keep_.diagonal)) {
      double value = value_(pair);
      if (options_.shrinkage > 0) {
        value *= static_cast<double>(pair.count) / (static_cast<double>(pair.count) + options_.shrinkage);
      }
      sink.offer(values_.items.item[other], value);
    }
    pair = Pair();
  }

  const RankedValues& values_;
  const PairOptions& options_;
  const NeighborOptions& keep_;
  Value value_;
  std::vector<RowPlace> rows_;
  std::vector<std::int64_t> work_;  // steps of each row
};

template <class T, class Pair, class Value>
CsrMatrix<T> sum_pairs(const CsrView<double>& matrix, const PairOptions& options, const NeighborOptions& keep,
                       const RunControl& control, Value value) {
  check_options(options, keep, matrix.columns);
  const RankedValues values = rank_values(matrix, options.min_support, control);
  Summing<Pair, Value> summing(values, options, keep, value);
  const std::vector<std::int64_t> tasks = summing.tasks(worker_count(control), control);
  const std::int64_t items = values.items.count;
  const std::int64_t workspace =
      24 * values.by_user.value.size() + 48 * items +
      worker_count(control) * items * static_cast<std::int64_t>(sizeof(Pair) + sizeof(std::int32_t));
  return collect_rows<T>(
      tasks, matrix.columns, matrix.columns, keep, workspace, control, [&] { return Worker<Pair>(items); },
      [&](Worker<Pair>& worker, std::int64_t first, std::int64_t last, RowSink<T>& sink, const Pulse& pulse) {
        summing.sum_rows(worker, first, last, sink, pulse);
      });
}

}  // namespace

template <class T>
CsrMatrix<T> item_products(const CsrView<double>& matrix, const PairOptions& options, const NeighborOptions& keep,
                           const RunControl& control) {
  return sum_pairs<T, Product>(matrix, options, keep, control, [](const Product& pair) { return pair.sum; });
}

template <class T>
CsrMatrix<T> common_similarity(const CsrView<double>& matrix, const CommonSimilarityOptions& options,
                               const NeighborOptions& keep, const RunControl& control) {
  const CommonSimilarity kind = options.similarity;
  return sum_pairs<T, Moments>(matrix, options, keep, control,
                               [kind](const Moments& pair) { return value_of(pair, kind); });
}

template CsrMatrix<float> item_products(const CsrView<double>&, const PairOptions&, const NeighborOptions&,
                                        const RunControl&);
template CsrMatrix<double> item_products(const CsrView<double>&, const PairOptions&, const NeighborOptions&,
                                         const RunControl&);
template CsrMatrix<float> common_similarity(const CsrView<double>&, const CommonSimilarityOptions&,
                                            const NeighborOptions&, const RunControl&);
template CsrMatrix<double> common_similarity(const CsrView<double>&, const CommonSimilarityOptions&,
                                             const NeighborOptions&, const RunControl&);

}  // namespace coals
