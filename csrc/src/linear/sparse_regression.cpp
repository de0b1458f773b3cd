// See sparse_regression.hpp.
//
// Items are numbered by rank (most users first). The systems of consecutive ranks are held together, so that the items
// they need are alike, and rare items, which are most, need no row of a popular one. A row of G holds the elements with
// more popular items alone: it writes row p of the lower triangle of each system in which its item is number p, and
// what it has of right-hand sides.
#include "coals/sparse_regression.hpp"

#include <algorithm>
#include <cmath>

#include "checks/arguments.hpp"
#include "checks/values.hpp"
#include "coals/errors.hpp"
#include "cooccurrence/pair_scatter.hpp"
#include "linear/support_systems.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

// Where an item is in the system of a target.
struct Use {
  std::int32_t target;  // within the part
  std::int32_t place;
};

template <class T, class Index>
class SparseRegression {
 public:
  SparseRegression(const RankedValues<Index, T>& values, const CsrView<void>& support,
                   const SparseRegressionOptions& options, const RunControl& control)
      : values_(values),
        support_(support),
        options_(options),
        control_(control),
        scatter_(values, PairsWith::more_popular),
        place_(support.entries()),
        square_(items()),
        work_(items()) {}

  CsrMatrix<T> run() {
    rank_supports();
    prepare_rows();
    CsrMatrix<T> out = make_result();
    for (std::int64_t first = 0, last; first < items(); first = last) {
      last = end_of_part(first);
      SupportSystems<T> systems = make_systems(first, last);
      fill(systems, first, last);
      solve(systems, first, out);
    }
    return out;
  }

 private:
  using Scatter = PairScatter<Index, T, ProductSums>;
  struct Worker {
    typename Scatter::Worker scatter;
    std::vector<double> row;  // of G, by rank; zero between rows
    std::vector<std::int32_t> filled;
  };

  std::int64_t items() const { return values_.items.count; }
  std::int64_t item_of(std::int64_t rank) const { return values_.items.item[rank]; }
  std::int64_t size_of(std::int64_t rank) const { return support_.row_size(item_of(rank)); }
  const std::int32_t* supports(std::int64_t rank) const { return place_.data() + support_.row_begin[item_of(rank)]; }

  // place_: the ranks of each row of the support, ascending.
  void rank_supports() {
    const auto tasks = balanced_tasks(support_.rows, 1e5,
                                      [&](std::int64_t j) { return 1.0 + static_cast<double>(support_.row_size(j)); });
    parallel_for(static_cast<std::int64_t>(tasks.size()) - 1, control_, [&](std::int64_t t) {
      for (std::int64_t j = tasks[t]; j < tasks[t + 1]; ++j) {
        check_row(j);
        const std::int64_t begin = support_.row_begin[j], end = support_.row_begin[j + 1];
        for (std::int64_t e = begin; e < end; ++e) {
          place_[e] = values_.items.rank[support_.column[e]];
        }
        std::sort(place_.data() + begin, place_.data() + end);
      }
    });
  }

  void check_row(std::int64_t j) const {
    const std::string row = "row " + std::to_string(j) + " has ";
    for (std::int64_t e = support_.row_begin[j]; e < support_.row_begin[j + 1]; ++e) {
      const std::int64_t column = support_.column[e];
      if (column < 0 || column >= support_.columns) {
        refuse("support", row + "column " + std::to_string(column) + ", which is out of range");
      }
      if (column == j) refuse("support", row + "the item itself");
      if (values_.items.rank[column] < 0 || values_.items.rank[j] < 0)
        refuse("support", row + "an item without entries");
    }
  }

