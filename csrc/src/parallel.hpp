// `parallel_for` hands numbered tasks to workers: the calling thread and a crew of helpers.
//
// Tasks are taken in rising order, each by whoever is free, so results must not depend on who ran what: callers write
// to places that belong to the task, and reduce over tasks in order. An exception stops the tasks above the failing one
// and lets those below finish; the one from the lowest task is thrown, so errors do not depend on the thread count.
// One from RunControl::poll stops all. A task that may take long takes a Pulse as its third argument and calls it every
// few milliseconds.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include "coals/config.hpp"
#include "coals/run_control.hpp"
#include "crew.hpp"
#include "poller.hpp"
#include "share.hpp"

namespace coals {

// Hands out tasks, keeps the first failure, polls on the calling thread.
class Supervisor {
 public:
  Supervisor(std::int64_t tasks, const RunControl& control) : poller_(control), limit_(tasks) {}

  // Set by the calling thread before it works.
  void lead(const Crew& crew) { crew_ = &crew; }

  // For the calling thread alone. What it throws comes before the failure of any task.
  void poll() {
    try {
      poller_();
      if (crew_ && crew_->orphaned()) {
        throw std::runtime_error(
            "the process was forked in the midst of this call, whose other threads are gone: in the "
            "child, start again");
      }
    } catch (...) {
      fail(0, std::current_exception());
      throw;
    }
  }

  // Whether a task at or below this one has failed.
  bool stopped(std::int64_t task) const { return task >= limit_.load(std::memory_order_relaxed); }

  // The next task, or -1 when there is none left.
  std::int64_t next() {
    const std::int64_t task = next_.fetch_add(1);
    return task < limit_.load() ? task : -1;
  }

  // Every worker enters before its first task and leaves after its last.
  void enter() { active_.fetch_add(1); }
  void leave() { active_.fetch_sub(1); }

  // The calling thread waits here, still listening, while others finish their last tasks: no task is left to be taken,
  // so whoever enters later leaves at once.
  void wait_for_others() {
    for (int round = 0; active_.load() > 1; ++round) {
      if (round < 1000) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        poll();
      }
    }
  }

  void fail(std::int64_t task, std::exception_ptr error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (error_ && task >= limit_.load()) return;
    limit_.store(task);
    error_ = error;
  }

  void rethrow() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  Poller poller_;
  const Crew* crew_ = nullptr;
  std::atomic<int> active_{0};
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::int64_t> limit_;
  std::mutex mutex_;
  std::exception_ptr error_;
};

// Ends a task whose result nobody waits for any more.
struct Stopped {};

// Called now and then by a long task: listens for Ctrl-C on the calling thread, and ends the task once another has
// failed.
class Pulse {
 public:
  Pulse(Supervisor& supervisor, std::int64_t task, bool is_caller)
      : supervisor_(supervisor), task_(task), is_caller_(is_caller) {}

  void operator()() const {
    if (is_caller_) supervisor_.poll();
    if (supervisor_.stopped(task_)) throw Stopped{};
  }

 private:
  Supervisor& supervisor_;
  std::int64_t task_;
  bool is_caller_;
};

// body(state, task) or body(state, task, pulse) for every task in [0, tasks); every worker makes one state for itself.
template <class MakeState, class Body>
void parallel_for(std::int64_t tasks, const RunControl& control, MakeState make_state, Body body) {
  const Share share;
  const std::int64_t wanted = share.threads(control);
  if (tasks <= 0) return;
  const int count = static_cast<int>(std::min(wanted, tasks));
  Supervisor supervisor(tasks, control);
  auto worker = [&](bool is_caller) {
    std::int64_t task = 0;
    supervisor.enter();
    try {
      auto state = make_state();
      while ((task = supervisor.next()) >= 0) {
        if constexpr (std::is_invocable_v<Body&, decltype(state)&, std::int64_t, const Pulse&>) {
          body(state, task, Pulse(supervisor, task, is_caller));
        } else {
          body(state, task);
        }
        if (is_caller) supervisor.poll();
      }
      if (is_caller) supervisor.wait_for_others();
    } catch (const Stopped&) {
    } catch (...) {
      supervisor.fail(std::max<std::int64_t>(task, 0), std::current_exception());
    }
    supervisor.leave();
  };
  {
    const Crew crew(count - 1, [](void* own) { (*static_cast<decltype(worker)*>(own))(false); }, &worker);
    supervisor.lead(crew);
    worker(true);
  }
  supervisor.rethrow();
}

template <class Body>
void parallel_for(std::int64_t tasks, const RunControl& control, Body body) {
  struct Nothing {};
  const auto nothing = [] { return Nothing{}; };
  if constexpr (std::is_invocable_v<Body&, std::int64_t, const Pulse&>) {
    parallel_for(tasks, control, nothing, [&](Nothing&, std::int64_t task, const Pulse& pulse) { body(task, pulse); });
  } else {
    parallel_for(tasks, control, nothing, [&](Nothing&, std::int64_t task) { body(task); });
  }
}

// Rows cut into tasks of about `cost_per_task`, never cutting a row: task t holds rows begin[t] .. begin[t + 1].
// The cut depends on the costs alone, never on the number of threads.
template <class RowCost>
std::vector<std::int64_t> balanced_tasks(std::int64_t rows, double cost_per_task, RowCost row_cost) {
  std::vector<std::int64_t> begin{0};
  double cost = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    cost += row_cost(i);
    if (cost >= cost_per_task || i + 1 == rows) {
      begin.push_back(i + 1);
      cost = 0;
    }
  }
  return begin;
}

}  // namespace coals
