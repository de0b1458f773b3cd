// Counts of pairs and what follows from them: see cooccurrence.hpp and ranked_pairs.hpp.
#include "coals/cooccurrence.hpp"

#include "cooccurrence/collect_rows.hpp"
#include "cooccurrence/count_similarity.hpp"
#include "cooccurrence/ranked_pairs.hpp"
#include "runtime/dispatch.hpp"

namespace coals {

namespace {

// Costs in nanoseconds, roughly: they balance tasks and choose between equal ways.
constexpr double row_of_bits_cost = 1.5;
constexpr double block_cost = 100;
constexpr double list_cost = 1.2;
constexpr double read_cost = 0.5;

// Rows whose bits are counted together, one block after the other, so that the block's bits stay in the cache.
constexpr std::int64_t most_batch_rows = 256;
constexpr std::int64_t most_batch_counts = 1 << 20;

class Counting {
 public:
  Counting(const RankedPairs& pairs, const CountSimilarity& similarity, const SimilarityOptions& options,
           const NeighborOptions& keep, std::vector<RowPlace> rows)
      : pairs_(pairs), similarity_(similarity), options_(options), keep_(keep), rows_(std::move(rows)) {}

  std::int64_t items() const { return pairs_.items.count; }
  std::int64_t head() const { return std::min(items(), static_cast<std::int64_t>(pairs_.blocks.size()) * bit_block); }
  std::int64_t batch_rows() const {
    const std::int64_t width = static_cast<std::int64_t>(pairs_.blocks.size()) * bit_block;
    return std::max<std::int64_t>(1, std::min(most_batch_rows, most_batch_counts / std::max<std::int64_t>(1, width)));
  }

  // Stretches of rows that one worker counts in a go.
  std::vector<std::int64_t> tasks(std::int64_t workers, const RunControl& control);

  struct Worker {
    Worker(std::int64_t items, std::int64_t head_width, std::int64_t batch_rows)
        : count(items + bit_block), head(head_width * batch_rows), rank(bit_block), both(bit_block), value(bit_block) {
      std::fill(count.begin(), count.end(), 0u);
    }
    Buffer<std::uint32_t> count;  // of one row, by rank; zero between rows
    Buffer<std::uint32_t> head;   // what bits say of each row of a batch
    std::vector<std::int32_t> touched;
    std::vector<std::int32_t> rank;  // candidates of one block, their counts and similarities
    std::vector<std::uint32_t> both;
    std::vector<double> value;
  };
  Worker make_worker() const {
    return Worker(items(), static_cast<std::int64_t>(pairs_.blocks.size()) * bit_block, batch_rows());
  }
  std::int64_t worker_bytes() const {
    return 4 * (2 * items() + static_cast<std::int64_t>(pairs_.blocks.size()) * bit_block * batch_rows());
  }

  template <class T>
  void count_rows(Worker& worker, std::int64_t first, std::int64_t last, RowSink<T>& sink,
                  const CancellationCheck& check_cancelled) const {
    for (std::int64_t k = first; k < last; k += batch_rows()) {
      const std::int64_t end = std::min(last, k + batch_rows());
      count_heads(worker, k, end, check_cancelled);
      for (std::int64_t row = k; row < end; ++row) {
        if ((row - k) % 16 == 0) check_cancelled();
        count_row(worker, row, row - k, sink, check_cancelled);
      }
    }
  }

 private:
  void count_heads(Worker& worker, std::int64_t first, std::int64_t last,
                   const CancellationCheck& check_cancelled) const {
    const CountKernels& kernels = active_table().count;
    const auto width = static_cast<std::int64_t>(pairs_.blocks.size()) * bit_block;
    for (std::size_t b = 0; b < pairs_.blocks.size(); ++b) {
      const BitBlock& block = pairs_.blocks[b];
      const std::uint64_t* bits = pairs_.bits.data() + block.first_row * (bit_block / 64);
      check_cancelled();
      for (std::int64_t row = first; row < last; ++row) {
        const std::int64_t rank = rows_[row].rank;
        const std::int32_t* user = pairs_.user.data() + pairs_.begin[rank];
        const std::int32_t* end = std::lower_bound(user, user + pairs_.users_of(rank), block.users);
        kernels.count_bits(bits, user, end - user,
                           worker.head.data() + (row - first) * width + static_cast<std::int64_t>(b) * bit_block);
      }
    }
  }

