// From C to C++ and back: structs of any size, views, statuses.
#pragma once

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "checks/arguments.hpp"
#include "coals/c_api.h"
#include "coals/csr.hpp"
#include "coals/errors.hpp"
#include "coals/topk.hpp"

namespace coals::c_api {

// What ends a call when the caller's poll says so.
struct Cancelled {};

// A size beyond it was never set.
constexpr std::size_t largest_struct = 65536;

// The caller's struct as this library knows it: what the caller's version lacks is 0.
template <class S>
S read(const S* given, const char* name) {
  if (!given) throw std::invalid_argument(std::string(name) + " must not be null");
  S own;
  std::memset(&own, 0, sizeof(S));
  const std::size_t size = given->size;
  if (size < sizeof(std::size_t) || size > largest_struct) {
    throw std::invalid_argument(std::string(name) + ": its `size` must be that of the struct, by sizeof");
  }
  std::memcpy(&own, given, std::min(size, sizeof(S)));
  own.size = sizeof(S);
  return own;
}

template <class S>
S read_or_zeros(const S* given, const char* name) {
  if (given) return read(given, name);
  S own;
  std::memset(&own, 0, sizeof(S));
  own.size = sizeof(S);
  return own;
}

// Fills what the caller's version of the struct has room for.
template <class S>
void write(const S& own, S* out, const char* name) {
  const std::size_t size = out ? out->size : 0;
  read(out, name);
  std::memcpy(out, &own, std::min(size, sizeof(S)));
  out->size = size;
}

inline void report(coals_error* error, coals_status status, std::int64_t row, const char* message) noexcept {
  if (!error || error->size < sizeof(coals_error) || error->size > largest_struct) return;
  error->status = status;
  error->row = row;
  std::strncpy(error->message, message, sizeof(error->message) - 1);
  error->message[sizeof(error->message) - 1] = '\0';
}

// Runs `call`, and makes of what it throws a status.
template <class Call>
coals_status guarded(coals_error* error, Call call) noexcept {
  const auto failed = [&](coals_status status, const char* message, std::int64_t row = -1) {
    report(error, status, row, message);
    return status;
  };
  try {
    call();
    report(error, COALS_OK, -1, "");
    return COALS_OK;
  } catch (const Cancelled&) {
    return failed(COALS_CANCELLED, "poll ended the call");
  } catch (const SingularSystem& e) {
    return failed(COALS_SINGULAR, e.what(), e.row);
  } catch (const std::bad_alloc&) {
    return failed(COALS_OUT_OF_MEMORY, "out of memory");
  } catch (const std::invalid_argument& e) {
    return failed(COALS_INVALID_ARGUMENT, e.what());
  } catch (const std::overflow_error& e) {
    return failed(COALS_OVERFLOW, e.what());
  } catch (const std::exception& e) {
    return failed(COALS_INTERNAL, e.what());
  } catch (...) {
    return failed(COALS_INTERNAL, "unknown error");
  }
}

inline RunControl control_of(const coals_control& given) {
  require(given.num_threads >= 0, "num_threads must not be negative");
  require(!given.allocate == !given.release, "allocate and release must be given together");
  RunControl control;
  control.num_threads = given.num_threads;
  control.memory = {given.allocate, given.release, given.context};
  if (given.poll) {
    control.poll = [poll = given.poll, context = given.context] {
      if (poll(context) != 0) throw Cancelled{};
    };
  }
  return control;
}

// A checked view without values.
inline CsrView<void> structure_of(const coals_csr* given, const char* name, const RunControl& control) {
  const coals_csr csr = read(given, name);
  if (csr.rows < 0 || csr.columns < 0 || csr.entries < 0 || !csr.row_begin || (csr.entries > 0 && !csr.column)) {
    throw std::invalid_argument(std::string(name) + ": rows, columns, entries, row_begin and column must be set");
  }
  const CsrView<void> view{csr.rows, csr.columns, csr.row_begin, csr.column, nullptr};
  try {
    validate_csr(view, csr.entries, control);
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument(std::string(name) + ": " + e.what());
  }
  return view;
}

template <class T>
constexpr std::int32_t dtype_of = std::is_same_v<T, float>    ? COALS_FLOAT32
                                  : std::is_same_v<T, double> ? COALS_FLOAT64
                                                              : COALS_INT32;

// The same with its values.
template <class T>
CsrView<T> values_of(const coals_csr* given, const char* name, const RunControl& control) {
  const CsrView<void> view = structure_of(given, name, control);
  const coals_csr csr = read(given, name);
  if (csr.dtype != dtype_of<T>) throw std::invalid_argument(std::string(name) + " is of the wrong dtype");
  if (!csr.value && csr.entries > 0) throw std::invalid_argument(std::string(name) + " has no values");
  return {view.rows, view.columns, view.row_begin, view.column, static_cast<const T*>(csr.value)};
}

// call(T()) for float32 and float64.
template <class Call>
void with_dtype(std::int32_t dtype, const char* name, Call call) {
  if (dtype == COALS_FLOAT32) return call(float());
  if (dtype == COALS_FLOAT64) return call(double());
  throw std::invalid_argument(std::string(name) + " must be float32 or float64");
}

inline void check_filter(const CsrView<void>& rows, std::int64_t queries, std::int64_t items, const char* name) {
  check_shape(rows.rows, rows.columns, queries, items, name);
}

// Without what a model has seen.
inline TopKFilter filter_of(const coals_filter& given, std::int64_t queries, std::int64_t items,
                            const RunControl& control) {
  TopKFilter filter;
  if (given.excluded) {
    filter.excluded = structure_of(given.excluded, "excluded", control);
    check_filter(filter.excluded, queries, items, "excluded");
  }
  if (given.allowed) {
    filter.allowed = structure_of(given.allowed, "allowed", control);
    check_filter(filter.allowed, queries, items, "allowed");
  }
  filter.candidate = given.candidate;
  if (given.has_min_score) {
    require(given.min_score == given.min_score, "min_score must not be NaN");
    filter.min_score = given.min_score;
  }
  return filter;
}

template <class T>
TopKLists<T> lists_of(const coals_lists* given) {
  const coals_lists lists = read(given, "lists");
  require(lists.n >= 1, "n must be at least 1");
  require(lists.ids && lists.scores && lists.counts, "lists: ids, scores and counts must be set");
  return {lists.n, lists.ids, static_cast<T*>(lists.scores), lists.counts};
}

}  // namespace coals::c_api
