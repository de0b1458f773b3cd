// Every allocation of the core fails in turn: the n-th one, for n = 1, 2, … until a run gets by without reaching it.
// Each time there must be a std::bad_alloc or the right answer, nothing may be left allocated, and the next run must
// give the same answer as if nothing had happened.
#include <cstdio>
#include <exception>
#include <new>

#include "cases.hpp"
#include "failing_new.hpp"
#include "threading/thread_pool.hpp"

namespace {

int failures = 0;

void fail(const Case& one, int threads, std::int64_t n, const char* what) {
  ++failures;
  std::printf("FAILED: %s on %d threads, allocation %lld: %s\n", one.name, threads, static_cast<long long>(n), what);
}

// False once the n-th allocation no longer comes up. `right` is the digest of the answer, 0 while nobody knows it.
bool fail_at(const Case& one, int threads, std::int64_t n, std::uint64_t& right) {
  bool reached = false;
  const std::int64_t before = failing_new::live();
  coals::RunControl control;
  control.num_threads = threads;
  failing_new::arm(n);
  try {
    const std::uint64_t found = one.run(control);
    reached = failing_new::disarm() && n > 0;
    if (right == 0) right = found;
    if (found != right) fail(one, threads, n, "another answer");
  } catch (const std::bad_alloc&) {
    reached = failing_new::disarm();
    if (!reached) fail(one, threads, n, "std::bad_alloc though none failed");
  } catch (const std::exception& error) {
    reached = failing_new::disarm();
    fail(one, threads, n, error.what());
  }
  coals::end_idle_workers();  // so that threads are asked for under failure too
  const std::int64_t left = failing_new::live() - before;
  // The run that nothing fails in may make statics.
  if (left != 0 && n > 0) fail(one, threads, n, left > 0 ? "something is left allocated" : "something was freed twice");
  return reached;
}

void check(const Case& one) {
  std::uint64_t right = 0;
  fail_at(one, 1, 0, right);  // statics are made here, once and for all
  fail_at(one, 2, 0, right);
  for (const int threads : {1, 2}) {
    std::int64_t n = 1;
    while (fail_at(one, threads, n, right) && failures < 20) ++n;
    std::printf("%s on %d threads: %lld allocations\n", one.name, threads, static_cast<long long>(n - 1));
    std::uint64_t after = right;
    fail_at(one, threads, 0, after);
  }
}

}  // namespace

int main() {
  coals::return_pool_workers(coals::take_pool_workers(1));  // makes statics; layer omp uses the pool when memory fails
  some_ratings();
  some_real_ratings();
  for (const Case& one : allocation_cases()) check(one);
  std::printf("%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
