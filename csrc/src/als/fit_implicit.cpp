// Whole fits to implicit feedback, and rows solved against one.
//
// The part of the objective that runs over all cells is an inner product of the two Gram matrices. A row solve is
// cheapest where the Gram matrix of the fixed side is diagonal, and turning both sides alike changes no inner product;
// so before a half-sweep both are turned into the axes of that matrix. The product of all turns is undone at the end.
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
class ImplicitFit : public Fit<T> {
 public:
  ImplicitFit(const ImplicitFitOptions& options, const SideData<T>& users, const SideData<T>& items,
              const FitPriors<T>& priors, const RunControl& control)
      : Fit<T>(options, users, items, penalty_of(options, Side::users, items.factors.rows),
               penalty_of(options, Side::items, users.factors.rows), priors, control),
        weight_(options.unobserved_weight),
        size_(users.factors.columns),
        factors_{users.factors, items.factors} {
    // x >= 0 means these axes and no others; and to turn all rows does not pay where few are solved.
    turns_ = weight_ > 0 && !options.solver.nonnegative && !this->partial_;
    for (int side = 0; side < 2; ++side) {
      ImplicitHalfSweep<T>& problem = problem_[side];
      problem.strengths = this->rows_[side].part().entries;
      problem.fixed = constant(factors_[1 - side]);
      problem.objective = options.objective;
      problem.alpha = options.alpha;
      problem.unobserved_weight = weight_;
      problem.penalty = this->penalty_[side];
      problem.prior = this->rows_[side].prior();
      problem.options = this->solver_;
      gram_[side].values = Buffer<double>(size_ * size_);
    }
  }

  // Undoes all turns.
  void finish() {
    const MatrixView<const double> axes = back();
    if (!axes.data) return;
    for (int side = 0; side < 2; ++side) {
      rotate(factors_[side], axes, this->control_);
      rotate_prior(side, axes);
    }
  }

 private:
  void half_sweep(int side) override {
    if (turns_) turn_to_axes_of(1 - side);
    problem_[side].gram = gram(1 - side);
    gram_[side].known = false;
    this->solve(side,
                [&] { solve_implicit_factors(problem_[side], this->rows_[side].part().factors, this->control_); });
    gram(side);  // the objective and the next half-step want it
  }

  double loss() override {
    ImplicitHalfSweep<T> all = problem_[0];
    all.strengths = this->data_[0].entries;
    all.prior = {};
    const double total = implicit_observed_loss(all, constant(factors_[0]), this->control_);
    return weight_ > 0 ? total + weight_ * product_of_grams() : total;
  }

  // The transpose of the product of all turns.
  MatrixView<const double> back() override {
    if (turn_.size() == 0) return {};
    if (back_.size() == 0) back_ = Buffer<double>(size_ * size_);
    for (std::int64_t i = 0; i < size_; ++i) {
      for (std::int64_t j = 0; j < size_; ++j) back_[j * size_ + i] = turn_[i * size_ + j];
    }
    return square(back_);
  }

  void rotate_prior(int side, MatrixView<const double> axes) {
    const FitPrior<T>& prior = this->prior_[side];
    if (prior.rows.data) rotate(prior.rows, axes, this->control_);
    if (prior.weights.data) rotate(prior.weights, axes, this->control_);
  }

  MatrixView<const double> square(const Buffer<double>& values) const { return {values.data(), size_, size_, size_}; }

  MatrixView<const double> gram(int side) {
    KnownGram& own = gram_[side];
    if (!own.known) {
      own.known = true;
      own.diagonal = weight_ == 0;  // zeros
      if (own.diagonal) {
        std::fill(own.values.begin(), own.values.begin() + size_, 0.0);
      } else {
        coals::gram(constant(factors_[side]), {own.values.data(), size_, size_, size_}, this->control_);
      }
    }
    return {own.values.data(), own.diagonal ? 1 : size_, size_, size_};
  }

  void turn_to_axes_of(int fixed) {
    const MatrixView<const double> full = gram(fixed);
    if (gram_[fixed].diagonal) return;
    Buffer<double> eigenvalues(size_), axes(size_ * size_);
    principal_axes(full, eigenvalues.data(), {axes.data(), size_, size_, size_}, this->control_);
    rotate(factors_[fixed], square(axes), this->control_);
    // Else they are overwritten.
    if (this->solver_.solver != Solver::cholesky) rotate(factors_[1 - fixed], square(axes), this->control_);
    for (int side = 0; side < 2; ++side) rotate_prior(side, square(axes));
    if (turn_.size() == 0) {
      turn_ = Buffer<double>(size_ * size_);
      std::copy(axes.begin(), axes.end(), turn_.begin());
    } else {
      rotate<double>({turn_.data(), size_, size_, size_}, square(axes), this->control_);
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

  double weight_;  // of cells that are not observed
  std::int64_t size_;
  MatrixView<T> factors_[2];
  ImplicitHalfSweep<T> problem_[2];
  KnownGram gram_[2];
  Buffer<double> turn_, back_;
  bool turns_ = false;
};

}  // namespace

double row_penalty(const ImplicitFitOptions& options, Side side, std::int64_t others, std::int64_t entries) {
  check_implicit(options);
  check_name(side, Side::items, "side");
  check_count(others, "others");
  check_count(entries, "entries");
  return entries > 0 ? ridge_of(penalty_of(options, side, others), entries) : 0;
}

template <class T>
FitReport fit_implicit(const CsrView<T>& strengths, const ImplicitFitOptions& options, MatrixView<T> users,
                       MatrixView<T> items, const RunControl& control, const FitPriors<As<T>>& priors) {
  check_implicit(options);
  check_whole(strengths, "strengths");
  check_valued(strengths, "strengths");
  check_factors(users, strengths.rows, users.columns, "users");
  check_factors(items, strengths.columns, users.columns, "items");
  check_values(strengths, "strengths");
  check_start(users, items, options.accept_zeros);
  CsrMatrix<T> storage;
  const CsrView<T> observed = without_zeros(strengths, storage);
  if (std::none_of(observed.value, observed.value + observed.entries(), [](T value) { return value > 0; })) {
    throw std::invalid_argument(
        "strengths: no entry is positive: implicit feedback needs interactions, with a strength above 0; entries below "
        "0 "
        "mark cells as surely empty");
  }
  const CsrMatrix<T> by_item = transpose(observed, control);
  ImplicitFit<T> fit(options, {observed, nullptr, users, nullptr}, {by_item.view(), nullptr, items, nullptr}, priors,
                     control);
  FitReport report = fit.run();
  fit.finish();
  return report;
}

template <class T>
void fold_in_implicit(const CsrView<T>& rows, Side side, As<MatrixView<const T>> fixed,
                      MatrixView<const double> known_gram, const ImplicitFitOptions& options, MatrixView<T> factors,
                      const RunControl& control, As<MatrixView<const T>> prior) {
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
    problem.prior = prior;
    problem.options = exact_options(options);
    solve_implicit_factors(problem, factors, control);
  });
}

#define COALS_INSTANTIATE(T)                                                                                     \
  template FitReport fit_implicit<T>(const CsrView<T>&, const ImplicitFitOptions&, MatrixView<T>, MatrixView<T>, \
                                     const RunControl&, const FitPriors<T>&);                                    \
  template void fold_in_implicit<T>(const CsrView<T>&, Side, MatrixView<const T>, MatrixView<const double>,      \
                                    const ImplicitFitOptions&, MatrixView<T>, const RunControl&, MatrixView<const T>);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
