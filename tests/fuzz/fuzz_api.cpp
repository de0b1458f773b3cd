// libFuzzer: the C interface, called with anything. Each call gives one of the statuses, with a message if it is an
// error; what it returns keeps its promises (api_checks.hpp); nothing leaks, also where an allocation fails, and
// nothing is read or written out of bounds.
//
// The bytes are a program: one asks for a call, and those after it choose the arguments (api_inputs.hpp).
#include "api_run.hpp"

namespace {

constexpr std::int64_t most_rows = 12, most_columns = 16, most_factors = 8, most_sweeps = 3;

const void* or_null(const std::vector<char>& values) { return values.empty() ? nullptr : values.data(); }

coals_fit_options options_of(Bytes& bytes, bool is_explicit) {
  coals_fit_options options = is_explicit ? coals_explicit_options() : coals_implicit_options();
  options.factors = bytes.one_in(64) ? bytes.wild() : 1 + bytes.upto(most_factors - 1);
  options.iterations = 1 + bytes.upto(most_sweeps - 1) - bytes.one_in(64);
  options.solver = bytes.choice(3);
  options.nonnegative = bytes.one_in(4);
  options.no_biases = bytes.one_in(2);
  options.separate = bytes.one_in(2);
  if (bytes.one_in(2)) return options;
  options.user_regularization = bytes.number();
  options.item_regularization = bytes.number();
  options.regularization_exponent = bytes.number();
  options.tolerance = bytes.number();
  options.singular = bytes.choice(2);
  options.cg_steps = 1 + bytes.upto(4) - bytes.one_in(64);
  options.block_size = bytes.one_in(64) ? bytes.wild() : 1 + bytes.upto(8);
  options.objective = bytes.choice(1);
  options.alpha = bytes.number();
  options.unobserved_weight = bytes.number();
  options.given_mean = bytes.one_in(4);
  options.mean = bytes.number();
  options.seed = bytes.byte();
  return options;
}

class Caller {
 public:
  explicit Caller(Bytes& bytes) : bytes_(bytes), api_(*coals_get_api(COALS_API_MAJOR, COALS_API_MINOR)) {}
  ~Caller() { api_.model_free(model_); }

  void call() {
    switch (bytes_.byte() % 12) {
      case 0:
      case 8: return fit(false);
      case 1:
      case 9: return fit(true);
      case 2: return fold_in();
      case 3:
      case 10: return recommend();
      case 4: return recommend_for();
      case 5: return call_top_k(bytes_, api_);
      case 6: return call_item_pairs(bytes_, api_);
      case 7: return call_ranking_metrics(bytes_, api_);
      default: return call_get_api(bytes_);
    }
  }

 private:
  // What the model was fitted to, or something small.
  std::int64_t users() const { return model_ ? view_.users : 3; }
  std::int64_t items() const { return model_ ? view_.items : 5; }
  std::int32_t dtype() { return model_ && !bytes_.one_in(64) ? view_.dtype : bytes_.upto(1); }
  // Now and then one too many.
  std::int64_t mostly(std::int64_t number) { return number + bytes_.one_in(64); }

  void fit(bool is_explicit) {
    const std::int64_t rows = bytes_.upto(most_rows), columns = bytes_.upto(most_columns);
    auto data = std::make_unique<Sparse>(bytes_, rows, columns, bytes_.upto(1));
    coals_fit_options own = options_of(bytes_, is_explicit);
    std::vector<char> weight, users, items;
    if (is_explicit && bytes_.one_in(4)) weight = numbers(bytes_, data->stored(), data->csr.dtype);
    if (bytes_.one_in(4) && own.factors > 0 && own.factors <= most_factors && !data->wrong) {
      users = numbers(bytes_, rows * own.factors, data->csr.dtype);
      items = numbers(bytes_, columns * own.factors, data->csr.dtype);
      own.user_start = or_null(users);
      own.item_start = or_null(items);
    }
    const Given<coals_csr> csr(data->csr, bytes_);
    const Given<coals_fit_options> options(own, bytes_);
    coals_model* found = nullptr;
    coals_model** const out = bytes_.one_in(128) ? nullptr : &found;
    Hooks hooks;
    const coals_status status = run(bytes_, hooks, [&](const coals_control* control, coals_error* error) {
      if (!is_explicit) return api_.fit_implicit(csr.get(), options.get(), control, out, error);
      return api_.fit_explicit(csr.get(), or_null(weight), options.get(), control, out, error);
    });
    require((found != nullptr) == (status == COALS_OK));
    if (found) take(found, std::move(data), csr.known(), options.known());
  }

