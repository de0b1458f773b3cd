// Only this file starts threads; omp_team.cpp has OpenMP start them.
#include "threading/thread_pool.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace coals {

namespace {

struct PoolWorker : TeamWorker {
  // Throws std::system_error when the system refuses a thread.
  PoolWorker() : TeamWorker(true), thread([this] { run(); }) {}
  ~PoolWorker() { thread.join(); }

  std::thread thread;
};

struct IdleWorkers {
  std::mutex mutex;
  WorkerList list;
};

// Tells all of them to end before waiting for the first.
void end_all(WorkerList workers) {
  for (TeamWorker* worker = workers.first; worker; worker = worker->next) worker->end();
  while (workers.first) delete static_cast<PoolWorker*>(workers.take());
}

// A single call with a thousand threads must not leave as many behind.
int most_idle() {
  static const int most = std::max(64, 2 * static_cast<int>(std::thread::hardware_concurrency()));
  return most;
}

// Made by the first call and never destroyed: calls may be running while the process ends.
std::atomic<IdleWorkers*> idle{nullptr};

IdleWorkers& all_idle_workers() {
  IdleWorkers* found = idle.load();
  if (found) return *found;
  IdleWorkers* made = new IdleWorkers;
  if (idle.compare_exchange_strong(found, made)) return *made;
  delete made;
  return *found;
}

#if !defined(_WIN32)
// A forked child has none of its parent's workers, and a thread that does not exist there may hold their lock.
const int fork_handler = pthread_atfork(nullptr, nullptr, [] { idle.store(nullptr); });

// When a library that contains coals is unloaded, no thread may still run its code. (On Windows, all threads have ended
// by the time a process unloads it, and they cannot be joined while a running process unloads it.)
const struct EndAtUnload {
  ~EndAtUnload() { end_idle_workers(); }
} end_at_unload;
#endif

#if defined(_WIN32)
using TrialThread = std::thread;

TrialThread start_trial_thread(std::mutex& all_started, std::size_t) {
  return std::thread([&] { const std::lock_guard<std::mutex> wait(all_started); });
}

void join(TrialThread& thread) { thread.join(); }
#else
using TrialThread = pthread_t;

void* wait_for(void* all_started) {
  const std::lock_guard<std::mutex> wait(*static_cast<std::mutex*>(all_started));
  return nullptr;
}

// Not std::thread: it cannot set the size of the stack, and its threads free memory. For a thread's first use of the
// heap, glibc reserves up to 128 MiB of addresses, which the threads that are tried for might then lack.
TrialThread start_trial_thread(std::mutex& all_started, std::size_t stack_bytes) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) throw std::bad_alloc();
  if (stack_bytes > 0) pthread_attr_setstacksize(&attributes, stack_bytes);  // too small: the default, as in libgomp
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, wait_for, &all_started);
  pthread_attr_destroy(&attributes);
  if (error != 0) throw std::system_error(error, std::generic_category());
  return thread;
}

void join(TrialThread thread) { pthread_join(thread, nullptr); }
#endif

}  // namespace

void end_idle_workers() {
  IdleWorkers* ready = idle.load();
  if (!ready) return;
  // A thread that ends the process from a signal handler may hold the lock.
  const std::unique_lock<std::mutex> lock(ready->mutex, std::try_to_lock);
  if (lock) end_all(std::exchange(ready->list, {}));
}

WorkerList take_pool_workers(int count) noexcept {
  WorkerList taken;
  try {
    IdleWorkers& ready = all_idle_workers();
    {
      const std::lock_guard<std::mutex> lock(ready.mutex);
      while (taken.count < count && ready.list.first) taken.add(ready.list.take());
    }
    while (taken.count < count) taken.add(new PoolWorker);
  } catch (const std::exception&) {
    // No more threads, or no memory for one: the workers found so far share the work.
  }
  return taken;
}

void return_pool_workers(WorkerList workers) {
  IdleWorkers& ready = *idle.load();  // where the workers came from: this process has not been forked off since
  WorkerList surplus;
  {
    const int most = most_idle();
    const std::lock_guard<std::mutex> lock(ready.mutex);
    while (workers.first) (ready.list.count < most ? ready.list : surplus).add(workers.take());
  }
  end_all(surplus);
}

int idle_workers() {
  IdleWorkers* ready = idle.load();
  if (!ready) return 0;
  const std::lock_guard<std::mutex> lock(ready->mutex);
  return ready->list.count;
}

bool can_start_threads(int count, std::size_t stack_bytes) noexcept {
  std::mutex all_started;
  std::vector<TrialThread> threads;
  try {
    threads.reserve(static_cast<std::size_t>(count));
    const std::lock_guard<std::mutex> lock(all_started);
    while (static_cast<int>(threads.size()) < count) threads.push_back(start_trial_thread(all_started, stack_bytes));
  } catch (const std::exception&) {
    // Refused: those that started are joined below.
  }
  for (TrialThread& thread : threads) join(thread);
  return static_cast<int>(threads.size()) == count;
}

}  // namespace coals
