// Teams: the calling thread and workers that share the work of one call, whichever threads the workers are.
//
// A worker is a thread that waits for work: one of the thread pool, or one of an OpenMP region. Workers that have not
// started when the work is done are not waited for: the threads of other libraries may occupy the processors, and a
// barrier would wait until every worker got one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "coals/run_control.hpp"

namespace coals {

class Team;

// Where a thread waits for the work of one team after another.
class TeamWorker {
 public:
  // `new_thread`: the thread has not thrown exceptions yet, so memory for the first one is set aside.
  explicit TeamWorker(bool new_thread) : room_(new_thread ? new char[1 << 16] : nullptr) {}

  // By the thread itself: works until end().
  void run();

  // Tells the thread, which must have no work, to leave run().
  void end();

  void assign(Team& team);

  // Whether the worker had not started on the work, and now will not.
  bool revoke(Team& team);

  // In the WorkerList it belongs to.
  TeamWorker* next = nullptr;

 private:
  void make_room_for_exceptions();
  bool has_work() const { return team_.load() != nullptr || ending_.load(); }
  void wait();

  std::unique_ptr<char[]> room_;
  std::atomic<Team*> team_{nullptr};
  std::atomic<bool> asleep_{false};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::condition_variable awake_;
};

// The last one added is taken first: its thread is the most likely to be awake.
struct WorkerList {
  TeamWorker* first = nullptr;
  int count = 0;

  void add(TeamWorker* worker) {
    worker->next = first;
    first = worker;
    ++count;
  }

  TeamWorker* take() {
    TeamWorker* worker = first;
    if (!worker) return nullptr;
    first = worker->next;
    --count;
    return worker;
  }
};

// Assigns work(argument), which must not throw, to up to `count` workers: those of the OpenMP region that the calling
// thread is in, or those of the thread pool. The destructor waits for the workers that started.
class Team {
 public:
  using Work = void (*)(void* argument);

  Team(int count, Work work, void* argument) noexcept;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  // Whether this process is a child, forked since, in which the workers do not exist.
  bool workers_lost() const;

 private:
  friend class TeamWorker;

  Work work_;
  void* argument_;
  int forks_;
  WorkerList* region_workers_;
  WorkerList workers_;
  std::atomic<int> inside_{0};
};

// How many times this process has been forked off: of the child, its parent and so on, as far as coals was loaded
// there.
int fork_count();

using Call = void (*)(void* argument);

// call(argument) on the calling thread, with a team for all parallel_for in it: in layer omp, one OpenMP region of up
// to `most_threads` threads around the whole call, so that its phases do not each wait at the barrier of a region.
// Within such a call, it only calls.
void run_in_team(const RunControl& control, std::int64_t most_threads, Call call, void* argument);

// The threads that one parallel_for uses, inside run_in_team.
int team_threads(const RunControl& control);

// function() in run_in_team; returns its result.
template <class Function>
auto in_team(const RunControl& control, std::int64_t most_threads, Function function) {
  using Result = decltype(function());
  if constexpr (std::is_void_v<Result>) {
    run_in_team(control, most_threads, [](void* own) { (*static_cast<Function*>(own))(); }, &function);
  } else {
    std::optional<Result> result;
    in_team(control, most_threads, [&] { result.emplace(function()); });
    return std::move(*result);
  }
}

template <class Function>
auto in_team(const RunControl& control, Function function) {
  return in_team(control, std::numeric_limits<std::int64_t>::max(), std::move(function));
}

}  // namespace coals