  template <class T>
  void count_row(Worker& worker, std::int64_t row, std::int64_t in_batch, RowSink<T>& sink,
                 const CancellationCheck& check_cancelled) const {
    const auto width = static_cast<std::int64_t>(pairs_.blocks.size()) * bit_block;
    const std::uint32_t* from_bits = worker.head.data() + in_batch * width;
    std::copy(from_bits, from_bits + width, worker.count.data());
    const std::int64_t rank = rows_[row].rank;
    sink.start();
    if (list_work_[row] > (items() - head()) / 16) {
      for_each_listed(rank, check_cancelled, [&](std::int32_t other) { ++worker.count[other]; });
      clear_own(worker, rank, sink);
      read_dense(worker, rank, items(), sink);
    } else {
      worker.touched.clear();
      for_each_listed(rank, check_cancelled, [&](std::int32_t other) {
        if (worker.count[other]++ == 0) worker.touched.push_back(other);
      });
      clear_own(worker, rank, sink);
      read_dense(worker, rank, head(), sink);
      read_touched(worker, rank, sink);
    }
    sink.finish(rows_[row].place);
  }

  template <class Visit>
  void for_each_listed(std::int64_t rank, const CancellationCheck& check_cancelled, Visit visit) const {
    std::int64_t since_check = 0;
    for (std::int64_t e = pairs_.begin[rank]; e < pairs_.begin[rank + 1]; ++e) {
      const std::int64_t begin = pairs_.list_begin[pairs_.user[e]], end = pairs_.list_begin[pairs_.user[e] + 1];
      for (std::int64_t k = begin; k < end; ++k) visit(pairs_.list[k]);
      if ((since_check += end - begin) < (1 << 22)) continue;
      check_cancelled();
      since_check = 0;
    }
  }

  template <class T>
  void clear_own(Worker& worker, std::int64_t rank, RowSink<T>& sink) const {
    worker.count[rank] = 0;
    if (keep_.diagonal) sink.offer(pairs_.items.item[rank], static_cast<double>(pairs_.items.size[rank]));
  }

  // Offers ranks before `end` and clears their counters.
  template <class T>
  void read_dense(Worker& worker, std::int64_t rank, std::int64_t end, RowSink<T>& sink) const {
    const std::int64_t blocks = (end + bit_block - 1) / bit_block;
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t first = from_both_ends(b, blocks) * bit_block, count = std::min(bit_block, end - first);
      const std::uint32_t least = similarity_.least_count(sink.bound(), rank, first + count - 1);
      const std::int64_t found = active_table().count.take_counts(worker.count.data() + first, count, least,
                                                                  worker.rank.data(), worker.both.data());
      for (std::int64_t k = 0; k < found; ++k) worker.rank[k] += static_cast<std::int32_t>(first);
      offer(worker, rank, found, sink);
    }
  }

  template <class T>
  void read_touched(Worker& worker, std::int64_t rank, RowSink<T>& sink) const {
    const auto least = static_cast<std::uint32_t>(std::max<std::int64_t>(1, options_.min_overlap));
    const std::int64_t from = head();
    std::int64_t found = 0;
    for (const std::int32_t other : worker.touched) {
      if (other < from || worker.count[other] < least) continue;
      worker.rank[found] = other;
      worker.both[found++] = worker.count[other];
      if (found < bit_block) continue;
      offer(worker, rank, found, sink);
      found = 0;
    }
    offer(worker, rank, found, sink);
    for (const std::int32_t other : worker.touched) worker.count[other] = 0;
  }

