#include "threading/team.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "threading/cpu_share.hpp"
#include "threading/omp_team.hpp"
#include "threading/thread_pool.hpp"
#include "threading/threading_layer.hpp"

namespace coals {

namespace {

// How long a worker polls for work before it sleeps. The phases of a call follow each other closely, and waking a
// thread takes tens of microseconds. It yields between polls, since other threads may need its processor.
constexpr std::chrono::microseconds spin_time{100};

std::atomic<int> forks{0};

#if !defined(_WIN32)
const int fork_handler = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1); });
#endif

// What the calling thread has while run_in_team is on its stack.
struct RunningCall {
  CpuShare share;
  int forks = fork_count();
  std::int64_t most_threads;
  bool in_region = false;
  WorkerList region_workers;
};

thread_local RunningCall* running_call = nullptr;

}  // namespace

int fork_count() { return forks.load(); }

void TeamWorker::run() {
  while (!ending_.load()) {
    if (Team* team = team_.exchange(nullptr)) {
      if (room_) make_room_for_exceptions();
      team->work_(team->argument_);
      team->inside_.fetch_sub(1);  // the team may be gone from here on
    } else {
      wait();
    }
  }
}

// The first exception of a thread allocates memory, and glibc ends the process when that fails. So the thread throws
// one before its first work, while there is memory set aside for it, and not when memory has run out. No earlier: by
// its first work, all threads of an OpenMP region have started, whose stacks need the addresses that this takes.
void TeamWorker::make_room_for_exceptions() {
  room_.reset();
  try {
    throw 0;
  } catch (int) {
  }
}

void TeamWorker::end() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_.store(true);
  }
  awake_.notify_one();
}

void TeamWorker::assign(Team& team) {
  team_.store(&team);
  if (!asleep_.load()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
  }  // by now the worker waits, or it sees its team before it waits
  awake_.notify_one();
}

bool TeamWorker::revoke(Team& team) {
  Team* expected = &team;
  return team_.compare_exchange_strong(expected, nullptr);
}

void TeamWorker::wait() {
  const auto end = std::chrono::steady_clock::now() + spin_time;
  while (std::chrono::steady_clock::now() < end) {
    for (int poll = 0; poll < 8; ++poll) {
      if (has_work()) return;
      std::this_thread::yield();
    }
  }
  std::unique_lock<std::mutex> lock(mutex_);
  asleep_.store(true);
  awake_.wait(lock, [this] { return has_work(); });
  asleep_.store(false);
}

Team::Team(int count, Work work, void* argument) noexcept : work_(work), argument_(argument), forks_(fork_count()) {
  const bool in_region = running_call && running_call->in_region && running_call->forks == forks_;
  region_workers_ = in_region ? &running_call->region_workers : nullptr;
  if (in_region) {
    while (workers_.count < count && region_workers_->first) workers_.add(region_workers_->take());
  } else if (count > 0) {
    workers_ = take_pool_workers(count);
  }
  inside_.store(workers_.count);
  for (TeamWorker* worker = workers_.first; worker; worker = worker->next) worker->assign(*this);
}

bool Team::workers_lost() const { return workers_.first && forks_ != fork_count(); }

Team::~Team() {
  if (!workers_.first || workers_lost()) return;
  for (TeamWorker* worker = workers_.first; worker; worker = worker->next) {
    if (worker->revoke(*this)) inside_.fetch_sub(1);
  }
  while (inside_.load() > 0) std::this_thread::yield();
  if (region_workers_) {
    while (workers_.first) region_workers_->add(workers_.take());
  } else {
    return_pool_workers(workers_);
  }
}

int team_threads(const RunControl& control) {
  return static_cast<int>(std::min<std::int64_t>(running_call->share.threads(control), running_call->most_threads));
}

void run_in_team(const RunControl& control, std::int64_t most_threads, Call call, void* argument) {
  if (running_call) return call(argument);
  struct Scope {
    explicit Scope(std::int64_t most) {
      own.most_threads = most;
      running_call = &own;
    }
    ~Scope() { running_call = nullptr; }
    RunningCall own;
  } scope(most_threads);
  const int count = team_threads(control);
  if (count > 1 && threading_layer_in_use() == ThreadingLayer::omp) {
    OmpTeam team(count, scope.own.region_workers);
    if (team.possible()) {
      scope.own.in_region = true;
      return team.run(call, argument);
    }
  }
  call(argument);
}

void run_in_team(const RunControl& control, const std::function<void()>& call) { in_team(control, std::cref(call)); }

}  // namespace coals
