#include "crew.hpp"

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

// A helper looks out for work that long before it sleeps: the parts of a call follow each other closely, and to wake a
// thread takes tens of microseconds. It yields as it looks, since others may have work for its processor.
constexpr std::chrono::microseconds lookout{100};

}  // namespace

// A thread that does the work of one crew after the other.
class Helper {
 public:
  // Throws std::system_error where the system refuses a thread.
  Helper() : thread_([this] { live(); }) {}

  ~Helper() { thread_.join(); }

  // Lets the thread end, which must have no work.
  void end() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ending_.store(true);
    }
    awake_.notify_one();
  }

  void invite(Crew& crew) {
    invitation_.store(&crew);
    if (!asleep_.load()) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
    }  // it waits by now, or sees the invitation before it does
    awake_.notify_one();
  }

  // Whether it has not come, and will not any more.
  bool take_back(Crew& crew) {
    Crew* expected = &crew;
    return invitation_.compare_exchange_strong(expected, nullptr);
  }

  // In the list that it is in: of a crew, or of those without work.
  Helper* next = nullptr;

 private:
  void live() {
    make_room_for_exceptions();
    while (!ending_.load()) {
      if (Crew* crew = invitation_.exchange(nullptr)) {
        crew->work_(crew->worker_);
        crew->inside_.fetch_sub(1);  // the crew may be gone from here on
      } else {
        wait();
      }
    }
  }

  // The first exception of a thread takes memory of its own, for which glibc ends the process where there is none: so
  // the first one is thrown at once, into the room kept for it, and not when memory has run out.
  void make_room_for_exceptions() {
    room_.reset();
    try {
      throw 0;
    } catch (int) {
    }
  }

  bool wanted() const { return invitation_.load() != nullptr || ending_.load(); }

  void wait() {
    const auto end = std::chrono::steady_clock::now() + lookout;
    while (std::chrono::steady_clock::now() < end) {
      for (int look = 0; look < 8; ++look) {
        if (wanted()) return;
        std::this_thread::yield();
      }
    }
    std::unique_lock<std::mutex> lock(mutex_);
    asleep_.store(true);
    awake_.wait(lock, [this] { return wanted(); });
    asleep_.store(false);
  }

  std::unique_ptr<char[]> room_{new char[1 << 16]};
  std::atomic<Crew*> invitation_{nullptr};
  std::atomic<bool> asleep_{false};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::condition_variable awake_;
  std::thread thread_;  // last: it uses all of the others
};

// Helpers without work, the last one to finish first.
struct Idle {
  std::mutex mutex;
  Helper* first = nullptr;
  int count = 0;

  void add(Helper* helper) {
    helper->next = first;
    first = helper;
    ++count;
  }

  Helper* take() {
    Helper* helper = first;
    if (!helper) return nullptr;
    first = helper->next;
    --count;
    return helper;
  }
};

namespace {

// All are told before the first is waited for.
void end_all(Helper* list) {
  for (Helper* helper = list; helper; helper = helper->next) helper->end();
  while (list) delete std::exchange(list, list->next);
}

// A single call with a thousand threads must not leave as many behind.
int most_idle() {
  static const int most = std::max(64, 2 * static_cast<int>(std::thread::hardware_concurrency()));
  return most;
}

// Made by the first call, and never destroyed: calls may be under way while the process ends.
std::atomic<Idle*> idle{nullptr};

Idle& idle_ones() {
  Idle* found = idle.load();
  if (found) return *found;
  Idle* made = new Idle;
  if (idle.compare_exchange_strong(found, made)) return *made;
  delete made;
  return *found;
}

#if !defined(_WIN32)
// A forked child has none of its parent's helpers, whose lock may be held by a thread that is not there either.
const int fork_handler = pthread_atfork(nullptr, nullptr, [] { idle.store(nullptr); });

// Where a library that has coals in it is unloaded, no thread may be left in its code. (Windows has ended all threads
// by the time a process unloads it, and lets none be waited for while it is unloaded from a running one.)
const struct Farewell {
  ~Farewell() { dismiss_helpers(); }
} farewell;
#endif

}  // namespace

void dismiss_helpers() {
  Idle* ready = idle.load();
  if (!ready) return;
  // Whoever ends the process from a signal handler may hold the lock.
  const std::unique_lock<std::mutex> lock(ready->mutex, std::try_to_lock);
  if (!lock) return;
  ready->count = 0;
  end_all(std::exchange(ready->first, nullptr));
}

Crew::Crew(int count, Work work, void* worker) noexcept : work_(work), worker_(worker) {
  if (count <= 0) return;
  int missing = count;
  const auto add = [&](Helper* helper) {
    helper->next = invited_;
    invited_ = helper;
    --missing;
  };
  try {
    idle_ = &idle_ones();
    {
      const std::lock_guard<std::mutex> lock(idle_->mutex);
      while (missing > 0 && idle_->first) add(idle_->take());
    }
    while (missing > 0) add(new Helper);
  } catch (const std::exception&) {
    // The system's limit, or no memory: those that are there share the work.
  }
  inside_.store(count - missing);
  for (Helper* helper = invited_; helper; helper = helper->next) helper->invite(*this);
}

bool Crew::orphaned() const { return invited_ && idle.load() != idle_; }

Crew::~Crew() {
  if (!invited_ || orphaned()) return;
  for (Helper* helper = invited_; helper; helper = helper->next) {
    if (helper->take_back(*this)) inside_.fetch_sub(1);
  }
  while (inside_.load() > 0) std::this_thread::yield();
  Helper* surplus = nullptr;
  {
    const int most = most_idle();
    const std::lock_guard<std::mutex> lock(idle_->mutex);
    while (Helper* helper = invited_) {
      invited_ = helper->next;
      if (idle_->count < most) {
        idle_->add(helper);
      } else {
        helper->next = std::exchange(surplus, helper);
      }
    }
  }
  end_all(surplus);
}

int idle_helpers() {
  Idle* ready = idle.load();
  if (!ready) return 0;
  const std::lock_guard<std::mutex> lock(ready->mutex);
  return ready->count;
}

}  // namespace coals
