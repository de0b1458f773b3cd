// Whole fits to implicit feedback, and rows solved against one. The sweeps, in the principal axes of the fixed side,
// are those of python/coals/models/als/implicit_problem.py, which says why.
#include <algorithm>

#include "als/fit_sweeps.hpp"
#include "threading/team.hpp"

namespace coals {

namespace {

// ials counts the share of unobserved cells towards a row's size.
Penalty penalty_of(const ImplicitFitOptions& options, Side side, std::int64_t others) {
  const double weight = options.objective == ImplicitObjective::ials ? options.unobserved_weight : 0;
  return {side == Side::users ? options.user_regularization : options.item_regularization,
          options.regularization_exponent, weight * static_cast<double>(others)};
}

void check_implicit(const ImplicitFitOptions& options) {
  check_options(options);
  check_name(options.objective, ImplicitObjective::ials, "objective");
  require(options.alpha > 0 && options.alpha <= largest_option, "alpha must be above 0, at most 1e18");
  check_number(options.unobserved_weight, 0, largest_option, "unobserved_weight");
}

// The entries that are not 0: `matrix` itself, or a copy in `storage`.
template <class T>
CsrView<T> without_zeros(const CsrView<T>& matrix, CsrMatrix<T>& storage) {
  const T* end = matrix.value + matrix.entries();
  const auto zeros = std::count(matrix.value, end, T(0));
  if (zeros == 0) return matrix;
  storage.rows = matrix.rows;
  storage.columns = matrix.columns;
  storage.row_begin = Buffer<std::int64_t>(matrix.rows + 1);
  storage.column = Buffer<std::int32_t>(matrix.entries() - zeros);
  storage.value = Buffer<T>(matrix.entries() - zeros);
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    storage.row_begin[i] = kept;
    for (std::int64_t e = matrix.row_begin[i]; e < matrix.row_begin[i + 1]; ++e) {
      if (matrix.value[e] == T(0)) continue;
      storage.column[kept] = matrix.column[e];
      storage.value[kept++] = matrix.value[e];
    }
  }
  storage.row_begin[matrix.rows] = kept;
  return storage.view();
}

// A Gram matrix: not known, K x K, or its diagonal alone.
struct KnownGram {
  Buffer<double> values;
  bool known = false, diagonal = false;
};

template <class T>
class ImplicitFit {
 public:
  ImplicitFit(const CsrView<T>& by_user, const CsrView<T>& by_item, const ImplicitFitOptions& options,
              MatrixView<T> users, MatrixView<T> items, const RunControl& control)
      : options_(options), control_(control), size_(users.columns), factors_{users, items} {
    solver_ = sweep_options(options, by_user.structure(), by_item.structure(), size_);
    turns_ = options.unobserved_weight > 0 && !options.solver.nonnegative;
    for (int side = 0; side < 2; ++side) {
      ImplicitHalfSweep<T>& problem = problem_[side];
      problem.strengths = side == 0 ? by_user : by_item;
      problem.fixed = constant(factors_[1 - side]);
      problem.objective = options.objective;
      problem.alpha = options.alpha;
      problem.unobserved_weight = options.unobserved_weight;
      problem.penalty = penalty_of(options, side == 0 ? Side::users : Side::items, problem.fixed.rows);
      problem.options = solver_;
      gram_[side].values = Buffer<double>(size_ * size_);
    }
  }

  Solver solver() const { return solver_.solver; }

  void sweep() {
    for (int side = 0; side < 2; ++side) {
      if (turns_) turn_to_axes_of(1 - side);
      problem_[side].gram = gram(1 - side);
      gram_[side].known = false;
      solve_implicit_factors(problem_[side], factors_[side], control_);
      gram(side);  // the objective and the next half-step want it
    }
  }

  double objective() {
    double total = implicit_observed_loss(problem_[0], constant(factors_[0]), control_);
    if (options_.unobserved_weight > 0) total += options_.unobserved_weight * product_of_grams();
    for (int side = 0; side < 2; ++side) {
      total += total_penalty(problem_[side].penalty, problem_[side].strengths.structure(), constant(factors_[side]),
                             control_);
    }
    return total;
  }

  // Undoes all turns.
  void finish() {
    if (turn_.size() == 0) return;
    Buffer<double> back(size_ * size_);
    for (std::int64_t i = 0; i < size_; ++i) {
      for (std::int64_t j = 0; j < size_; ++j) back[j * size_ + i] = turn_[i * size_ + j];
    }
    for (const MatrixView<T>& factors : factors_) rotate(factors, square(back), control_);
  }

 private:
  MatrixView<const double> square(const Buffer<double>& values) const { return {values.data(), size_, size_, size_}; }

  MatrixView<const double> gram(int side) {
    KnownGram& own = gram_[side];
    if (!own.known) {
      own.known = true;
      own.diagonal = options_.unobserved_weight == 0;  // zeros
      if (own.diagonal) {
        std::fill(own.values.begin(), own.values.begin() + size_, 0.0);
      } else {
        coals::gram(constant(factors_[side]), {own.values.data(), size_, size_, size_}, control_);
      }
    }
    return {own.values.data(), own.diagonal ? 1 : size_, size_, size_};
  }

