#include "cooccurrence/count_similarity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "checks/arguments.hpp"

namespace coals {

namespace {

constexpr std::int64_t longest_log_table = 1 << 21;

// value[k] = formula(users of j[k], common users) for every pair.
template <class Formula>
void for_each_pair(const std::int64_t* size, const std::int32_t* j, const std::uint32_t* both, std::int64_t count,
                   double* value, Formula formula) {
  for (std::int64_t k = 0; k < count; ++k) {
    value[k] = formula(static_cast<double>(size[j[k]]), static_cast<double>(both[k]));
  }
}

bool needs_logarithms(Similarity kind) {
  return kind == Similarity::pmi || kind == Similarity::npmi || kind == Similarity::log_likelihood;
}

}  // namespace

CountSimilarity::CountSimilarity(const SimilarityOptions& options, const std::int64_t* size, std::int64_t items,
                                 std::int64_t users)
    : options_(options), size_(size), users_(users) {
  check_name(options.similarity, all_similarities, "similarity");
  const bool alpha = options.similarity == Similarity::asymmetric_cosine || options.similarity == Similarity::tversky;
  const double most = options.similarity == Similarity::tversky ? 1e18 : 1;
  if (alpha && !(options.alpha >= 0 && options.alpha <= most)) {
    throw std::invalid_argument(most == 1 ? "alpha must be from 0 to 1" : "alpha must be 0 or more, and at most 1e18");
  }
  if (options.similarity == Similarity::tversky && !(options.beta >= 0 && options.beta <= 1e18)) {
    throw std::invalid_argument("beta must be 0 or more, and at most 1e18");
  }
  if (options.similarity == Similarity::asymmetric_cosine) {
    power_i_ = Buffer<double>(items);
    power_j_ = Buffer<double>(items);
    for (std::int64_t r = 0; r < items; ++r) {
      power_i_[r] = std::pow(static_cast<double>(size[r]), options.alpha);
      power_j_[r] = std::pow(static_cast<double>(size[r]), 1.0 - options.alpha);
    }
  }
  if (needs_logarithms(options.similarity) && users < longest_log_table) {
    log_ = Buffer<double>(users + 1);
    for (std::int64_t n = 0; n <= users; ++n) log_[n] = std::log(static_cast<double>(n));
  }
}

double CountSimilarity::log(std::int64_t number) const {
  return log_.size() > 0 ? log_[number] : std::log(static_cast<double>(number));
}

double CountSimilarity::pmi(std::int64_t of_i, std::int64_t of_j, std::int64_t both) const {
  if (both * users_ == of_i * of_j) return 0.0;  // exactly as often as by chance
  return log(both) + log(users_) - log(of_i) - log(of_j);
}

double CountSimilarity::log_likelihood(std::int64_t of_i, std::int64_t of_j, std::int64_t both) const {
  if (both * users_ <= of_i * of_j) return 0.0;
  const double all = log(users_), i = log(of_i), j = log(of_j), not_i = log(users_ - of_i), not_j = log(users_ - of_j);
  const auto term = [&](std::int64_t cell, double row, double column) {
    return cell == 0 ? 0.0 : static_cast<double>(cell) * (log(cell) + all - row - column);
  };
  return 2.0 * (term(both, i, j) + term(of_i - both, i, not_j) + term(of_j - both, not_i, j) +
                term(users_ - of_i - of_j + both, not_i, not_j));
}

void CountSimilarity::evaluate(std::int64_t i, const std::int32_t* j, const std::uint32_t* both, std::int64_t count,
                               double* value) const {
  const std::int64_t size_i = size_[i];
  const auto of_i = static_cast<double>(size_i);
  const double alpha = options_.alpha, beta = options_.beta, users = static_cast<double>(users_);
  const auto fill = [&](auto formula) { for_each_pair(size_, j, both, count, value, formula); };
  switch (options_.similarity) {
    case Similarity::count: fill([](double, double c) { return c; }); break;
    case Similarity::conditional: fill([=](double, double c) { return c / of_i; }); break;
    case Similarity::jaccard: fill([=](double of_j, double c) { return c / (of_i + of_j - c); }); break;
    case Similarity::cosine: fill([=](double of_j, double c) { return c / std::sqrt(of_i * of_j); }); break;
    case Similarity::dice: fill([=](double of_j, double c) { return 2.0 * c / (of_i + of_j); }); break;
    case Similarity::tversky:
      fill([=](double of_j, double c) { return c / (c + alpha * (of_i - c) + beta * (of_j - c)); });
      break;
    case Similarity::lift: fill([=](double of_j, double c) { return c * users / (of_i * of_j); }); break;
    case Similarity::asymmetric_cosine:
      for (std::int64_t k = 0; k < count; ++k) value[k] = both[k] / (power_i_[i] * power_j_[j[k]]);
      break;
    case Similarity::pmi:
      for (std::int64_t k = 0; k < count; ++k) value[k] = pmi(size_i, size_[j[k]], both[k]);
      break;
    case Similarity::npmi:
      for (std::int64_t k = 0; k < count; ++k) {
        value[k] = both[k] == users_ ? 1.0 : pmi(size_i, size_[j[k]], both[k]) / (log(users_) - log(both[k]));
      }
      break;
    case Similarity::log_likelihood:
      for (std::int64_t k = 0; k < count; ++k) value[k] = log_likelihood(size_i, size_[j[k]], both[k]);
      break;
  }
  if (options_.shrinkage == 0) return;
  for (std::int64_t k = 0; k < count; ++k) value[k] *= both[k] / (both[k] + options_.shrinkage);
}

double CountSimilarity::of_pair(std::int64_t i, std::int32_t j, std::uint32_t both) const {
  double value = 0;
  evaluate(i, &j, &both, 1, &value);
  return value;
}

std::uint32_t CountSimilarity::least_count(double bound, std::int64_t i, std::int64_t j) const {
  constexpr std::int64_t largest = std::numeric_limits<std::uint32_t>::max();
  const auto least = static_cast<std::uint32_t>(std::clamp<std::int64_t>(options_.min_overlap, 1, largest));
  const auto most = static_cast<std::uint32_t>(std::min(size_[i], size_[j]));
  // There is no similarity of items that share more users than they have.
  if (!(bound > 0) || least > most) return least;
  // Rounding, to T and within the formula, must not turn anybody away.
  const double slack = bound * 1e-6 + (needs_logarithms(options_.similarity) ? 1e-12 * static_cast<double>(users_) : 0);
  // Items before j have more users and may share more of them, though only with a smaller similarity.
  std::uint32_t low = least, high = most + 1;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (of_pair(i, static_cast<std::int32_t>(j), middle) >= bound - slack) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace coals
