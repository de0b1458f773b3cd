// Threads that are kept from one call to the next. Only this file starts threads.
//
// A team assigns its work to idle workers of the pool. Workers that have not started when the work is done are not
// waited for: the threads of other libraries may occupy the processors, and a barrier would wait until every worker got
// one.
#pragma once

#include <atomic>

namespace coals {

class PoolWorker;
struct IdleWorkers;

// Assigns work(argument), which must not throw, to up to `count` workers. The destructor waits for those that started.
// There are fewer workers when the system refuses threads, or memory for them.
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
  friend class PoolWorker;

  Work work_;
  void* argument_;
  IdleWorkers* idle_ = nullptr;
  PoolWorker* workers_ = nullptr;
  std::atomic<int> inside_{0};
};

// How many workers wait for work.
int idle_workers();

// Ends the workers that have no work. The next team starts new ones.
void end_idle_workers();

}  // namespace coals