  // The diagonal of G, and the steps that rows take.
  void prepare_rows() {
    const auto tasks = balanced_tasks(items(), 1e5, [&](std::int64_t r) {
      return 1.0 + static_cast<double>(values_.rank_begin[r + 1] - values_.rank_begin[r]);
    });
    parallel_for(static_cast<std::int64_t>(tasks.size()) - 1, control_, [&](std::int64_t t) {
      for (std::int64_t r = tasks[t]; r < tasks[t + 1]; ++r) {
        work_[r] = scatter_.work(r);
        double sum = 0;
        for (std::int64_t e = values_.rank_begin[r]; e < values_.rank_begin[r + 1]; ++e) {
          sum += static_cast<double>(values_.own[e]) * static_cast<double>(values_.own[e]);
        }
        square_[r] = sum;
      }
    });
  }

  double diagonal(std::int64_t rank) const { return square_[rank] + options_.penalty[item_of(rank)]; }

  CsrMatrix<T> make_result() const {
    CsrMatrix<T> out;
    out.rows = out.columns = support_.rows;
    out.row_begin = Buffer<std::int64_t>(support_.rows + 1, control_.memory);
    out.row_begin[0] = 0;
    for (std::int64_t j = 0; j < support_.rows; ++j) {
      const std::int64_t size = support_.row_size(j);
      out.row_begin[j + 1] = out.row_begin[j] + (options_.strongest < 0 ? size : std::min(size, options_.strongest));
    }
    out.column = Buffer<std::int32_t>(out.row_begin[support_.rows], control_.memory);
    out.value = Buffer<T>(out.row_begin[support_.rows], control_.memory);
    return out;
  }

  std::int64_t end_of_part(std::int64_t first) const {
    std::int64_t last = first, bytes = 0;
    while (last < items()) {
      bytes += SupportSystems<T>::bytes(size_of(last)) + size_of(last) * static_cast<std::int64_t>(sizeof(Use));
      if (last > first && bytes > options_.system_bytes) break;
      ++last;
    }
    return last;
  }

  SupportSystems<T> make_systems(std::int64_t first, std::int64_t last) const {
    std::vector<std::int64_t> sizes;
    for (std::int64_t r = first; r < last; ++r) sizes.push_back(size_of(r));
    return SupportSystems<T>(sizes);
  }

  // The uses of rank r are begin[r] .. begin[r + 1].
  Buffer<Use> list_uses(std::int64_t first, std::int64_t last, std::vector<std::int64_t>& begin) const {
    begin.assign(static_cast<std::size_t>(items()) + 2, 0);
    for (std::int64_t r = first; r < last; ++r) {
      for (std::int64_t p = 0; p < size_of(r); ++p) ++begin[static_cast<std::size_t>(supports(r)[p]) + 2];
    }
    for (std::size_t r = 2; r < begin.size(); ++r) begin[r] += begin[r - 1];
    Buffer<Use> uses(begin.back());
    for (std::int64_t r = first; r < last; ++r) {
      for (std::int64_t p = 0; p < size_of(r); ++p) {
        uses[begin[static_cast<std::size_t>(supports(r)[p]) + 1]++] = {static_cast<std::int32_t>(r - first),
                                                                       static_cast<std::int32_t>(p)};
      }
    }
    return uses;
  }

  void fill(SupportSystems<T>& systems, std::int64_t first, std::int64_t last) {
    std::vector<std::int64_t> begin;
    const Buffer<Use> uses = list_uses(first, last, begin);
    const auto is_target = [&](std::int64_t r) { return r >= first && r < last; };
    const auto needed = [&](std::int64_t r) { return begin[r] < begin[r + 1] || is_target(r); };
    const auto tasks = balanced_tasks(items(), 3e5, [&](std::int64_t r) {
      if (!needed(r)) return 1.0;
      double cost = 20 + static_cast<double>(work_[r]);
      for (std::int64_t u = begin[r]; u < begin[r + 1]; ++u) cost += uses[u].place;
      return cost;
    });
    parallel_for(
        static_cast<std::int64_t>(tasks.size()) - 1, control_,
        [&] { return Worker{scatter_.make_worker(), std::vector<double>(static_cast<std::size_t>(items())), {}}; },
        [&](Worker& worker, std::int64_t t, const CancellationCheck& check_cancelled) {
          for (std::int64_t r = tasks[t]; r < tasks[t + 1]; ++r) {
            if (!needed(r)) continue;
            check_cancelled();
            const auto write = [&](auto element) {
              for (std::int64_t u = begin[r]; u < begin[r + 1]; ++u) write_use(systems, first, r, uses[u], element);
              if (is_target(r)) write_target(systems, first, r, element);
            };
            with_row(worker, r, check_cancelled, write);
          }
        });
  }

