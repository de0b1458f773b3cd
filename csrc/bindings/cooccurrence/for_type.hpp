// What the bindings of co-occurrence share.
#pragma once

#include <map>

#include "../common.hpp"
#include "coals/cooccurrence.hpp"

namespace coals::bindings {

template <class Kind>
Kind named(const std::map<std::string, Kind>& kinds, const std::string& name) {
  const auto found = kinds.find(name);
  require(found != kinds.end(), "unknown similarity " + name);
  return found->second;
}

inline const std::map<std::string, Similarity> similarities = {
    {"count", Similarity::count},
    {"conditional", Similarity::conditional},
    {"jaccard", Similarity::jaccard},
    {"cosine", Similarity::cosine},
    {"asymmetric_cosine", Similarity::asymmetric_cosine},
    {"dice", Similarity::dice},
    {"tversky", Similarity::tversky},
    {"lift", Similarity::lift},
    {"pmi", Similarity::pmi},
    {"npmi", Similarity::npmi},
    {"log_likelihood", Similarity::log_likelihood},
};

// What Python says of the rows and entries to keep.
struct Keep {
  Keep(std::int64_t neighbors, double threshold, const std::optional<Array<std::int64_t>>& rows, bool diagonal,
       std::int64_t memory_limit) {
    options.neighbors = neighbors;
    options.threshold = threshold;
    options.diagonal = diagonal;
    options.memory_limit = memory_limit;
    if (!rows) return;
    options.row_count = rows->size();
    options.rows = vector_data(*rows, rows->size(), "rows");
  }
  NeighborOptions options;
};

// call(T()) with the type named.
template <class Call>
Csr for_type(const std::string& dtype, Call call) {
  require(dtype == "float32" || dtype == "float64", "dtype must be float32 or float64");
  return dtype == "float32" ? Csr{call(float())} : Csr{call(double())};
}

}  // namespace coals::bindings