  // The first `found` of worker.rank and worker.both.
  template <class T>
  void offer(Worker& worker, std::int64_t rank, std::int64_t found, RowSink<T>& sink) const {
    similarity_.evaluate(rank, worker.rank.data(), worker.both.data(), found, worker.value.data());
    for (std::int64_t k = 0; k < found; ++k) sink.offer(pairs_.items.item[worker.rank[k]], worker.value[k]);
    sink.settle();
  }

  const RankedPairs& pairs_;
  const CountSimilarity& similarity_;
  const SimilarityOptions& options_;
  const NeighborOptions& keep_;
  std::vector<RowPlace> rows_;
  std::vector<std::int64_t> list_work_;  // increments from lists, by row
};

std::vector<std::int64_t> Counting::tasks(std::int64_t workers, const RunControl& control) {
  const auto rows = static_cast<std::int64_t>(rows_.size());
  list_work_.resize(rows_.size());
  constexpr std::int64_t together = 64;
  parallel_for((rows + together - 1) / together, control, [&](std::int64_t t) {
    for (std::int64_t k = t * together; k < std::min(rows, (t + 1) * together); ++k) {
      std::int64_t work = 0;
      for (std::int64_t e = pairs_.begin[rows_[k].rank]; e < pairs_.begin[rows_[k].rank + 1]; ++e) {
        work += pairs_.list_size(pairs_.user[e]);
      }
      list_work_[k] = work;
    }
  });
  const auto blocks = static_cast<double>(pairs_.blocks.size());
  const auto cost = [&](std::int64_t k) {
    return blocks * (block_cost + row_of_bits_cost * static_cast<double>(pairs_.users_of(rows_[k].rank))) +
           list_cost * static_cast<double>(list_work_[k]) +
           read_cost * static_cast<double>(std::min(items(), 16 * list_work_[k]) + head()) + 100;
  };
  double all = 0;
  for (std::int64_t k = 0; k < rows; ++k) all += cost(k);
  return balanced_tasks(rows, std::max(1e4, all / static_cast<double>(16 * workers)), cost);
}

}  // namespace

template <class T>
CsrMatrix<T> item_similarity(const CsrView<void>& matrix, const SimilarityOptions& options, const NeighborOptions& keep,
                             const RunControl& control) {
  check_whole(matrix, "matrix");
  check_options(options, keep, matrix.columns);
  if (std::is_same_v<T, std::int32_t>) require(options.similarity == Similarity::count, "int32 is for counts alone");
  return in_team(control, [&] {
    const std::int64_t most_bits = 64 * matrix.entries() + (16 << 20);
    RankedPairs pairs = rank_pairs(matrix, options.min_support, most_bits, control);
    const CountSimilarity similarity(options, pairs.items.size.data(), pairs.items.count, matrix.rows);
    Counting counting(pairs, similarity, options, keep, rows_to_count(pairs.items, keep));
    const std::vector<std::int64_t> tasks = counting.tasks(wanted_threads(control), control);
    const std::int64_t workspace = 8 * pairs.bits.size() + 4 * (pairs.list.size() + pairs.user.size()) +
                                   8 * (pairs.users + pairs.items.count) + 24 * pairs.items.count +
                                   wanted_threads(control) * counting.worker_bytes();
    return collect_rows<T>(
        tasks, matrix.columns, matrix.columns, keep, workspace, control, [&] { return counting.make_worker(); },
        [&](Counting::Worker& worker, std::int64_t first, std::int64_t last, RowSink<T>& sink,
            const CancellationCheck& check_cancelled) {
          counting.count_rows(worker, first, last, sink, check_cancelled);
        },
        [&] { pairs = RankedPairs(); });
  });
}

template CsrMatrix<std::int32_t> item_similarity(const CsrView<void>&, const SimilarityOptions&, const NeighborOptions&,
                                                 const RunControl&);
template CsrMatrix<float> item_similarity(const CsrView<void>&, const SimilarityOptions&, const NeighborOptions&,
                                          const RunControl&);
template CsrMatrix<double> item_similarity(const CsrView<void>&, const SimilarityOptions&, const NeighborOptions&,
                                           const RunControl&);

}  // namespace coals
