// How many threads to use by default.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "coals/runtime.hpp"
#include "runtime/require.hpp"
#include "threading/cgroup.hpp"
#include "threading/cpu_share.hpp"
#include "threading/omp_team.hpp"
#include "threading/team.hpp"
#include "threading/threading_layer.hpp"

namespace coals {

namespace {

std::atomic<int> running_calls{0};

#if !defined(_WIN32)
// The parent's other threads, and their calls, do not exist in the child.
const int fork_handler = pthread_atfork(nullptr, nullptr, [] { running_calls.store(0); });
#endif

int processors_by_affinity() {
  if (threading_layer_in_use() == ThreadingLayer::omp && bound_processors() > 0) return bound_processors();
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

}  // namespace

CpuShare::CpuShare() : forks_(fork_count()) { running_calls.fetch_add(1); }

CpuShare::~CpuShare() {
  if (forks_ == fork_count()) running_calls.fetch_sub(1);
}

// Rounded up: a processor too few is idle for sure, and one too many only waits for its turn.
int CpuShare::threads(const RunControl& control) const {
  const int wanted = wanted_threads(control), calls = std::max(1, running_calls.load());
  return control.num_threads > 0 ? wanted : (wanted + calls - 1) / calls;
}

int wanted_threads(const RunControl& control) {
  require(control.num_threads >= 0, "num_threads must not be negative");
  return std::min(most_threads, control.num_threads > 0 ? control.num_threads : default_num_threads());
}

int default_num_threads() {
  static const int by_cgroup = processors_by_cgroup("/sys/fs/cgroup", "/proc/self/cgroup");
  return std::max(1, std::min({processors_by_affinity(), by_cgroup, threads_by_environment()}));
}

}  // namespace coals
