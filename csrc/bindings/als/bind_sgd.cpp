#include "coals/sgd.hpp"

#include "../common.hpp"
#include "../enums.hpp"

namespace coals::bindings {

namespace {

SgdOptions make_sgd_options(const std::string& optimizer, double learning_rate, double momentum, double user_penalty,
                            double item_penalty, bool move_items, double mean,
                            const std::optional<std::pair<double, double>>& squash, std::uint64_t seed) {
  SgdOptions options;
  options.optimizer = named<Optimizer>(optimizer);
  options.learning_rate = learning_rate;
  options.momentum = momentum;
  options.user_penalty = user_penalty;
  options.item_penalty = item_penalty;
  options.move_items = move_items;
  options.mean = mean;
  options.squash = squash.has_value();
  if (squash) std::tie(options.low, options.high) = *squash;
  options.seed = seed;
  return options;
}

// Arrays: users, items, their states, and with biases user_bias, item_bias and their states.
template <class T>
SgdFactors<T> factors_of(std::vector<Array<T>>& arrays, std::int64_t users, std::int64_t items) {
  require(arrays.size() == 4 || arrays.size() == 8, "factors must be 4 or 8 arrays");
  SgdFactors<T> out;
  out.users = mutable_matrix_view(arrays[0], "users");
  out.items = mutable_matrix_view(arrays[1], "items");
  out.user_state = mutable_matrix_view(arrays[2], "user state");
  out.item_state = mutable_matrix_view(arrays[3], "item state");
  if (arrays.size() == 8) {
    out.user_bias = mutable_vector_data(arrays[4], users, "user_bias");
    out.item_bias = mutable_vector_data(arrays[5], items, "item_bias");
    out.user_bias_state = mutable_vector_data(arrays[6], users, "user bias state");
    out.item_bias_state = mutable_vector_data(arrays[7], items, "item bias state");
  }
  return out;
}

template <class T>
double epoch(const Csr& data, const py::list& arrays, const SgdOptions& options, std::int64_t number, bool pairs,
             int num_threads) {
  auto given = arrays.cast<std::vector<Array<T>>>();
  const auto* held = std::get_if<CsrMatrix<T>>(&data.matrix);
  require(held != nullptr, "the sparse matrix and the factors must have the same dtype");
  const CsrView<T> entries = held->view();
  const SgdFactors<T> factors = factors_of(given, entries.rows, entries.columns);
  SgdOptions own = options;
  own.epoch = number;
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  return pairs ? bpr_epoch(entries, factors, own, control) : sgd_epoch(entries, factors, own, control);
}

double any_epoch(const Csr& data, const py::list& arrays, const SgdOptions& options, std::int64_t number, bool pairs,
                 int num_threads) {
  require(number >= 0, "epoch must be at least 0");
  if (std::holds_alternative<CsrMatrix<float>>(data.matrix)) {
    return epoch<float>(data, arrays, options, number, pairs, num_threads);
  }
  return epoch<double>(data, arrays, options, number, pairs, num_threads);
}

}  // namespace

void bind_sgd(py::module_& module) {
  py::class_<SgdOptions>(module, "SgdOptions")
      .def(py::init(&make_sgd_options), py::arg("optimizer"), py::arg("learning_rate"), py::arg("momentum"),
           py::arg("user_penalty"), py::arg("item_penalty"), py::arg("move_items"), py::arg("mean"), py::arg("squash"),
           py::arg("seed"));
  module.def("sgd_epoch", &any_epoch, py::arg("data"), py::arg("factors"), py::arg("options"), py::arg("epoch"),
             py::arg("pairs"), py::arg("num_threads"));
}

}  // namespace coals::bindings
