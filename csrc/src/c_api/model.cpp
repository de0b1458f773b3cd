// Fits, fold-in and lists for C.
#include "c_api/model.hpp"

#include <variant>

#include "c_api/calls.hpp"

using namespace coals;
using namespace coals::c_api;

struct coals_model {
  std::variant<Model<float>, Model<double>> held;
};

namespace {

void set_options(FitOptions& out, const coals_fit_options& given, const coals_control& control) {
  require(given.solver >= COALS_SOLVER_AUTO && given.solver <= COALS_SOLVER_BLOCK, "unknown solver");
  require(given.singular >= COALS_SINGULAR_ERROR && given.singular <= COALS_SINGULAR_JITTER,
          "unknown value of singular");
  require(given.factors >= 1 && given.factors <= 65536, "factors must be from 1 to 65536");
  out.user_regularization = given.user_regularization;
  out.item_regularization = given.item_regularization;
  out.regularization_exponent = given.regularization_exponent;
  out.iterations = given.iterations;
  out.tolerance = given.tolerance;
  out.automatic_solver = given.solver == COALS_SOLVER_AUTO;
  if (!out.automatic_solver) out.solver.solver = static_cast<Solver>(given.solver - COALS_SOLVER_CHOLESKY);
  out.solver.singular = static_cast<Singular>(given.singular);
  out.solver.cg_steps = given.cg_steps;
  out.solver.block_size = given.block_size;
  out.solver.nonnegative = given.nonnegative != 0;
  if (!control.on_sweep) return;
  out.on_sweep = [call = control.on_sweep, context = control.context](const SweepReport& sweep) {
    return call(context, sweep.sweep, sweep.objective) != 0;
  };
}

ImplicitFitOptions implicit_of(const coals_fit_options& given, const coals_control& control) {
  ImplicitFitOptions out;
  set_options(out, given, control);
  require(given.objective == COALS_OBJECTIVE_HKV || given.objective == COALS_OBJECTIVE_IALS,
          "objective must be hkv or ials");
  out.objective = static_cast<ImplicitObjective>(given.objective);
  out.alpha = given.alpha;
  out.unobserved_weight = given.unobserved_weight;
  return out;
}

ExplicitFitOptions explicit_of(const coals_fit_options& given, const coals_control& control) {
  ExplicitFitOptions out;
  set_options(out, given, control);
  out.biases = !given.no_biases;
  out.joint = !given.separate;
  if (given.given_mean) {
    check_number(given.mean, -largest_option, largest_option, "mean");
    out.mean = given.mean;
  }
  return out;
}

template <class T>
void start(Buffer<T>& factors, MatrixView<T> rows, const void* given, Side side, const coals_fit_options& options) {
  if (!given) return random_start(options.seed, side, options.nonnegative != 0, rows);
  const T* from = static_cast<const T*>(given);
  std::copy(from, from + factors.size(), factors.begin());
  for (const T value : factors) {
    require(std::abs(value) < T(1e18) && (!options.nonnegative || value >= 0),
            "the start holds NaN, infinity, huge numbers, or negative ones for nonnegative factors");
  }
}

template <class T>
Model<T> started(const CsrView<T>& data, const coals_fit_options& options) {
  Model<T> model;
  model.factors = options.factors;
  model.seen = copy_of(data.structure());
  model.users = Buffer<T>(data.rows * options.factors);
  model.items = Buffer<T>(data.columns * options.factors);
  start(model.users, model.user_rows(), options.user_start, Side::users, options);
  start(model.items, model.item_rows(), options.item_start, Side::items, options);
  return model;
}

template <class T>
coals_model* keep(Model<T>& model, const CsrView<T>& data, const RunControl& control) {
  model.implicit.on_sweep = model.explicits.on_sweep = nullptr;  // the caller's context may go
  auto handle = std::make_unique<coals_model>(coals_model{std::move(model)});
  std::get<Model<T>>(handle->held).make_ready(data, control);
  return handle.release();
}

template <class T>
coals_model* fitted_implicit(const coals_csr* given, const coals_fit_options& options, const coals_control& control,
                             const RunControl& run) {
  const CsrView<T> data = values_of<T>(given, "strengths", run);
  const ImplicitFitOptions own = implicit_of(options, control);
  Model<T> model = started(data, options);
  model.implicit = own;
  model.report = fit_implicit(data, model.implicit, model.user_rows(), model.item_rows(), run);
  return keep(model, data, run);
}

template <class T>
coals_model* fitted_explicit(const coals_csr* given, const T* weight, const coals_fit_options& options,
                             const coals_control& control, const RunControl& run) {
  const CsrView<T> data = values_of<T>(given, "ratings", run);
  const ExplicitFitOptions own = explicit_of(options, control);
  Model<T> model = started(data, options);
  model.is_explicit = true;
  model.explicits = own;
  if (own.biases) {
    model.user_bias = Buffer<T>(data.rows);
    model.item_bias = Buffer<T>(data.columns);
    std::fill(model.user_bias.begin(), model.user_bias.end(), T(0));
    std::fill(model.item_bias.begin(), model.item_bias.end(), T(0));
  }
  model.report = fit_explicit(data, weight, own, model.user_rows(), model.item_rows(), model.user_bias.data(),
                              model.item_bias.data(), run);
  return keep(model, data, run);
}

// call(model) with a Model<float> or Model<double>.
template <class Call>
void visit(const coals_model* model, Call call) {
  require(model != nullptr, "model must not be null");
  std::visit(call, model->held);
}

template <class T>
T value_type(const Model<T>&);

template <class T>
void recommend(const Model<T>& model, const std::int64_t* users, std::int64_t count, const coals_filter& given,
               const TopKLists<T>& lists, const RunControl& run) {
  check_indices(users, count, model.seen.rows, "users");
  TopKFilter filter = filter_of(given, count, model.seen.columns, run);
  Pattern excluded;
  if (!given.include_seen) {
    excluded = rows_of_both(model.seen.view(), users, count, filter.excluded);
    filter.excluded = excluded.view();
  }
  const MatrixView<const T> factors = model.rows_of(Side::users);
  model.rank(
      count, [&](std::int64_t q) { return factors.row(users[q]); },
      [&](std::int64_t q) { return model.biased() ? model.user_bias[users[q]] : T(0); },
      [&](std::int64_t q) { return model.is_known(users[q]); }, filter, lists, run);
}

template <class T>
void recommend_for(const Model<T>& model, const CsrView<T>& rows, const coals_filter& given, const TopKLists<T>& lists,
                   const RunControl& run) {
  TopKFilter filter = filter_of(given, rows.rows, model.seen.columns, run);
  require(rows.columns == model.seen.columns, "rows must have a column for each item");
  Pattern excluded;
  if (!given.include_seen) {
    excluded = rows_of_both(rows.structure(), nullptr, rows.rows, filter.excluded);
    filter.excluded = excluded.view();
  }
  Buffer<T> factors(rows.rows * model.factors), bias(rows.rows);
  const MatrixView<T> out{factors.data(), rows.rows, model.factors, model.factors};
  if (rows.rows > 0) model.fold_in(Side::users, rows, nullptr, out, model.biased() ? bias.data() : nullptr, run);
  const auto known = [&](std::int64_t q) {
    if (model.biased()) return true;
    for (std::int64_t e = rows.row_begin[q]; e < rows.row_begin[q + 1]; ++e) {
      if (model.counts(rows.value[e])) return true;
    }
    return false;
  };
  model.rank(
      rows.rows, [&](std::int64_t q) { return out.row(q); },
      [&](std::int64_t q) { return model.biased() ? bias[q] : T(0); }, known, filter, lists, run);
}

}  // namespace

