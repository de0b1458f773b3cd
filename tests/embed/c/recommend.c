/* A C program: fits, lists books for known and new users, counts co-occurrence, and sees its mistakes explained.
 *
 *   recommend FOLDER   reads FOLDER/row_begin, column, value and size; writes its answers beside them as c_*
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coals/c_api.h"

enum { factors = 32, served = 100, n = 10 };

static void *read_array(const char *folder, const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file) exit(2);
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  void *data = malloc((size_t)size);
  if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) exit(2);
  fclose(file);
  return data;
}

static void write_array(const char *folder, const char *name, const void *data, size_t bytes) {
  char path[1024];
  snprintf(path, sizeof path, "%s/c_%s", folder, name);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(data, 1, bytes, file) != bytes) exit(2);
  fclose(file);
}

static void check(int condition, const char *what, const coals_error *error) {
  if (condition) return;
  fprintf(stderr, "%s: %s (%s)\n", what, error->message, coals_status_name(error->status));
  exit(1);
}

static int cancel(void *context) {
  (void)context;
  return 1;
}

/* Lists from the bare factors, by an index of the items. */
static void ask_index(const char *folder, const coals_csr *data, const coals_model_view *view) {
  coals_error error = {sizeof error, 0, 0, -1, ""};
  coals_matrix items = {sizeof items, view->items, factors, (void *)view->item_factors, COALS_FLOAT32, 0};
  coals_matrix queries = {sizeof queries, served, factors, (void *)view->user_factors, COALS_FLOAT32, 0};
  coals_csr seen = *data;
  seen.rows = served;
  seen.entries = data->row_begin[served];
  coals_filter filter = {.size = sizeof filter, .excluded = &seen};
  int64_t ids[served * n], counts[served];
  float scores[served * n];
  coals_lists lists = {sizeof lists, n, ids, scores, counts};
  coals_index *index = NULL;
  check(coals_index_create(&items, NULL, &index, &error) == COALS_OK, "index", &error);
  check(coals_index_top_k(index, &queries, &filter, NULL, &lists, &error) == COALS_OK, "ask", &error);
  write_array(folder, "index_ids", ids, sizeof ids);
  write_array(folder, "index_scores", scores, sizeof scores);
  queries.columns = factors + 1;
  check(coals_index_top_k(index, &queries, NULL, NULL, &lists, &error) == COALS_INVALID_ARGUMENT, "width", &error);
  check(strstr(error.message, "queries: must be") != NULL, "message", &error);
  coals_index_free(index);
}

static void fit(const char *folder, const coals_csr *data) {
  coals_error error = {sizeof error, 0, 0, -1, ""};
  coals_fit_options options = coals_implicit_options();
  options.factors = factors;
  options.iterations = 4;
  options.seed = 7;
  coals_model *model = NULL;
  check(coals_fit_implicit(data, &options, NULL, &model, &error) == COALS_OK, "fit", &error);

  coals_model_view view = {.size = sizeof view};
  check(coals_model_get(model, &view, &error) == COALS_OK, "get", &error);
  check(view.users == data->rows && view.factors == factors && view.sweeps == 4, "view", &error);
  write_array(folder, "implicit_users", view.user_factors, (size_t)(view.users * factors) * sizeof(float));
  write_array(folder, "implicit_items", view.item_factors, (size_t)(view.items * factors) * sizeof(float));
  ask_index(folder, data, &view);

  int64_t users[served], ids[served * n], counts[served];
  float scores[served * n], folded[served * factors];
  for (int64_t u = 0; u < served; ++u) users[u] = u;
  coals_lists lists = {sizeof lists, n, ids, scores, counts};
  check(coals_recommend(model, users, served, NULL, NULL, &lists, &error) == COALS_OK, "recommend", &error);
  write_array(folder, "implicit_ids", ids, sizeof ids);
  write_array(folder, "implicit_scores", scores, sizeof scores);

  coals_csr rows = *data;
  rows.rows = served;
  rows.entries = data->row_begin[served];
  coals_matrix out = {sizeof out, served, factors, folded, COALS_FLOAT32, 0};
  check(coals_fold_in(model, COALS_USERS, &rows, NULL, NULL, &out, NULL, &error) == COALS_OK, "fold in", &error);
  write_array(folder, "implicit_folded", folded, sizeof folded);
  check(coals_recommend_for(model, &rows, NULL, NULL, &lists, &error) == COALS_OK, "new users", &error);
  write_array(folder, "new_ids", ids, sizeof ids);

  users[3] = data->rows;
  check(coals_recommend(model, users, served, NULL, NULL, &lists, &error) == COALS_INVALID_ARGUMENT, "bad user", &error);
  check(strstr(error.message, "users: number") != NULL, "message", &error);
  coals_model_free(model);

  coals_control control = {.size = sizeof control, .poll = cancel};
  options.iterations = 1000000;
  check(coals_fit_implicit(data, &options, &control, &model, &error) == COALS_CANCELLED, "cancel", &error);
  check(model == NULL, "no model", &error);

  options = coals_explicit_options();
  options.factors = factors;
  options.iterations = 4;
  options.seed = 7;
  check(coals_fit_explicit(data, NULL, &options, NULL, &model, &error) == COALS_OK, "ratings", &error);
  check(coals_model_get(model, &view, &error) == COALS_OK, "get", &error);
  write_array(folder, "explicit_users", view.user_factors, (size_t)(view.users * factors) * sizeof(float));
  write_array(folder, "explicit_item_bias", view.item_bias, (size_t)view.items * sizeof(float));
  users[3] = 3;
  check(coals_recommend(model, users, served, NULL, NULL, &lists, &error) == COALS_OK, "recommend", &error);
  write_array(folder, "explicit_ids", ids, sizeof ids);
  write_array(folder, "explicit_scores", scores, sizeof scores);
  coals_model_free(model);
}

static void count(const char *folder, const coals_csr *data) {
  coals_error error = {sizeof error, 0, 0, -1, ""};
  coals_pair_options options = coals_default_pair_options();
  options.kind = COALS_JACCARD;
  options.neighbors = 20;
  coals_pairs *pairs = NULL;
  coals_csr view = {.size = sizeof view};
  check(coals_item_pairs(data, &options, NULL, &pairs, &error) == COALS_OK, "pairs", &error);
  check(coals_pairs_get(pairs, &view, &error) == COALS_OK, "get", &error);
  write_array(folder, "jaccard_column", view.column, (size_t)view.entries * sizeof(int32_t));
  write_array(folder, "jaccard_value", view.value, (size_t)view.entries * sizeof(float));
  coals_pairs_free(pairs);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  const int64_t *size = read_array(argv[1], "size");
  const int64_t *row_begin = read_array(argv[1], "row_begin");
  const coals_csr data = {sizeof data,
                          size[0],
                          size[1],
                          row_begin[size[0]],
                          row_begin,
                          read_array(argv[1], "column"),
                          read_array(argv[1], "value"),
                          COALS_FLOAT32,
                          0};
  if (coals_api_version() >> 16 != COALS_API_MAJOR || !coals_get_api(COALS_API_MAJOR, 0)) return 2;
  if (coals_get_api(COALS_API_MAJOR + 1, 0) || coals_get_api(COALS_API_MAJOR, COALS_API_MINOR + 1)) return 2;
  fit(argv[1], &data);
  count(argv[1], &data);
  return 0;
}
