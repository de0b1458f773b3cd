#include "threading/layer_of_call.hpp"

#include <atomic>

#include "threading/threading_layer.hpp"

#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#endif

namespace coals {

namespace {

using Clock = std::chrono::steady_clock;

// Ends of regions take microseconds, but milliseconds when a thread has to wait for a processor.
constexpr Clock::duration long_wait = std::chrono::microseconds(200);
// How long calls use the pool after a long wait, as a multiple of it: such waits then take 1/20 of the time at most.
constexpr int pause_per_wait = 20;
// How long calls use the pool when processors are busy, until the next look.
constexpr Clock::duration busy_pause = std::chrono::milliseconds(2);
// The threads of a region that has ended spin up to that long, which makes processors look busy.
constexpr Clock::duration runtime_spin_time = std::chrono::milliseconds(20);

// Until when calls use the pool, and until when they need not look for busy processors.
std::atomic<Clock::rep> pause_end{0}, trust_end{0};

void store(std::atomic<Clock::rep>& end, Clock::time_point time) { end.store(time.time_since_epoch().count()); }

bool is_past(const std::atomic<Clock::rep>& end, Clock::time_point now) {
  return now.time_since_epoch().count() >= end.load(std::memory_order_relaxed);
}

// Whether there are too few free processors for `threads` more threads besides the calling one. False where the system
// does not report that. The look takes microseconds; after a region it is not repeated for 20 ms.
bool processors_are_busy(int threads) {
#if defined(__linux__)
  static const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  const int file = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[128];
  const ssize_t size = read(file, text, sizeof(text) - 1);
  close(file);
  text[size > 0 ? size : 0] = '\0';
  long runnable = 0;  // threads of the whole machine: the fourth field is "runnable/all"
  if (std::sscanf(text, "%*s %*s %*s %ld/", &runnable) != 1) return false;
  return runnable + threads > processors;
#else
  static_cast<void>(threads);
  return false;
#endif
}

}  // namespace

bool pool_is_better(int count) {
  if (omp_is_asked_for()) return false;
  const Clock::time_point now = Clock::now();
  if (!is_past(pause_end, now)) return true;
  if (!is_past(trust_end, now) || !processors_are_busy(count - 1)) return false;
  store(pause_end, now + busy_pause);
  return true;
}

void note_end_of_region(Clock::time_point start_of_wait) {
  const Clock::time_point now = Clock::now();
  const Clock::duration wait = now - start_of_wait;
  if (wait < long_wait) {
    store(trust_end, now + runtime_spin_time);
  } else {
    store(pause_end, now + pause_per_wait * wait);
    store(trust_end, now);
  }
}

}  // namespace coals
