// Similarities of counts that are there already: a pass over them.
#include "coals/cooccurrence.hpp"

#include "cooccurrence/collect_rows.hpp"
#include "cooccurrence/count_similarity.hpp"

namespace coals {

namespace {

// Tables are looked up by these numbers.
void check_counts(const CsrView<std::int32_t>& counts, const std::int64_t* size, std::int64_t users) {
  check_whole(counts, "counts");
  check_valued(counts, "counts");
  check_sparse(counts, counts.rows, counts.rows, "counts");
  check_pointer(size, counts.rows, "size");
  if (users < 0 || users > most_rows) refuse("users", "must be from 0 to 2147483647");
  for (std::int64_t i = 0; i < counts.rows; ++i) {
    if (size[i] < 0 || size[i] > users) refuse("size", "that of item " + std::to_string(i) + " is not from 0 to users");
  }
  for (std::int64_t i = 0; i < counts.rows; ++i) {
    for (std::int64_t e = counts.row_begin[i]; e < counts.row_begin[i + 1]; ++e) {
      const std::int32_t j = counts.column[e], both = counts.value[e];
      if (both < 1 || both > std::min(size[i], size[j])) {
        refuse("counts", "row " + std::to_string(i) + ", column " + std::to_string(j) +
                             " is not from 1 to the users of either item");
      }
    }
  }
}

}  // namespace

template <class T>
CsrMatrix<T> similarity_from_counts(const CsrView<std::int32_t>& counts, const std::int64_t* size, std::int64_t users,
                                    const SimilarityOptions& options, const NeighborOptions& keep,
                                    const RunControl& control) {
  check_counts(counts, size, users);
  check_options(options, keep, counts.columns);
  if (keep.rows) refuse("rows", "counts of all pairs give all rows");
  const CountSimilarity similarity(options, size, counts.rows, users);
  const std::int64_t least = std::max<std::int64_t>(1, options.min_overlap);
  const auto tasks =
      balanced_tasks(counts.rows, 1e5, [&](std::int64_t i) { return static_cast<double>(counts.row_size(i)) + 16; });
  struct Worker {
    std::vector<std::int32_t> item;
    std::vector<std::uint32_t> both;
    std::vector<double> value;
  };
  return collect_rows<T>(
      tasks, counts.rows, counts.columns, keep, 0, control, [] { return Worker(); },
      [&](Worker& worker, std::int64_t first, std::int64_t last, RowSink<T>& sink, const CancellationCheck&) {
        for (std::int64_t i = first; i < last; ++i) {
          worker.item.clear();
          worker.both.clear();
          for (std::int64_t e = counts.row_begin[i]; e < counts.row_begin[i + 1]; ++e) {
            const std::int32_t j = counts.column[e];
            if (j == i || counts.value[e] < least || std::min(size[i], size[j]) < options.min_support) continue;
            worker.item.push_back(j);
            worker.both.push_back(static_cast<std::uint32_t>(counts.value[e]));
          }
          const auto found = static_cast<std::int64_t>(worker.item.size());
          worker.value.resize(worker.item.size());
          similarity.evaluate(i, worker.item.data(), worker.both.data(), found, worker.value.data());
          sink.start();
          for (std::int64_t k = 0; k < found; ++k) sink.offer(worker.item[k], worker.value[k]);
          sink.finish(i);
        }
      });
}

template CsrMatrix<float> similarity_from_counts(const CsrView<std::int32_t>&, const std::int64_t*, std::int64_t,
                                                 const SimilarityOptions&, const NeighborOptions&, const RunControl&);
template CsrMatrix<double> similarity_from_counts(const CsrView<std::int32_t>&, const std::int64_t*, std::int64_t,
                                                  const SimilarityOptions&, const NeighborOptions&, const RunControl&);

}  // namespace coals
