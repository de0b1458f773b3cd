#include "coals/cooccurrence.hpp"

#include "common.hpp"

namespace coals::bindings {

namespace {

Similarity similarity_named(const std::string& name) {
  if (name == "count") return Similarity::count;
  if (name == "jaccard") return Similarity::jaccard;
  require(name == "cosine", "similarity must be count, jaccard or cosine");
  return Similarity::cosine;
}

}  // namespace

void bind_cooccurrence(py::module_& module) {
  module.def(
      "item_similarity",
      [](const Csr& items_of_user, const Csr& users_of_item, const std::string& similarity, std::int64_t neighbors,
         int num_threads) {
        const Similarity kind = similarity_named(similarity);
        const ReleasedGil released;
        return Csr{item_similarity(items_of_user.structure(), users_of_item.structure(), kind, neighbors,
                                   run_control(num_threads))};
      },
      py::arg("items_of_user"), py::arg("users_of_item"), py::arg("similarity"), py::arg("neighbors"),
      py::arg("num_threads"));
}

}  // namespace coals::bindings
