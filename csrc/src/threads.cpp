// How many threads to use when nobody says, and what changes after a fork.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif
#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "parallel.hpp"

namespace coals {

std::atomic<bool> in_forked_child{false};

namespace {

#if !defined(_WIN32)
const int fork_handler = pthread_atfork(nullptr, nullptr, [] { in_forked_child.store(true); });
#endif

int processors_by_affinity() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

// A quota of 150000 of every 100000 microseconds is one and a half processors; it is rounded up.
int processors_by_quota(double quota, double period) {
  if (quota <= 0 || period <= 0) return std::numeric_limits<int>::max();
  return std::max(1, static_cast<int>((quota + period - 1) / period));
}

int processors_by_cgroup() {
  std::string quota;
  double period = 0;
  if (std::ifstream("/sys/fs/cgroup/cpu.max") >> quota >> period) {
    return quota == "max" ? std::numeric_limits<int>::max() : processors_by_quota(std::atof(quota.c_str()), period);
  }
  double quota_us = 0;
  if (std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota_us &&
      std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period) {
    return processors_by_quota(quota_us, period);
  }
  return std::numeric_limits<int>::max();
}

int threads_by_environment() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  const int value = text ? std::atoi(text) : 0;
  return value > 0 ? value : std::numeric_limits<int>::max();
}

// Starts and ends count - 1 threads that are all alive at once, or as many as can be had.
int try_threads(int count) {
  std::mutex gate;
  std::vector<std::thread> threads;
  {
    const std::lock_guard<std::mutex> closed(gate);
    try {
      while (static_cast<int>(threads.size()) < count - 1) {
        threads.emplace_back([&gate] { const std::lock_guard<std::mutex> wait(gate); });
      }
    } catch (const std::system_error&) {
      // The system's limit; what has started is what can be had.
    }
  }
  for (std::thread& thread : threads) thread.join();
  return static_cast<int>(threads.size()) + 1;
}

}  // namespace

int affordable_threads(int count) {
  static std::atomic<int> proven{1};
  if (count <= proven.load() || in_forked_child.load()) return count;
  const int had = try_threads(count);
  if (had == count) proven.store(count);
  return had;
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
  static const int by_cgroup = processors_by_cgroup();
  return std::max(1, std::min({processors_by_affinity(), by_cgroup, threads_by_environment()}));
}

}  // namespace coals
