// What the C interface must refuse before it counts or indexes with it.
#include <cstring>
#include <limits>
#include <vector>

#include "coals/c_api.h"
#include "smoke.hpp"

namespace {

struct Broken {
  const char* what;  // part of the message
  std::vector<std::int64_t> row_begin;
  std::vector<std::int32_t> column;
};

// 2 users x 3 items, as C sees it.
void check_pattern(const Broken& broken) {
  const std::vector<float> value(broken.column.size(), 1.0f);
  const auto entries = static_cast<std::int64_t>(broken.column.size());
  const coals_csr matrix{sizeof matrix, 2, 3, entries, broken.row_begin.data(), broken.column.data(), value.data(),
                         COALS_FLOAT32, 0};
  const coals_fit_options options = coals_implicit_options();
  coals_model* model = nullptr;
  coals_error error{};
  error.size = sizeof error;
  const coals_status status = coals_fit_implicit(&matrix, &options, nullptr, &model, &error);
  expect(status == COALS_INVALID_ARGUMENT && model == nullptr && std::strstr(error.message, broken.what), broken.what);
  coals_model_free(model);
}

void check_patterns() {
  check_pattern({"column index 3 is outside 0 .. 2", {0, 1, 2}, {0, 3}});
  check_pattern({"column index -1 is outside 0 .. 2", {0, 1, 2}, {-1, 0}});
  check_pattern({"column 1 is stored twice", {0, 2, 3}, {1, 1, 0}});
  check_pattern({"column 1 is out of order", {0, 2, 3}, {2, 1, 0}});
  check_pattern({"row 0: row pointers must start at 0", {1, 2, 3}, {0, 1, 2}});
  check_pattern({"row 1: row pointers must not fall", {0, 2, 1}, {0, 1}});
  check_pattern({"row pointers end at 1, but 2 entries are stored", {0, 1, 1}, {0, 1}});
}

void check_columns() {
  const std::int64_t row_begin[] = {0, 1};
  const std::int32_t column[] = {0};
  const float value[] = {1};
  for (const std::int64_t columns : {std::numeric_limits<std::int64_t>::max(), std::int64_t{1} << 31}) {
    const coals_csr matrix{sizeof matrix, 1, columns, 1, row_begin, column, value, COALS_FLOAT32, 0};
    const coals_fit_options options = coals_implicit_options();
    coals_model* model = nullptr;
    const coals_status status = coals_fit_implicit(&matrix, &options, nullptr, &model, nullptr);
    expect(status == COALS_INVALID_ARGUMENT && model == nullptr, "more columns than 32 bits can number are refused");
  }
}

void check_row_count() {
  const std::int64_t row_begin[] = {0, 1}, rows[] = {0};
  const std::int32_t column[] = {0};
  const coals_csr matrix{sizeof matrix, 1, 1, 1, row_begin, column, nullptr, COALS_FLOAT32, 0};
  coals_pair_options options = coals_default_pair_options();
  options.rows = rows;
  options.row_count = -1;
  coals_pairs* pairs = nullptr;
  const coals_status status = coals_item_pairs(&matrix, &options, nullptr, &pairs, nullptr);
  expect(status == COALS_INVALID_ARGUMENT && pairs == nullptr, "fewer than no rows are refused");
  coals_pairs_free(pairs);
}

// Two users with both of two items.
coals_status pairs_of(const coals_pair_options& options, double value, coals_error& error) {
  const std::int64_t row_begin[] = {0, 2, 4};
  const std::int32_t column[] = {0, 1, 0, 1};
  const double values[] = {1, 2, 3, value};
  const coals_csr matrix{sizeof matrix, 2, 2, 4, row_begin, column, values, COALS_FLOAT64, 0};
  coals_pairs* pairs = nullptr;
  const coals_status status = coals_item_pairs(&matrix, &options, nullptr, &pairs, &error);
  expect((status == COALS_OK) == (pairs != nullptr), "pairs exist where all is well alone");
  coals_pairs_free(pairs);
  return status;
}

void check_pair_values() {
  coals_error error{};
  error.size = sizeof error;
  coals_pair_options options = coals_default_pair_options();
  for (const int kind : {COALS_PRODUCT, COALS_PRODUCT_COSINE, COALS_COMMON_PEARSON, COALS_COMMON_COSINE,
                         COALS_COMMON_MEAN_SQUARE, COALS_COMMON_RESIDUAL_COSINE}) {
    options.kind = kind;
    expect(pairs_of(options, 4, error) == COALS_OK, "values are compared");
    for (const double value :
         {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity(), 1e200}) {
      const coals_status status = pairs_of(options, value, error);
      expect(status == COALS_INVALID_ARGUMENT && std::strstr(error.message, "row 1, column 1"), "no numbers, no pairs");
    }
  }
  options.kind = COALS_PRODUCT;
  expect(pairs_of(options, 1e100, error) == COALS_OVERFLOW, "a product beyond float32 is an error");
  options.dtype = COALS_FLOAT64;
  expect(pairs_of(options, 1e100, error) == COALS_OK, "a product within float64 is none");
}

void check_pair_options() {
  const auto refused = [](auto change, const char* name) {
    coals_error error{};
    error.size = sizeof error;
    coals_pair_options options = coals_default_pair_options();
    change(options);
    expect(pairs_of(options, 4, error) == COALS_INVALID_ARGUMENT && std::strstr(error.message, name), name);
  };
  for (const double bad : {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    for (const int kind : {COALS_TVERSKY, COALS_ASYMMETRIC_COSINE}) {
      refused([&](coals_pair_options& o) { o.kind = kind, o.alpha = bad; }, "alpha");
    }
    refused([&](coals_pair_options& o) { o.kind = COALS_TVERSKY, o.beta = bad; }, "beta");
    refused([&](coals_pair_options& o) { o.shrinkage = bad; }, "shrinkage");
  }
  refused([](coals_pair_options& o) { o.kind = COALS_ASYMMETRIC_COSINE, o.alpha = 1.5; }, "alpha");
  refused([](coals_pair_options& o) { o.min_support = -1; }, "min_support");
  refused([](coals_pair_options& o) { o.min_overlap = -1; }, "min_overlap");
  refused([](coals_pair_options& o) { o.memory_limit = -2; }, "memory_limit");
}

// What ndcg says of one list that holds the two relevant items.
coals_status metrics_of(const std::vector<double>& gains, double& ndcg, coals_error& error) {
  const std::int64_t row_begin[] = {0, 2}, counts[] = {2}, ids[] = {0, 1}, lengths[] = {2};
  const std::int32_t column[] = {0, 1}, kinds[] = {COALS_NDCG};
  const coals_csr relevant{sizeof relevant, 1, 3, 2, row_begin, column, gains.data(), COALS_FLOAT64, 0};
  coals_lists lists{};
  lists.size = sizeof lists;
  lists.n = 2;
  lists.ids = const_cast<std::int64_t*>(ids);
  lists.counts = const_cast<std::int64_t*>(counts);
  return coals_ranking_metrics(&lists, &relevant, kinds, lengths, 1, nullptr, &ndcg, &error);
}

void check_gains() {
  const double nan = std::numeric_limits<double>::quiet_NaN(), huge = std::numeric_limits<double>::max();
  coals_error error{};
  error.size = sizeof error;
  double ndcg = 0;
  for (const double gain : {nan, -1.0}) {
    const coals_status status = metrics_of({1, gain}, ndcg, error);
    expect(status == COALS_INVALID_ARGUMENT && std::strstr(error.message, "row 0, column 1"), "no number is no gain");
  }
  const coals_status status = metrics_of({huge, huge}, ndcg, error);
  expect(status == COALS_INVALID_ARGUMENT && std::strstr(error.message, "finite sum"), "gains must have a sum");
  expect(metrics_of({huge, 1}, ndcg, error) == COALS_OK && ndcg == 1, "the largest gain is one");
}

// What is wrong with rows of `columns` columns, where `factors` and `bias` go.
void check_fold_in(const coals_model* model, std::int64_t columns, coals_matrix factors, void* bias,
                   const char* complaint) {
  const std::int64_t row_begin[] = {0, 1};
  const std::int32_t column[] = {1};
  const double value[] = {4};
  const std::int64_t rows = factors.rows;
  const coals_csr given{sizeof given, rows, columns, rows, row_begin, column, value, COALS_FLOAT64, 0};
  coals_error error{};
  error.size = sizeof error;
  const coals_status status = coals_fold_in(model, COALS_USERS, &given, nullptr, nullptr, &factors, bias, &error);
  const bool right =
      *complaint ? status == COALS_INVALID_ARGUMENT && std::strstr(error.message, complaint) : status == COALS_OK;
  expect(right, *complaint ? complaint : error.message);
}

void check_explicit_model() {
  const std::int64_t row_begin[] = {0, 2, 4};
  const std::int32_t column[] = {0, 1, 1, 2};
  const double value[] = {1, 2, 3, 4};
  const coals_csr ratings{sizeof ratings, 2, 3, 4, row_begin, column, value, COALS_FLOAT64, 0};
  coals_fit_options options = coals_explicit_options();
  options.factors = 2;
  coals_error error{};
  error.size = sizeof error;
  coals_model* model = nullptr;
  options.given_mean = 1;
  options.mean = 1e300;
  expect(coals_fit_explicit(&ratings, nullptr, &options, nullptr, &model, &error) == COALS_INVALID_ARGUMENT &&
             std::strstr(error.message, "mean"),
         "a mean beyond all ratings is refused");
  options.given_mean = 0;
  expect(coals_fit_explicit(&ratings, nullptr, &options, nullptr, &model, &error) == COALS_OK,
         "two users, three items");
  double numbers[4] = {}, bias = 0;
  const coals_matrix sound{sizeof sound, 1, 2, numbers, COALS_FLOAT64, 0};
  check_fold_in(model, 3, sound, &bias, "");
  check_fold_in(model, 4, sound, &bias, "rows: must have a column for each item of the model");
  check_fold_in(model, 3, {sizeof sound, 1, 3, numbers, COALS_FLOAT64, 0}, &bias,
                "factors: must be 1 x 2, and is 1 x 3");
  check_fold_in(model, 3, {sizeof sound, 0, 3, numbers, COALS_FLOAT64, 0}, &bias,
                "factors: must be 0 x 2, and is 0 x 3");
  check_fold_in(model, 3, {sizeof sound, 1, 2, nullptr, COALS_FLOAT64, 0}, &bias, "factors: must not be null");
  check_fold_in(model, 3, sound, nullptr, "bias: must not be null");
  coals_model_free(model);
}

}  // namespace

void check_c_api() {
  check_explicit_model();
  check_gains();
  check_patterns();
  check_columns();
  check_row_count();
  check_pair_values();
  check_pair_options();
}