  // write(element), where element(s) is G_rs for s < r.
  template <class Write>
  void with_row(Worker& worker, std::int64_t r, const CancellationCheck& check_cancelled, Write write) const {
    if (scatter_.dense(r, work_[r])) {
      scatter_.sum_all(worker.scatter, r, check_cancelled);
      const ProductSums* sums = worker.scatter.sums.data();
      write([sums](std::int64_t s) { return sums[s].xy; });
      std::fill_n(worker.scatter.sums.begin(), r, ProductSums());
      return;
    }
    double* row = worker.row.data();
    worker.filled.clear();
    scatter_.row(worker.scatter, r, work_[r], check_cancelled, [&](std::int64_t s, const ProductSums& sums) {
      row[s] = sums.xy;
      worker.filled.push_back(static_cast<std::int32_t>(s));
    });
    write([row](std::int64_t s) { return row[s]; });
    for (const std::int32_t s : worker.filled) row[s] = 0;
  }

  template <class Element>
  void write_use(SupportSystems<T>& systems, std::int64_t first, std::int64_t r, const Use& use,
                 Element element) const {
    const std::int64_t target = first + use.target;
    const std::int32_t* support = supports(target);
    T* out = systems.row(use.target, use.place);
    for (std::int64_t q = 0; q < use.place; ++q) out[q] = static_cast<T>(element(support[q]));
    out[use.place] = static_cast<T>(diagonal(r));
    if (target < r) systems.rhs(use.target)[use.place] = static_cast<T>(element(target));
  }

  template <class Element>
  void write_target(SupportSystems<T>& systems, std::int64_t first, std::int64_t r, Element element) const {
    const std::int32_t* support = supports(r);
    T* rhs = systems.rhs(r - first);
    for (std::int64_t p = 0; p < size_of(r) && support[p] < r; ++p) rhs[p] = static_cast<T>(element(support[p]));
  }

  void solve(SupportSystems<T>& systems, std::int64_t first, CsrMatrix<T>& out) const {
    constexpr std::int64_t together = 64;
    const std::int64_t tasks = (systems.count() + together - 1) / together;
    parallel_for(
        tasks, control_, [] { return SupportSolver<T>(); },
        [&](SupportSolver<T>& solver, std::int64_t t, const CancellationCheck& check_cancelled) {
          const std::int64_t last = std::min(systems.count(), (t + 1) * together);
          solver.solve(
              systems, t * together, last,
              [&](std::int64_t s, const T* solution) {
                check_cancelled();
                store(first + s, systems.rhs(s), solution, out);
              },
              [&](std::int64_t s) {
                throw SingularSystem(item_of(first + s), item_of(first + s), size_of(first + s));
              });
        });
  }

  // Row j of the result, columns ascending, from the solution by rank.
  void store(std::int64_t rank, const T* rhs, const T* solution, CsrMatrix<T>& out) const {
    const std::int64_t j = item_of(rank), size = size_of(rank), kept = out.row_begin[j + 1] - out.row_begin[j];
    const auto factor = static_cast<T>(relaxation(rank, rhs, solution));
    struct Weight {
      std::int32_t item;
      T value;
    };
    std::vector<Weight> weights(static_cast<std::size_t>(size));
    for (std::int64_t p = 0; p < size; ++p) {
      weights[static_cast<std::size_t>(p)] = {static_cast<std::int32_t>(item_of(supports(rank)[p])),
                                              factor * solution[p]};
    }
    if (kept < size) {
      std::nth_element(weights.begin(), weights.begin() + kept, weights.end(), [](const Weight& a, const Weight& b) {
        return std::abs(a.value) > std::abs(b.value) || (std::abs(a.value) == std::abs(b.value) && a.item < b.item);
      });
      weights.resize(static_cast<std::size_t>(kept));
    }
    std::sort(weights.begin(), weights.end(), [](const Weight& a, const Weight& b) { return a.item < b.item; });
    for (std::int64_t k = 0; k < kept; ++k) {
      out.column[out.row_begin[j] + k] = weights[static_cast<std::size_t>(k)].item;
      out.value[out.row_begin[j] + k] = weights[static_cast<std::size_t>(k)].value;
    }
  }