  void turn_to_axes_of(int fixed) {
    const MatrixView<const double> full = gram(fixed);
    if (gram_[fixed].diagonal) return;
    Buffer<double> eigenvalues(size_), axes(size_ * size_);
    principal_axes(full, eigenvalues.data(), {axes.data(), size_, size_, size_}, control_);
    rotate(factors_[fixed], square(axes), control_);
    // Else they are overwritten.
    if (solver_.solver != Solver::cholesky) rotate(factors_[1 - fixed], square(axes), control_);
    if (turn_.size() == 0) {
      turn_ = Buffer<double>(size_ * size_);
      std::copy(axes.begin(), axes.end(), turn_.begin());
    } else {
      rotate<double>({turn_.data(), size_, size_, size_}, square(axes), control_);
    }
    std::copy(eigenvalues.begin(), eigenvalues.end(), gram_[fixed].values.begin());
    gram_[fixed].diagonal = true;
  }

  double product_of_grams() {
    const MatrixView<const double> a = gram(0), b = gram(1);
    const bool diagonal = gram_[0].diagonal || gram_[1].diagonal;
    double total = 0;
    for (std::int64_t i = 0; i < size_; ++i) {
      for (std::int64_t j = diagonal ? i : 0; j < (diagonal ? i + 1 : size_); ++j) {
        total += (gram_[0].diagonal ? a.data[j] : a.row(i)[j]) * (gram_[1].diagonal ? b.data[j] : b.row(i)[j]);
      }
    }
    return total;
  }

  const ImplicitFitOptions& options_;
  const RunControl& control_;
  std::int64_t size_;
  MatrixView<T> factors_[2];
  ImplicitHalfSweep<T> problem_[2];
  KnownGram gram_[2];
  Buffer<double> turn_;
  SolverOptions solver_;
  bool turns_ = false;
};

}  // namespace

template <class T>
FitReport fit_implicit(const CsrView<T>& strengths, const ImplicitFitOptions& options, MatrixView<T> users,
                       MatrixView<T> items, const RunControl& control) {
  check_implicit(options);
  check_whole(strengths, "strengths");
  check_valued(strengths, "strengths");
  check_factors(users, strengths.rows, users.columns, "users");
  check_factors(items, strengths.columns, users.columns, "items");
  check_values(strengths, "strengths");
  check_start(users, items);
  CsrMatrix<T> storage;
  const CsrView<T> observed = without_zeros(strengths, storage);
  if (std::none_of(observed.value, observed.value + observed.entries(), [](T value) { return value > 0; })) {
    throw std::invalid_argument("no strength is positive: implicit feedback needs interactions");
  }
  const CsrMatrix<T> by_item = transpose(observed, control);
  ImplicitFit<T> fit(observed, by_item.view(), options, users, items, control);
  FitReport report;
  report.solver = fit.solver();
  report.objective = run_sweeps(options, [&] { fit.sweep(); }, [&] { return fit.objective(); }, control);
  fit.finish();
  return report;
}

template <class T>
void fold_in_implicit(const CsrView<T>& rows, Side side, As<MatrixView<const T>> fixed,
                      MatrixView<const double> known_gram, const ImplicitFitOptions& options, MatrixView<T> factors,
                      const RunControl& control) {
  check_implicit(options);
  check_name(side, Side::items, "side");
  check_whole(rows, "rows");
  check_valued(rows, "rows");
  check_factors(fixed, rows.columns, fixed.columns, "fixed");
  check_factors(factors, rows.rows, fixed.columns, "factors");
  check_values(rows, "rows");
  in_team(control, [&] {
    const std::int64_t size = fixed.columns;
    Buffer<double> own;
    if (!known_gram.data) {
      own = Buffer<double>(size * size);
      gram(fixed, {own.data(), size, size, size}, control);
      known_gram = {own.data(), size, size, size};
    }
    CsrMatrix<T> storage;
    ImplicitHalfSweep<T> problem;
    problem.strengths = without_zeros(rows, storage);
    problem.fixed = fixed;
    problem.gram = known_gram;
    problem.objective = options.objective;
    problem.alpha = options.alpha;
    problem.unobserved_weight = options.unobserved_weight;
    problem.penalty = penalty_of(options, side, fixed.rows);
    problem.options = exact_options(options);
    solve_implicit_factors(problem, factors, control);
  });
}

#define COALS_INSTANTIATE(T)                                                                                     \
  template FitReport fit_implicit<T>(const CsrView<T>&, const ImplicitFitOptions&, MatrixView<T>, MatrixView<T>, \
                                     const RunControl&);                                                         \
  template void fold_in_implicit<T>(const CsrView<T>&, Side, MatrixView<const T>, MatrixView<const double>,      \
                                    const ImplicitFitOptions&, MatrixView<T>, const RunControl&);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
