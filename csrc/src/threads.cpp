// How many threads to use when nobody says, and what changes after a fork.
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif
#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "cgroup.hpp"
#include "parallel.hpp"

namespace coals {

std::atomic<bool> in_forked_child{false};

namespace {

std::atomic<int> calls_under_way{0};

#if !defined(_WIN32)
// The parent's other threads, and with them their calls, are not in the child.
const int fork_handler = pthread_atfork(nullptr, nullptr, [] {
  in_forked_child.store(true);
  calls_under_way.store(0);
});
#endif

int processors_by_affinity() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

int threads_by_environment() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  const int value = text ? std::atoi(text) : 0;
  return value > 0 ? value : std::numeric_limits<int>::max();
}

// Starts and ends so many threads that are all alive at once, or as many as can be had.
int try_threads(int count) {
  std::mutex gate;
  std::vector<std::thread> threads;
  {
    const std::lock_guard<std::mutex> closed(gate);
    try {
      while (static_cast<int>(threads.size()) < count) {
        threads.emplace_back([&gate] { const std::lock_guard<std::mutex> wait(gate); });
      }
    } catch (const std::exception&) {
      // The system's limit, or no memory; what has started is what can be had.
    }
  }
  for (std::thread& thread : threads) thread.join();
  return static_cast<int>(threads.size());
}

}  // namespace

// libgomp keeps a pool for each thread that calls it, and ends those that the next team does not need.
int affordable_threads(int count) {
  thread_local int pool = 1;
  if (count <= 1 || in_forked_child.load()) return count;
  pool = count <= pool ? count : pool + try_threads(count - pool);
  return pool;
}

Share::Share() : calls_(calls_under_way.fetch_add(1) + 1) {}
Share::~Share() { calls_under_way.fetch_sub(1); }

// Rounded up: a processor too few idles for sure, one too many is made to wait by the system.
int Share::threads(const RunControl& control) const {
  if (control.num_threads > 0) return control.num_threads;
  const int calls = std::max(1, calls_);
  return (default_num_threads() + calls - 1) / calls;
}

std::string openmp_runtime() {
#if defined(__clang__)
  const std::string runtime = "libomp";
#else
  const std::string runtime = "libgomp";
#endif
  return runtime + " (OpenMP " + std::to_string(openmp_date) + ")";
}

int default_num_threads() {
  static const int by_cgroup = processors_by_cgroup("/sys/fs/cgroup", "/proc/self/cgroup");
  return std::max(1, std::min({processors_by_affinity(), by_cgroup, threads_by_environment()}));
}

}  // namespace coals
