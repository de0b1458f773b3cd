// Item co-occurrence: how many users have both of two items, and similarities derived from that count.
//
// Counted row by row: for item i, every user of i adds one to each item of that user. Counts are exact integers and
// do not depend on order. Cost: sum over users of n_u^2 increments, plus a pass over the items for each well-filled
// row. Memory: one counter per item and thread, two bytes per entry, and the answer (twice
// while it is put together).
#pragma once

#include "coals/csr.hpp"
#include "coals/views.hpp"

namespace coals {

// With c = users of both items and n_i, n_j = users of each.
enum class Similarity {
  count,    // c
  jaccard,  // c / (n_i + n_j - c)
  cosine,   // c / sqrt(n_i n_j)
};

// items x items, without the diagonal; columns ascend within each row. `neighbors` >= 1 keeps the largest entries of
// each row, ties to the lower column; -1 keeps all. `users_of_item` must be the transpose of `items_of_user`.
CsrMatrix<double> item_similarity(const CsrView<void>& items_of_user, const CsrView<void>& users_of_item,
                                  Similarity similarity, std::int64_t neighbors, const RunControl& control);

}  // namespace coals