  void take(coals_model* model, std::unique_ptr<Sparse> data, const coals_csr& csr, const coals_fit_options& options) {
    api_.model_free(model_);
    model_ = model;
    data_ = std::move(data);
    view_.size = sizeof view_;
    require(api_.model_get(model, &view_, nullptr) == COALS_OK);
    check_model(view_, csr, options);
    const Given<coals_model_view> other({}, bytes_);
    require((api_.model_get(model, other.get(), nullptr) == COALS_OK) == other.sound());
  }

  void fold_in() {
    const std::int32_t side = bytes_.choice(1), type = dtype();
    const std::int64_t count = bytes_.upto(3), columns = mostly(side == COALS_USERS ? items() : users());
    const Sparse rows(bytes_, count, columns, type);
    const std::int64_t out_rows = mostly(count), width = mostly(model_ ? view_.factors : 2);
    std::vector<char> factors(static_cast<std::size_t>(out_rows * width) * width_of(type)), weight;
    std::vector<char> bias(static_cast<std::size_t>(out_rows) * width_of(type));
    if (bytes_.one_in(4)) weight = numbers(bytes_, rows.stored(), type);
    const Given<coals_csr> csr(rows.csr, bytes_);
    void* const data = bytes_.one_in(64) ? nullptr : factors.data();
    const Given<coals_matrix> matrix({sizeof(coals_matrix), out_rows, width, data, type, 0}, bytes_);
    void* const bias_or_null = bytes_.one_in(64) ? nullptr : bias.data();
    Hooks hooks;
    const coals_status status = run(bytes_, hooks, [&](const coals_control* control, coals_error* error) {
      return api_.fold_in(model_, side, csr.get(), or_null(weight), control, matrix.get(), bias_or_null, error);
    });
    if (status == COALS_OK) check_finite(factors.data(), csr.known().dtype, csr.known().rows * view_.factors);
  }

  void recommend() {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(bytes_.upto(4)));
    for (std::int64_t& row : rows) row = users() > 0 ? bytes_.count(users() - 1) : bytes_.wild();
    const auto count = static_cast<std::int64_t>(rows.size());
    const Filter filter(bytes_, count, items());
    // A wrong type of scores is what no callee could see.
    const Lists lists(bytes_, count, model_ ? view_.dtype : dtype());
    const std::int64_t asked = bytes_.one_in(128) ? -1 : count;
    Hooks hooks;
    const coals_status status = run(bytes_, hooks, [&](const coals_control* control, coals_error* error) {
      return api_.recommend(model_, rows.data(), asked, filter.get(), control, lists.get(), error);
    });
    if (status != COALS_OK) return;
    filter.check(lists, count, items());
    for (std::int64_t q = 0; q < count; ++q) check_unseen(filter, *data_, rows[q], lists, q);
  }

  void recommend_for() {
    const std::int64_t count = bytes_.upto(4);
    const Sparse rows(bytes_, count, mostly(items()), dtype());
    const Given<coals_csr> csr(rows.csr, bytes_);
    const Filter filter(bytes_, count, items());
    const Lists lists(bytes_, count, csr.known().dtype);
    Hooks hooks;
    const coals_status status = run(bytes_, hooks, [&](const coals_control* control, coals_error* error) {
      return api_.recommend_for(model_, csr.get(), filter.get(), control, lists.get(), error);
    });
    if (status != COALS_OK) return;
    filter.check(lists, csr.known().rows, items());
    for (std::int64_t q = 0; q < csr.known().rows; ++q) check_unseen(filter, rows, q, lists, q);
  }

  static void check_unseen(const Filter& filter, const Sparse& seen, std::int64_t row, const Lists& lists,
                           std::int64_t q) {
    for (std::int64_t p = 0; !filter.includes_seen() && p < lists.count(q); ++p) {
      require(!seen.has(row, lists.id(q, p)));
    }
  }

  Bytes& bytes_;
  const coals_api& api_;
  coals_model* model_ = nullptr;
  std::unique_ptr<Sparse> data_;
  coals_model_view view_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  Caller caller(bytes);
  for (int calls = 0; bytes.left() && calls < 8; ++calls) caller.call();
  return 0;
}
