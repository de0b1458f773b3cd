// Co-occurrence: how often two items share a user, and the similarities that follow from it.
//
// All functions compare items, the columns of a users x items matrix; to compare users, pass the transpose. Answers are
// items x items (or chosen rows x items) without the diagonal, columns ascending within each row, and the same bits for
// every number of threads. Zeros are not stored; negative values are. Neighbours are chosen while counting: never is
// more of items x items held than the rows in flight and the answer.
#pragma once

#include <limits>

#include "coals/csr.hpp"
#include "coals/views.hpp"

namespace coals {

// By counts alone. The names and formulas are in similarities.def.
enum class Similarity {
#define COALS_BY_COUNTS(name, ...) name,
#include "coals/similarities.def"
};

inline constexpr Similarity all_similarities[] = {
#define COALS_BY_COUNTS(name, ...) Similarity::name,
#include "coals/similarities.def"
};

// On users who have both items.
enum class CommonSimilarity {
#define COALS_ON_COMMON(name, ...) name,
#include "coals/similarities.def"
};
inline constexpr CommonSimilarity all_common_similarities[] = {
#define COALS_ON_COMMON(name, ...) CommonSimilarity::name,
#include "coals/similarities.def"
};

struct PairOptions {
  double shrinkage = 0;          // every value is multiplied by c / (c + shrinkage)
  std::int64_t min_support = 1;  // items with fewer users are excluded
  std::int64_t min_overlap = 1;  // nor are pairs with fewer users in common
};

// Which entries of a row are kept, of which rows.
struct NeighborOptions {
  std::int64_t neighbors = -1;  // how many of the largest to keep, ties to the lower column; -1: all
  double threshold = -std::numeric_limits<double>::infinity();  // only values of at least this
  const std::int64_t* rows = nullptr;                           // items to give rows for; null for all in order
  std::int64_t row_count = 0;
  bool diagonal = false;           // counts and products: keep it, where all entries are kept
  std::int64_t memory_limit = -1;  // bytes for workspace and answer, or -1
};

struct SimilarityOptions : PairOptions {
  Similarity similarity = Similarity::count;
  double alpha = 0.5;
  double beta = 0.5;
};

struct ProductOptions : PairOptions {
  bool unit_columns = false;  // of the columns scaled to length 1: cosines. One of length 0 stays as it is
};

struct CommonSimilarityOptions : PairOptions {
  CommonSimilarity similarity = CommonSimilarity::pearson;
};

// Values are computed in double and rounded to T (float, double, or std::int32_t for exact counts) before they are
// compared. Throws std::invalid_argument where memory_limit is too small. Cost: less than the sum over users of n_u^2
// increments, popular pairs being counted up to 512 at a time. Memory: about twice the entries, one counter for each
// item and thread, and the answer.
template <class T>
CsrMatrix<T> item_similarity(const CsrView<void>& matrix, const SimilarityOptions& options, const NeighborOptions& keep,
                             const RunControl& control);

// The same from counts of all pairs (items x items, symmetric, as item_similarity gives them) and the users of each
// item, `users` being all there are: for counts that are kept up to date. Bit for bit what counting from scratch gives;
// all rows, so that `keep` must name none.
template <class T>
CsrMatrix<T> similarity_from_counts(const CsrView<std::int32_t>& counts, const std::int64_t* size, std::int64_t users,
                                    const SimilarityOptions& options, const NeighborOptions& keep,
                                    const RunControl& control);

// Inner products of the columns, sum over users of x_ui x_uj, infinite where T cannot hold it. Values must be finite;
// they are rounded to T where its range allows, products are summed in double. Cost: sum over users of n_u^2
// multiply-adds, or half where `neighbors` of all rows are kept.
template <class T>
CsrMatrix<T> item_products(const CsrView<double>& matrix, const ProductOptions& options, const NeighborOptions& keep,
                           const RunControl& control);

// Similarities of ratings, which must be finite, on common users. Cost: sum over users of n_u^2 steps, or half as for
// products.
template <class T>
CsrMatrix<T> common_similarity(const CsrView<double>& matrix, const CommonSimilarityOptions& options,
                               const NeighborOptions& keep, const RunControl& control);

}  // namespace coals
