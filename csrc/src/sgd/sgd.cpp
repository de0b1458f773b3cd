// Epochs of stochastic gradient descent; see sgd.hpp. The steps themselves are kernels.
#include "coals/sgd.hpp"

#include <cmath>
#include <stdexcept>

#include "checks/arguments.hpp"
#include "runtime/dispatch.hpp"
#include "sgd/entry_parts.hpp"
#include "topk/bounded_heap.hpp"

namespace coals {

namespace {

constexpr std::int64_t steps_at_a_time = 2048;  // some 100 microseconds
constexpr int most_draws = 10;

// Kernels write whole vectors, which would overrun narrower rows.
template <class T>
void check_padded(const MatrixView<T>& matrix, std::int64_t rows, std::int64_t columns, const char* name) {
  check_factors(matrix, rows, columns, name);
  if (columns * static_cast<std::int64_t>(sizeof(T)) % 64 != 0 || matrix.stride != columns) {
    refuse(name, "rows must be a multiple of 64 bytes wide, without gaps between them");
  }
}

template <class T>
void check_arguments(const CsrView<T>& entries, const SgdFactors<T>& f, const SgdOptions& options) {
  const std::int64_t size = f.users.columns;
  check_whole(entries, "entries");
  check_padded(f.users, entries.rows, size, "users");
  check_padded(f.items, entries.columns, size, "items");
  check_padded(f.user_state, entries.rows, size, "user_state");
  check_padded(f.item_state, entries.columns, size, "item_state");
  require(!f.item_bias == !f.item_bias_state, "item_bias and item_bias_state go together");
  check_name(options.optimizer, Optimizer::adagrad, "optimizer");
  check_number(options.learning_rate, 0, largest_option, "learning_rate");
  check_number(options.momentum, 0, 1, "momentum");
  check_number(options.user_penalty, 0, largest_option, "user_penalty");
  check_number(options.item_penalty, 0, largest_option, "item_penalty");
  check_number(options.mean, -largest_option, largest_option, "mean");
  check_number(options.low, -largest_option, largest_option, "low");
  check_number(options.high, options.low, 10 * largest_option, "high");
  require(options.epoch >= 0 && options.epoch <= std::int64_t{1} << 48, "epoch must be from 0 to 2^48");
}

template <class T>
StepsOn<T> steps_on(const SgdFactors<T>& f, const SgdOptions& options) {
  return {f.users.data,
          f.items.data,
          f.user_state.data,
          f.item_state.data,
          f.user_bias,
          f.item_bias,
          f.user_bias_state,
          f.item_bias_state,
          f.users.columns,
          static_cast<T>(options.learning_rate),
          static_cast<T>(options.user_penalty),
          static_cast<T>(options.item_penalty),
          static_cast<T>(options.momentum),
          options.optimizer == Optimizer::adagrad,
          options.move_items,
          static_cast<T>(options.mean),
          options.squash,
          static_cast<T>(options.low),
          static_cast<T>(options.high - options.low)};
}

// Pairs for a few entries, and the steps on them.
template <class T>
class PairSteps {
 public:
  PairSteps(const CsrView<void>& has, const EntryParts<T>& parts) : has_(has), parts_(parts) {}