extern "C" {

coals_status coals_fit_implicit(const coals_csr* strengths, const coals_fit_options* given,
                                const coals_control* control, coals_model** model, coals_error* error) {
  return guarded(error, [&] {
    require(model != nullptr, "model must not be null");
    *model = nullptr;
    const coals_fit_options options = read(given, "options");
    const coals_control how = read_or_zeros(control, "control");
    const RunControl run = control_of(how);
    with_dtype(read(strengths, "strengths").dtype, "strengths",
               [&](auto zero) { *model = fitted_implicit<decltype(zero)>(strengths, options, how, run); });
  });
}

coals_status coals_fit_explicit(const coals_csr* ratings, const void* weight, const coals_fit_options* given,
                                const coals_control* control, coals_model** model, coals_error* error) {
  return guarded(error, [&] {
    require(model != nullptr, "model must not be null");
    *model = nullptr;
    const coals_fit_options options = read(given, "options");
    const coals_control how = read_or_zeros(control, "control");
    const RunControl run = control_of(how);
    with_dtype(read(ratings, "ratings").dtype, "ratings", [&](auto zero) {
      using T = decltype(zero);
      *model = fitted_explicit<T>(ratings, static_cast<const T*>(weight), options, how, run);
    });
  });
}

void coals_model_free(coals_model* model) { delete model; }

coals_status coals_model_get(const coals_model* model, coals_model_view* view, coals_error* error) {
  return guarded(error, [&] {
    visit(model, [&](const auto& held) {
      using T = decltype(value_type(held));
      const coals_model_view own{sizeof(coals_model_view),
                                 held.seen.rows,
                                 held.seen.columns,
                                 held.factors,
                                 dtype_of<T>,
                                 static_cast<std::int32_t>(held.report.solver) + COALS_SOLVER_CHOLESKY,
                                 held.users.data(),
                                 held.items.data(),
                                 held.user_bias.data(),
                                 held.item_bias.data(),
                                 held.report.mean,
                                 static_cast<std::int64_t>(held.report.objective.size()),
                                 held.report.objective.data()};
      write(own, view, "view");
    });
  });
}

coals_status coals_fold_in(const coals_model* model, std::int32_t side, const coals_csr* rows, const void* weight,
                           const coals_control* control, coals_matrix* factors, void* bias, coals_error* error) {
  return guarded(error, [&] {
    const RunControl run = control_of(read_or_zeros(control, "control"));
    require(side == COALS_USERS || side == COALS_ITEMS, "side must be users or items");
    const coals_matrix out = read(factors, "factors");
    visit(model, [&](const auto& held) {
      using T = decltype(value_type(held));
      require(out.dtype == dtype_of<T>, "factors must have the dtype of the model");
      require(held.is_explicit || !weight, "weight is for ratings");
      const MatrixView<T> target{static_cast<T*>(out.data), out.rows, out.columns, out.columns};
      const CsrView<T> data = values_of<T>(rows, "rows", run);
      const bool are_users = side == COALS_USERS;
      if (data.columns != held.rows_of(are_users ? Side::items : Side::users).rows) {
        refuse("rows", are_users ? "must have a column for each item of the model"
                                 : "must have a column for each user of the model");
      }
      check_factors(target, data.rows, held.factors, "factors");
      if (held.biased()) check_pointer(static_cast<T*>(bias), data.rows, "bias");
      if (data.rows == 0) return;
      held.fold_in(are_users ? Side::users : Side::items, data, static_cast<const T*>(weight), target,
                   static_cast<T*>(bias), run);
    });
  });
}

coals_status coals_recommend(const coals_model* model, const std::int64_t* users, std::int64_t count,
                             const coals_filter* filter, const coals_control* control, coals_lists* lists,
                             coals_error* error) {
  return guarded(error, [&] {
    const coals_filter wanted = read_or_zeros(filter, "filter");
    const RunControl run = control_of(read_or_zeros(control, "control"));
    visit(model, [&](const auto& held) {
      recommend(held, users, count, wanted, lists_of<decltype(value_type(held))>(lists), run);
    });
  });
}

coals_status coals_recommend_for(const coals_model* model, const coals_csr* rows, const coals_filter* filter,
                                 const coals_control* control, coals_lists* lists, coals_error* error) {
  return guarded(error, [&] {
    const coals_filter wanted = read_or_zeros(filter, "filter");
    const RunControl run = control_of(read_or_zeros(control, "control"));
    visit(model, [&](const auto& held) {
      using T = decltype(value_type(held));
      recommend_for(held, values_of<T>(rows, "rows", run), wanted, lists_of<T>(lists), run);
    });
  });
}

}  // extern "C"