  // max(Lambda_j C_jj, 1 - xi): with b, C_jj is 1 / (G_jj + Lambda_j - G_jS b).
  double relaxation(std::int64_t rank, const T* rhs, const T* solution) const {
    if (options_.max_diagonal == 0) return 1;
    double rest = diagonal(rank);
    for (std::int64_t p = 0; p < size_of(rank); ++p) {
      rest -= static_cast<double>(rhs[p]) * static_cast<double>(solution[p]);
    }
    const double penalty = options_.penalty[item_of(rank)];
    return std::max(std::min(1.0, penalty / std::max(rest, penalty)), 1 - options_.max_diagonal);
  }

  const RankedValues<Index, T>& values_;
  CsrView<void> support_;
  const SparseRegressionOptions& options_;
  const RunControl& control_;
  Scatter scatter_;
  Buffer<std::int32_t> place_;
  Buffer<double> square_;
  Buffer<std::int64_t> work_;
};

void check_problem(const CsrView<double>& matrix, const CsrView<void>& support,
                   const SparseRegressionOptions& options) {
  check_whole(matrix, "matrix");
  check_valued(matrix, "matrix");
  check_values(matrix, "matrix", 1e150);
  check_sparse(support, matrix.columns, matrix.columns, "support");
  if (support.row_begin[0] != 0) refuse("support", "row_begin must start at 0");
  for (std::int64_t j = 0; j < support.rows; ++j) {
    if (support.row_size(j) < 0) refuse("support", "row_begin must not fall");
  }
  check_pointer(options.penalty, matrix.columns, "penalty");
  for (std::int64_t j = 0; j < matrix.columns; ++j) {
    if (!(options.penalty[j] > 0) || !std::isfinite(options.penalty[j]))
      refuse("penalty", "must be finite and above 0");
  }
  check_number(options.max_diagonal, 0, 1, "max_diagonal");
  require(options.strongest >= 1 || options.strongest == -1, "strongest must be at least 1, or -1 for all");
  require(options.system_bytes >= 0, "system_bytes must not be negative");
}

template <class T, class Index>
CsrMatrix<T> regress(const CsrView<double>& matrix, RankedItems items, const CsrView<void>& support,
                     const SparseRegressionOptions& options, const RunControl& control) {
  const auto values = rank_values<Index, T>(matrix, std::move(items), control);
  return SparseRegression<T, Index>(values, support, options, control).run();
}

}  // namespace

template <class T>
CsrMatrix<T> regress_on_supports(const CsrView<double>& matrix, const CsrView<void>& support,
                                 const SparseRegressionOptions& options, const RunControl& control) {
  check_problem(matrix, support, options);
  return in_team(control, [&] {
    RankedItems items = rank_items(matrix.structure(), 1, control);
    return items.count <= 65536 ? regress<T, std::uint16_t>(matrix, std::move(items), support, options, control)
                                : regress<T, std::uint32_t>(matrix, std::move(items), support, options, control);
  });
}

template CsrMatrix<float> regress_on_supports(const CsrView<double>&, const CsrView<void>&,
                                              const SparseRegressionOptions&, const RunControl&);
template CsrMatrix<double> regress_on_supports(const CsrView<double>&, const CsrView<void>&,
                                               const SparseRegressionOptions&, const RunControl&);

}  // namespace coals