  // The sum of -log sigmoid(margin), and the number of steps.
  std::pair<double, std::int64_t> run(const StepsOn<T>& on, std::int64_t first, std::int64_t count,
                                      std::int64_t item_part, Random& random) {
    const std::int64_t begin = parts_.items.begin(item_part), choice = parts_.items.begin(item_part + 1) - begin;
    std::int64_t steps = 0;
    for (std::int64_t e = first; e < first + count; ++e) {
      for (int draw = 0; draw < most_draws; ++draw) {
        const std::int32_t other = parts_.items.order[begin + random.below(choice)];
        if (contains(has_, parts_.user[e], other)) continue;
        user_[steps] = parts_.user[e];
        preferred_[steps] = parts_.item[e];
        other_[steps++] = other;
        break;
      }
    }
    active_kernels<T>().pair_steps(on, user_, preferred_, other_, steps, margin_);
    double loss = 0;
    for (std::int64_t k = 0; k < steps; ++k) {
      const auto x = static_cast<double>(margin_[k]);
      loss += std::max(-x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    }
    return {loss, steps};
  }

 private:
  const CsrView<void>& has_;
  const EntryParts<T>& parts_;
  std::int32_t user_[steps_at_a_time], preferred_[steps_at_a_time], other_[steps_at_a_time];
  T margin_[steps_at_a_time];
};

}  // namespace

template <class T>
double sgd_epoch(const CsrView<T>& ratings, const SgdFactors<T>& factors, const SgdOptions& options,
                 const RunControl& control) {
  check_valued(ratings, "ratings");
  check_arguments(ratings, factors, options);
  require(!factors.user_bias == !factors.user_bias_state && !factors.user_bias == !factors.item_bias,
          "user_bias, user_bias_state and item_bias go together");
  return in_team(control, [&] {
    const EntryParts<T> parts(ratings, options.seed, options.epoch, control);
    const StepsOn<T> on = steps_on(factors, options);
    Buffer<double> squares(parts.parts * parts.parts);
    parts.rounds(options.seed, options.epoch, control,
                 [&](std::int64_t p, std::int64_t q, const CancellationCheck& check_cancelled) {
                   double sum = 0;
                   const std::int64_t begin = parts.begin(p, q), end = begin + parts.count(p, q);
                   for (std::int64_t e = begin; e < end; e += steps_at_a_time) {
                     sum +=
                         active_kernels<T>().rating_steps(on, parts.user.data() + e, parts.item.data() + e,
                                                          parts.value.data() + e, std::min(steps_at_a_time, end - e));
                     check_cancelled();
                   }
                   squares[p * parts.parts + q] = sum;
                 });
    double total = 0;
    for (const double sum : squares) total += sum;
    return total;
  });
}

template <class T>
double bpr_epoch(const CsrView<T>& entries, const SgdFactors<T>& factors, const SgdOptions& options,
                 const RunControl& control) {
  check_arguments(entries, factors, options);
  return in_team(control, [&] {
    const EntryParts<T> parts({entries.rows, entries.columns, entries.row_begin, entries.column, nullptr}, options.seed,
                              options.epoch, control);
    const StepsOn<T> on = steps_on(factors, options);
    const CsrView<void> has = entries.structure();
    Buffer<double> losses(parts.parts * parts.parts), counts(parts.parts * parts.parts);
    parts.rounds(options.seed, options.epoch, control,
                 [&](std::int64_t p, std::int64_t q, const CancellationCheck& check_cancelled) {
                   const std::int64_t pair = p * parts.parts + q, begin = parts.begin(p, q),
                                      end = begin + parts.count(p, q);
                   Random random(options.seed ^ 0x2545F4914F6CDD1Du,
                                 static_cast<std::uint64_t>(options.epoch * parts.parts * parts.parts + pair));
                   PairSteps<T> steps(has, parts);
                   losses[pair] = counts[pair] = 0;
                   for (std::int64_t e = begin; e < end; e += steps_at_a_time) {
                     const auto [loss, count] = steps.run(on, e, std::min(steps_at_a_time, end - e), q, random);
                     losses[pair] += loss;
                     counts[pair] += static_cast<double>(count);
                     check_cancelled();
                   }
                 });
    double loss = 0, count = 0;
    for (std::int64_t k = 0; k < losses.size(); ++k) {
      loss += losses[k];
      count += counts[k];
    }
    return count > 0 ? loss / count : 0.0;
  });
}

template double sgd_epoch<float>(const CsrView<float>&, const SgdFactors<float>&, const SgdOptions&, const RunControl&);
template double sgd_epoch<double>(const CsrView<double>&, const SgdFactors<double>&, const SgdOptions&,
                                  const RunControl&);
template double bpr_epoch<float>(const CsrView<float>&, const SgdFactors<float>&, const SgdOptions&, const RunControl&);
template double bpr_epoch<double>(const CsrView<double>&, const SgdFactors<double>&, const SgdOptions&,
                                  const RunControl&);

}  // namespace coals
