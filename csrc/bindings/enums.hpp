// The enums of the public headers by name: a string that Python gives or gets is the name of the enumerator.
#pragma once

#include <iterator>
#include <stdexcept>
#include <string>

#include "coals/als.hpp"
#include "coals/columns.hpp"
#include "coals/cooccurrence.hpp"
#include "coals/event_cooccurrence.hpp"
#include "coals/fit.hpp"
#include "coals/metrics.hpp"
#include "coals/neighbors.hpp"
#include "coals/sgd.hpp"
#include "coals/topk.hpp"

namespace coals::bindings {

// What errors call an enum, and the names of its values, which count from 0. A test compares them with the headers.
template <class Enum>
struct Names;

#define COALS_NAMES(Enum, called, ...)                   \
  template <>                                            \
  struct Names<Enum> {                                   \
    static constexpr const char* what = called;          \
    static constexpr const char* values[] = __VA_ARGS__; \
  }

COALS_NAMES(AverageBy, "average_by", {"none", "query", "target"});
COALS_NAMES(ColumnKind, "kind",
            {"text", "bytes", "decimals", "integers", "unsigned_integers", "reals", "booleans", "times", "missing"});
COALS_NAMES(Direction, "direction", {"both", "after", "before"});
COALS_NAMES(ExactMethod, "method", {"automatic", "primal", "dual"});
COALS_NAMES(ImplicitObjective, "objective", {"hkv", "ials"});
COALS_NAMES(Optimizer, "optimizer", {"momentum", "adagrad"});
COALS_NAMES(Side, "side", {"users", "items"});
COALS_NAMES(Singular, "singular", {"error", "minimum_norm", "jitter"});
COALS_NAMES(Solver, "solver", {"cholesky", "cg", "block"});
COALS_NAMES(TopKMethod, "method", {"automatic", "real", "bytes"});
COALS_NAMES(TopKMetric, "metric", {"inner_product", "euclidean"});
#undef COALS_NAMES

// The enums that are tables.
template <>
struct Names<Similarity> {
  static constexpr const char* what = "similarity";
  static constexpr const char* values[] = {
#define COALS_BY_COUNTS(name, ...) #name,
#include "coals/similarities.def"
  };
};

template <>
struct Names<CommonSimilarity> {
  static constexpr const char* what = "similarity";
  static constexpr const char* values[] = {
#define COALS_ON_COMMON(name, ...) #name,
#include "coals/similarities.def"
  };
};

template <>
struct Names<RankingMetric> {
  static constexpr const char* what = "metric";
  static constexpr const char* values[] = {
#define COALS_RANKING_METRIC(name, ...) #name,
#include "coals/ranking_metrics.def"
  };
};

template <class Enum>
const char* name_of(Enum value) {
  return Names<Enum>::values[static_cast<int>(value)];
}

template <class Enum>
Enum named(const std::string& name) {
  std::string known;
  int value = 0, left = static_cast<int>(std::size(Names<Enum>::values));
  for (const char* each : Names<Enum>::values) {
    if (name == each) return static_cast<Enum>(value);
    known += each;
    ++value;
    if (--left > 0) known += left == 1 ? " or " : ", ";
  }
  throw std::invalid_argument(Names<Enum>::what + (" must be " + known) + ", got '" + name + "'");
}

}  // namespace coals::bindings
