// The multiply-add peak of the machine as it is at this moment.
#include <atomic>
#include <chrono>

#include "coals/runtime.hpp"
#include "runtime/dispatch.hpp"
#include "runtime/require.hpp"
#include "threading/parallel.hpp"

namespace coals {

double measure_peak_flops(double seconds, int num_threads) {
  using Clock = std::chrono::steady_clock;
  const Kernels<float>& kernels = active_kernels<float>();
  RunControl control;
  control.num_threads = num_threads;
  control.num_threads = wanted_threads(control);
  check_number(seconds, 0, 3600, "seconds");
  constexpr std::int64_t rounds = 20000;
  std::atomic<std::int64_t> done{0};
  std::atomic<bool> anything{false};
  const Clock::time_point start = Clock::now();
  // One endless task for each thread, or they would wait for each other.
  parallel_for(control.num_threads, control, [&](std::int64_t) {
    while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
      if (kernels.fma_rounds(rounds) != 0) anything.store(true);
      done.fetch_add(rounds);
    }
  });
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  return static_cast<double>(done.load()) * static_cast<double>(kernels.fma_flops) / elapsed;
}

}  // namespace coals
