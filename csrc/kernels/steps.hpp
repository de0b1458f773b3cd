// Stochastic gradient steps on factors: for a rating, and for a pair of items of which one is preferred.
//
// Adagrad: Duchi, Hazan and Singer, JMLR 12, 2011, a rate for each coordinate. Momentum moves a row's velocity when the
// row is met, not in between.
#pragma once

#include "kernel_table.hpp"
#include "rows.hpp"

namespace coals {
namespace {

// Within 2 roundings. x = n log 2 + r with |r| <= log(2) / 2, and exp(r) by its series.
COALS_INLINE double exponential(double x) {
  if (x > 700) x = 700;
  if (x < -700) x = -700;
  constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer in the low bits
  const double shifted = x * 1.4426950408889634 + shift;
  const double n = shifted - shift;
  const double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  double sum = 1.0;
#pragma GCC unroll 16
  for (int k = 13; k >= 1; --k) sum = 1.0 + sum * r * (1.0 / k);
  const int64_t bits = (static_cast<int64_t>(n) + 1023) << 52;
  double power;
  __builtin_memcpy(&power, &bits, sizeof power);
  return sum * power;
}

template <class T>
COALS_INLINE T sigmoid(T x) {
  return static_cast<T>(1.0 / (1.0 + exponential(-static_cast<double>(x))));
}

template <class T, bool Adagrad>
COALS_INLINE Vec<T> moved(Vec<T> value, Vec<T> gradient, T* state, const StepsOn<T>& on) {
  if (Adagrad) {
    const Vec<T> squares = load(state) + gradient * gradient;
    store(state, squares);
    return value + broadcast(on.rate) * gradient / (square_root(squares) + broadcast(T(1e-10)));
  }
  const Vec<T> velocity = broadcast(on.momentum) * load(state) + gradient;
  store(state, velocity);
  return value + broadcast(on.rate) * velocity;
}

template <class T, bool Adagrad>
COALS_INLINE void move_scalar(T& value, T gradient, T& state, const StepsOn<T>& on) {
  if (Adagrad) {
    state += gradient * gradient;
    const T root = sizeof(T) == 4 ? T(__builtin_sqrtf(float(state))) : T(__builtin_sqrt(double(state)));
    value += on.rate * gradient / (root + T(1e-10));
  } else {
    state = on.momentum * state + gradient;
    value += on.rate * state;
  }
}

template <class T>
COALS_INLINE T dot(const T* a, const T* b, int64_t width) {
  constexpr int64_t lanes = Simd<T>::lanes;
  Vec<T> sum = {};
  for (int64_t c = 0; c < width; c += lanes) sum += load(a + c) * load(b + c);
  return horizontal_sum<T>(sum);
}

constexpr int64_t steps_ahead = 4;

template <class T>
COALS_INLINE void prefetch_step(const StepsOn<T>& on, int32_t user, int32_t item) {
  prefetch_row(on.users + user * on.width, on.width);
  prefetch_row(on.user_state + user * on.width, on.width);
  prefetch_row(on.items + item * on.width, on.width);
  prefetch_row(on.item_state + item * on.width, on.width);
}

template <class T, bool Adagrad>
COALS_INLINE double rating_steps_as(const StepsOn<T>& on, const int32_t* user, const int32_t* item, const T* value,
                                    int64_t count) {
  constexpr int64_t lanes = Simd<T>::lanes;
  double total = 0;
  for (int64_t k = 0; k < count; ++k) {
    if (k + steps_ahead < count) prefetch_step(on, user[k + steps_ahead], item[k + steps_ahead]);
    const int64_t at_user = user[k] * on.width, at_item = item[k] * on.width;
    T *u = on.users + at_user, *v = on.items + at_item;
    T score = on.mean + dot(u, v, on.width);
    if (on.user_bias) score += on.user_bias[user[k]] + on.item_bias[item[k]];
    T slope = 1;
    if (on.squash) {
      const T share = sigmoid(score);
      score = on.low + on.range * share;
      slope = on.range * share * (1 - share);
    }
    const T error = value[k] - score;
    total += static_cast<double>(error) * static_cast<double>(error);
    const Vec<T> pull = broadcast(error * slope);
    const Vec<T> of_user = broadcast(on.user_penalty), of_item = broadcast(on.item_penalty);
    for (int64_t c = 0; c < on.width; c += lanes) {
      const Vec<T> a = load(u + c), b = load(v + c);
      store(u + c, moved<T, Adagrad>(a, pull * b - of_user * a, on.user_state + at_user + c, on));
      if (on.move_items) store(v + c, moved<T, Adagrad>(b, pull * a - of_item * b, on.item_state + at_item + c, on));
    }
    if (on.user_bias) {
      T &b = on.user_bias[user[k]], &c = on.item_bias[item[k]];
      move_scalar<T, Adagrad>(b, error * slope - on.user_penalty * b, on.user_bias_state[user[k]], on);
      if (on.move_items) {
        move_scalar<T, Adagrad>(c, error * slope - on.item_penalty * c, on.item_bias_state[item[k]], on);
      }
    }
  }
  return total;
}

template <class T>
double rating_steps(const StepsOn<T>& on, const int32_t* user, const int32_t* item, const T* value, int64_t count) {
  return on.adagrad ? rating_steps_as<T, true>(on, user, item, value, count)
                    : rating_steps_as<T, false>(on, user, item, value, count);
}

template <class T, bool Adagrad>
COALS_INLINE void pair_steps_as(const StepsOn<T>& on, const int32_t* user, const int32_t* preferred,
                                const int32_t* other, int64_t count, T* margin) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t k = 0; k < count; ++k) {
    if (k + steps_ahead < count) {
      prefetch_step(on, user[k + steps_ahead], preferred[k + steps_ahead]);
      prefetch_step(on, user[k + steps_ahead], other[k + steps_ahead]);
    }
    const int64_t at_user = user[k] * on.width, at_i = preferred[k] * on.width, at_j = other[k] * on.width;
    T *u = on.users + at_user, *i = on.items + at_i, *j = on.items + at_j;
    T score = dot(u, i, on.width) - dot(u, j, on.width);
    if (on.item_bias) score += on.item_bias[preferred[k]] - on.item_bias[other[k]];
    margin[k] = score;
    const T slope = sigmoid(-score);
    const Vec<T> pull = broadcast(slope);
    const Vec<T> of_user = broadcast(on.user_penalty), of_item = broadcast(on.item_penalty);
    for (int64_t c = 0; c < on.width; c += lanes) {
      const Vec<T> a = load(u + c), b = load(i + c), d = load(j + c);
      store(u + c, moved<T, Adagrad>(a, pull * (b - d) - of_user * a, on.user_state + at_user + c, on));
      if (!on.move_items) continue;
      store(i + c, moved<T, Adagrad>(b, pull * a - of_item * b, on.item_state + at_i + c, on));
      store(j + c, moved<T, Adagrad>(d, -(pull * a) - of_item * d, on.item_state + at_j + c, on));
    }
    if (on.item_bias && on.move_items) {
      T &b = on.item_bias[preferred[k]], &d = on.item_bias[other[k]];
      move_scalar<T, Adagrad>(b, slope - on.item_penalty * b, on.item_bias_state[preferred[k]], on);
      move_scalar<T, Adagrad>(d, -slope - on.item_penalty * d, on.item_bias_state[other[k]], on);
    }
  }
}

template <class T>
void pair_steps(const StepsOn<T>& on, const int32_t* user, const int32_t* preferred, const int32_t* other,
                int64_t count, T* margin) {
  if (on.adagrad) return pair_steps_as<T, true>(on, user, preferred, other, count, margin);
  pair_steps_as<T, false>(on, user, preferred, other, count, margin);
}

}  // namespace
}  // namespace coals
