// Whole fits to ratings, and rows solved against one.
#include <cmath>

#include "als/fit_sweeps.hpp"

namespace coals {

namespace {

Penalty penalty_of(const ExplicitFitOptions& options, Side side) {
  return {side == Side::users ? options.user_regularization : options.item_regularization,
          options.regularization_exponent, 0};
}

template <class T>
double weighted_mean(const CsrView<T>& ratings, const T* weight) {
  double sum = 0, weights = 0;
  for (std::int64_t e = 0; e < ratings.entries(); ++e) {
    const double w = weight ? static_cast<double>(weight[e]) : 1.0;
    sum += w * static_cast<double>(ratings.value[e]);
    weights += w;
  }
  return weights > 0 ? sum / weights : 0;
}

template <class T>
void check_weights(const CsrView<T>& ratings, const T* weight) {
  for (std::int64_t e = 0; weight && e < ratings.entries(); ++e) {
    if (weight[e] >= 0 && weight[e] <= T(1e18)) continue;
    throw std::invalid_argument("weight of entry " + std::to_string(e) + " must be from 0 to 1e18");
  }
}

void check_explicit(const ExplicitFitOptions& options) {
  check_options(options);
  if (!std::isnan(options.mean)) check_number(options.mean, -largest_option, largest_option, "mean");
}

// Biases to start from.
template <class T>
void check_biases(T* bias, std::int64_t rows, const char* name) {
  check_pointer(bias, rows, name);
  check_values(MatrixView<T>{bias, rows, 1, 1}, name);
}

template <class T>
class ExplicitFit : public Fit<T> {
 public:
  ExplicitFit(const ExplicitFitOptions& options, double mean, const SideData<T>& users, const SideData<T>& items,
              const FitPriors<T>& priors, const RunControl& control)
      : Fit<T>(options, users, items, penalty_of(options, Side::users), penalty_of(options, Side::items), priors,
               control),
        joint_(options.joint || this->partial_) {
    this->report_.mean = mean;
    for (int side = 0; side < 2; ++side) {
      const SideData<T>&part = this->rows_[side].part(), &other = this->data_[1 - side];
      ExplicitHalfSweep<T>& problem = problem_[side];
      problem.ratings = part.entries;
      problem.fixed = constant(other.factors);
      problem.fixed_bias = other.bias;
      problem.mean = mean;
      problem.penalty = this->penalty_[side];
      problem.weight = part.weight;
      problem.prior = this->rows_[side].prior();
      problem.bias_prior = this->rows_[side].bias_prior();
      problem.options = this->solver_;
    }
  }

 private:
  void half_sweep(int side) override {
    this->solve(side, [&] { solve_rows(problem_[side], this->rows_[side].part()); });
  }

  void solve_rows(const ExplicitHalfSweep<T>& problem, const SideData<T>& part) {
    if (part.bias && joint_) return solve_explicit_joint(problem, part.factors, part.bias, this->control_);
    if (part.bias) solve_explicit_bias(problem, constant(part.factors), part.bias, this->control_);
    solve_explicit_factors<T>(problem, part.bias, part.factors, this->control_);
  }

  double loss() override {
    const SideData<T>& users = this->data_[0];
    ExplicitHalfSweep<T> all = problem_[0];
    all.ratings = users.entries;
    all.weight = users.weight;
    all.prior = {};
    all.bias_prior = nullptr;
    return explicit_squared_error(all, constant(users.factors), users.bias, this->control_);
  }

  bool joint_;
  ExplicitHalfSweep<T> problem_[2];
};

}  // namespace

double row_penalty(const ExplicitFitOptions& options, Side side, std::int64_t entries) {
  check_explicit(options);
  check_name(side, Side::items, "side");
  check_count(entries, "entries");
  return entries > 0 ? ridge_of(penalty_of(options, side), entries) : 0;
}

template <class T>
FitReport fit_explicit(const CsrView<T>& ratings, const As<T>* weight, const ExplicitFitOptions& options,
                       MatrixView<T> users, MatrixView<T> items, As<T>* user_bias, As<T>* item_bias,
                       const RunControl& control, const FitPriors<As<T>>& priors) {
  check_explicit(options);
  check_whole(ratings, "ratings");
  check_valued(ratings, "ratings");
  check_factors(users, ratings.rows, users.columns, "users");
  check_factors(items, ratings.columns, users.columns, "items");
  require(ratings.entries() > 0, "ratings: there is none");
  check_values(ratings, "ratings");
  check_weights(ratings, weight);
  check_start(users, items, options.accept_zeros);
  if (options.biases) {
    check_biases(user_bias, ratings.rows, "user_bias");
    check_biases(item_bias, ratings.columns, "item_bias");
  } else {
    user_bias = item_bias = nullptr;
  }
  const CsrMatrix<T> by_item = transpose(ratings, control);
  Buffer<T> item_weight;
  if (weight) {
    item_weight =
        transpose_values(CsrView<T>{ratings.rows, ratings.columns, ratings.row_begin, ratings.column, weight}, control);
  }
  double mean = options.biases ? weighted_mean(ratings, weight) : 0;
  if (!std::isnan(options.mean)) mean = options.mean;
  ExplicitFit<T> fit(options, mean, {ratings, weight, users, user_bias},
                     {by_item.view(), item_weight.data(), items, item_bias}, priors, control);
  return fit.run();
}

template <class T>
void fold_in_explicit(const CsrView<T>& rows, const As<T>* weight, Side side, As<MatrixView<const T>> fixed,
                      const As<T>* fixed_bias, double mean, const ExplicitFitOptions& options, MatrixView<T> factors,
                      As<T>* bias, const RunControl& control, As<MatrixView<const T>> prior, const As<T>* bias_prior) {
  check_explicit(options);
  check_name(side, Side::items, "side");
  check_number(mean, -largest_option, largest_option, "mean");
  check_whole(rows, "rows");
  check_valued(rows, "rows");
  check_factors(fixed, rows.columns, fixed.columns, "fixed");
  check_factors(factors, rows.rows, fixed.columns, "factors");
  if (options.biases) {
    check_pointer(fixed_bias, rows.columns, "fixed_bias");
    check_pointer(bias, rows.rows, "bias");
  }
  check_values(rows, "rows");
  check_weights(rows, weight);
  ExplicitHalfSweep<T> problem;
  problem.ratings = rows;
  problem.fixed = fixed;
  problem.fixed_bias = options.biases ? fixed_bias : nullptr;
  problem.mean = mean;
  problem.penalty = penalty_of(options, side);
  problem.weight = weight;
  problem.prior = prior;
  problem.bias_prior = bias_prior;
  problem.options = exact_options(options);
  if (options.biases) return solve_explicit_joint(problem, factors, bias, control);
  solve_explicit_factors<T>(problem, nullptr, factors, control);
}

#define COALS_INSTANTIATE(T)                                                                                  \
  template FitReport fit_explicit<T>(const CsrView<T>&, const T*, const ExplicitFitOptions&, MatrixView<T>,   \
                                     MatrixView<T>, T*, T*, const RunControl&, const FitPriors<T>&);          \
  template void fold_in_explicit<T>(const CsrView<T>&, const T*, Side, MatrixView<const T>, const T*, double, \
                                    const ExplicitFitOptions&, MatrixView<T>, T*, const RunControl&,          \
                                    MatrixView<const T>, const T*);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
