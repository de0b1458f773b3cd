#include "thread_pool.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace coals {

namespace {

// How long a worker polls for work before it sleeps. The phases of a call follow each other closely, and waking a
// thread takes tens of microseconds. It yields between polls, since other threads may need its processor.
constexpr std::chrono::microseconds spin_time{100};

}  // namespace

// A thread that works for one team after another.
class PoolWorker {
 public:
  // Throws std::system_error when the system refuses a thread.
  PoolWorker() : thread_([this] { run(); }) {}

  ~PoolWorker() { thread_.join(); }

  // Tells the thread, which must have no work, to end.
  void end() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ending_.store(true);
    }
    awake_.notify_one();
  }

  void assign(Team& team) {
    team_.store(&team);
    if (!asleep_.load()) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
    }  // by now the worker waits, or it sees its team before it waits
    awake_.notify_one();
  }

  // Whether the worker had not started on the work, and now will not.
  bool revoke(Team& team) {
    Team* expected = &team;
    return team_.compare_exchange_strong(expected, nullptr);
  }

  // In the list it belongs to: the workers of a team, or the idle workers.
  PoolWorker* next = nullptr;

 private:
  void run() {
    make_room_for_exceptions();
    while (!ending_.load()) {
      if (Team* team = team_.exchange(nullptr)) {
        team->work_(team->argument_);
        team->inside_.fetch_sub(1);  // the team may be gone from here on
      } else {
        wait();
      }
    }
  }

  // The first exception of a thread allocates memory, and glibc ends the process when that fails. So the thread throws
  // one at once, while there is memory set aside for it, and not when memory has run out.
  void make_room_for_exceptions() {
    room_.reset();
    try {
      throw 0;
    } catch (int) {
    }
  }

  bool has_work() const { return team_.load() != nullptr || ending_.load(); }

  void wait() {
    const auto end = std::chrono::steady_clock::now() + spin_time;
    while (std::chrono::steady_clock::now() < end) {
      for (int look = 0; look < 8; ++look) {
        if (has_work()) return;
        std::this_thread::yield();
      }
    }
    std::unique_lock<std::mutex> lock(mutex_);
    asleep_.store(true);
    awake_.wait(lock, [this] { return has_work(); });
    asleep_.store(false);
  }

  std::unique_ptr<char[]> room_{new char[1 << 16]};
  std::atomic<Team*> team_{nullptr};
  std::atomic<bool> asleep_{false};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::condition_variable awake_;
  std::thread thread_;  // last: it uses all of the others
};

// Workers without work, the last one to finish first.
struct IdleWorkers {
  std::mutex mutex;
  PoolWorker* first = nullptr;
  int count = 0;

  void add(PoolWorker* worker) {
    worker->next = first;
    first = worker;
    ++count;
  }

  PoolWorker* take() {
    PoolWorker* worker = first;
    if (!worker) return nullptr;
    first = worker->next;
    --count;
    return worker;
  }
};

namespace {

// Tells all of them to end before waiting for the first.
void end_all(PoolWorker* list) {
  for (PoolWorker* worker = list; worker; worker = worker->next) worker->end();
  while (list) delete std::exchange(list, list->next);
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

}  // namespace

void end_idle_workers() {
  IdleWorkers* ready = idle.load();
  if (!ready) return;
  // A thread that ends the process from a signal handler may hold the lock.
  const std::unique_lock<std::mutex> lock(ready->mutex, std::try_to_lock);
  if (!lock) return;
  ready->count = 0;
  end_all(std::exchange(ready->first, nullptr));
}

Team::Team(int count, Work work, void* argument) noexcept : work_(work), argument_(argument) {
  if (count <= 0) return;
  int missing = count;
  const auto add = [&](PoolWorker* worker) {
    worker->next = workers_;
    workers_ = worker;
    --missing;
  };
  try {
    idle_ = &all_idle_workers();
    {
      const std::lock_guard<std::mutex> lock(idle_->mutex);
      while (missing > 0 && idle_->first) add(idle_->take());
    }
    while (missing > 0) add(new PoolWorker);
  } catch (const std::exception&) {
    // No more threads, or no memory for one: the workers found so far share the work.
  }
  inside_.store(count - missing);
  for (PoolWorker* worker = workers_; worker; worker = worker->next) worker->assign(*this);
}

bool Team::workers_lost() const { return workers_ && idle.load() != idle_; }

Team::~Team() {
  if (!workers_ || workers_lost()) return;
  for (PoolWorker* worker = workers_; worker; worker = worker->next) {
    if (worker->revoke(*this)) inside_.fetch_sub(1);
  }
  while (inside_.load() > 0) std::this_thread::yield();
  PoolWorker* surplus = nullptr;
  {
    const int most = most_idle();
    const std::lock_guard<std::mutex> lock(idle_->mutex);
    while (PoolWorker* worker = workers_) {
      workers_ = worker->next;
      if (idle_->count < most) {
        idle_->add(worker);
      } else {
        worker->next = std::exchange(surplus, worker);
      }
    }
  }
  end_all(surplus);
}

int idle_workers() {
  IdleWorkers* ready = idle.load();
  if (!ready) return 0;
  const std::lock_guard<std::mutex> lock(ready->mutex);
  return ready->count;
}

}  // namespace coals
