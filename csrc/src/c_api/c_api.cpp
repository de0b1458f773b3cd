// The C interface: versions, and the table of all functions.
#include "coals/c_api.h"

#include <cstdint>

namespace {

constexpr std::uint32_t version = (COALS_API_MAJOR << 16) + COALS_API_MINOR;

// New functions go to the end.
constexpr coals_api table = {
    sizeof(coals_api),
    version,
    0,
    coals_version,
    coals_status_name,
    coals_fit_implicit,
    coals_fit_explicit,
    coals_model_free,
    coals_model_get,
    coals_fold_in,
    coals_recommend,
    coals_recommend_for,
    coals_top_k,
    coals_item_pairs,
    coals_pairs_get,
    coals_pairs_free,
    coals_ranking_metrics,
    coals_index_create,
    coals_index_top_k,
    coals_index_free,
};

}  // namespace

extern "C" {

std::uint32_t coals_api_version(void) { return version; }

const char* coals_version(void) { return COALS_VERSION; }

const char* coals_status_name(coals_status status) {
  constexpr const char* names[] = {"ok",       "invalid argument", "out of memory", "singular system",
                                   "overflow", "cancelled",        "internal error"};
  return status >= COALS_OK && status <= COALS_INTERNAL ? names[status] : "unknown status";
}

const coals_api* coals_get_api(std::uint32_t major, std::uint32_t minor) {
  return major == COALS_API_MAJOR && minor <= COALS_API_MINOR ? &table : nullptr;
}

}  // extern "C"
