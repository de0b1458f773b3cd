// Only this file starts threads; omp_team.cpp has OpenMP start them.
#include "threading/thread_pool.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "threading/thread_id.hpp"

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

// Asks all of them to end before it waits for the first.
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
struct TrialThread {
  std::thread thread;

  bool start(std::mutex& all_started, std::size_t) {
    thread = std::thread([&] { const std::lock_guard<std::mutex> wait(all_started); });
    return true;
  }

  void end() { thread.join(); }
};
#else
// Not std::thread: it cannot set the size of the stack, and its threads free memory. For a thread's first use of the
// heap, glibc reserves up to 128 MiB of addresses, which the threads that are tried for might then lack.
struct TrialThread {
  std::mutex* all_started = nullptr;
  pthread_t thread{};
  long id = 0;  // written by the thread itself

  bool start(std::mutex& mutex, std::size_t stack_bytes) {
    all_started = &mutex;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    if (stack_bytes > 0) pthread_attr_setstacksize(&attributes, stack_bytes);  // too small: the default, as in libgomp
    const int error = pthread_create(&thread, &attributes, run, this);
    pthread_attr_destroy(&attributes);
    return error == 0;
  }

  // Linux counts a joined thread until it has left the kernel, which takes a moment. A thread started before that could
  // be refused for its sake. The bound is for an id that another thread got meanwhile.
  void end() {
    pthread_join(thread, nullptr);
    for (int round = 0; round < 10000 && thread_exists(id); ++round) std::this_thread::yield();
  }

  static void* run(void* own) {
    auto& trial = *static_cast<TrialThread*>(own);
    trial.id = id_of_this_thread();
    const std::lock_guard<std::mutex> wait(*trial.all_started);
    return nullptr;
  }
};
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
  int started = 0;
  try {
    threads.resize(static_cast<std::size_t>(count));
    const std::lock_guard<std::mutex> lock(all_started);
    while (started < count && threads[static_cast<std::size_t>(started)].start(all_started, stack_bytes)) ++started;
  } catch (const std::exception&) {
    // Refused: the threads that started are ended below.
  }
  for (int i = 0; i < started; ++i) threads[static_cast<std::size_t>(i)].end();
  return started == count;
}

}  // namespace coals
