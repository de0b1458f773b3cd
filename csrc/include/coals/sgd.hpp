// Factors by stochastic gradient descent, the same bits for any number of threads.
//
// Each epoch deals users and items out to equal parts at random. A round takes parts of users and of items in pairs, no
// part twice, so that the steps of different pairs touch different rows and may run at the same time; as many rounds as
// parts meet every entry once. Within a pair entries come in random order. Gemulla et al., Large-scale matrix
// factorization with distributed stochastic gradient descent, KDD 2011.
#pragma once

#include "coals/run_control.hpp"
#include "coals/views.hpp"

namespace coals {

enum class Optimizer { momentum, adagrad };

struct SgdOptions {
  Optimizer optimizer = Optimizer::adagrad;
  double learning_rate = 0.05;
  double momentum = 0.9;
  double user_penalty = 0, item_penalty = 0;  // of each step
  bool move_items = true;
  double mean = 0;  // added to every score
  bool squash = false;
  double low = 0, high = 1;  // what scores are squashed to
  std::uint64_t seed = 0;
  std::int64_t epoch = 0;  // up to 2^48; draws differ from epoch to epoch
};

// What steps move. Rows are a multiple of 64 bytes wide, or a std::invalid_argument; zeros beyond the factors. State,
// of the same shape, starts at zero and is carried from epoch to epoch. Biases are null where there are none; BPR reads
// those of items alone.
template <class T>
struct SgdFactors {
  MatrixView<T> users, items, user_state, item_state;
  T *user_bias = nullptr, *item_bias = nullptr, *user_bias_state = nullptr, *item_bias_state = nullptr;
};

// Least squares: one epoch over the entries of `ratings`. Returns the sum of the squared errors met.
template <class T>
double sgd_epoch(const CsrView<T>& ratings, const SgdFactors<T>& factors, const SgdOptions& options,
                 const RunControl& control);

// BPR (Rendle et al. 2009): for each entry, the user prefers its item to one drawn from the same part of items that the
// user does not have; none in ten draws is no step. Returns the mean of -log sigmoid(margin) over the steps.
template <class T>
double bpr_epoch(const CsrView<T>& entries, const SgdFactors<T>& factors, const SgdOptions& options,
                 const RunControl& control);

}  // namespace coals
