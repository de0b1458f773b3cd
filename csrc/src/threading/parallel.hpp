// `parallel_for` runs numbered tasks on the calling thread and on the workers of its team.
//
// Threads take tasks in rising order as they become free, so results must not depend on which thread ran a task: tasks
// write only to memory of their own, and callers reduce over tasks in order. An exception stops the tasks above the
// failing one and lets those below finish. The exception of the lowest task is thrown, so errors do not depend on the
// number of threads. An exception from RunControl::poll stops all tasks. Long tasks take a CancellationCheck as their
// third argument and call it every few milliseconds.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <type_traits>
#include <vector>

#include "coals/run_control.hpp"
#include "coals/runtime.hpp"
#include "threading/cpu_share.hpp"
#include "threading/poller.hpp"
#include "threading/team.hpp"

namespace coals {

// Hands out tasks, keeps the failure of the lowest task, polls on the calling thread.
class TaskQueue {
 public:
  TaskQueue(std::int64_t tasks, const RunControl& control) : poller_(control), limit_(tasks) {}

  // Set by the calling thread before it works.
  void set_team(const Team& team) { team_ = &team; }

  // For the calling thread alone. Its exceptions come before the failure of any task.
  void poll();

  // Whether a task at or below this one has failed.
  bool stopped(std::int64_t task) const { return task >= limit_.load(std::memory_order_relaxed); }

  // The next task, or -1 when all tasks are taken.
  std::int64_t next() {
    const std::int64_t task = next_.fetch_add(1);
    return task < limit_.load() ? task : -1;
  }

  // Every thread enters before its first task and leaves after its last.
  void enter() { active_.fetch_add(1); }
  void leave() { active_.fetch_sub(1); }

  // The calling thread waits here, still polling, while others finish their last tasks. No task is left, so a thread
  // that enters later leaves at once.
  void wait_for_others();

  void fail(std::int64_t task, std::exception_ptr error);
  void rethrow();

 private:
  Poller poller_;
  const Team* team_ = nullptr;
  std::atomic<int> active_{0};
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::int64_t> limit_;
  std::mutex mutex_;
  std::exception_ptr error_;
};

// Ends a task whose result is no longer needed.
struct Stopped {};

// Long tasks call this every few milliseconds. It polls for Ctrl-C on the calling thread, and ends the task once a
// lower one has failed.
class CancellationCheck {
 public:
  CancellationCheck(TaskQueue& queue, std::int64_t task, bool is_caller)
      : queue_(queue), task_(task), is_caller_(is_caller) {}

  void operator()() const {
    if (is_caller_) queue_.poll();
    if (queue_.stopped(task_)) throw Stopped{};
  }

 private:
  TaskQueue& queue_;
  std::int64_t task_;
  bool is_caller_;
};

// Takes tasks from the queue until all are taken. `task` is the current one, for the report of an exception.
using TakeTasks = void (*)(void* argument, TaskQueue& queue, bool is_caller, std::int64_t& task);

// take(argument, …) on all threads of the team.
void run_tasks(std::int64_t tasks, const RunControl& control, TakeTasks take, void* argument);

// body(state, task) or body(state, task, check_cancelled) for every task in [0, tasks). Every thread makes one state
// for itself.
template <class MakeState, class Body>
void parallel_for(std::int64_t tasks, const RunControl& control, MakeState make_state, Body body) {
  auto take = [&](TaskQueue& queue, bool is_caller, std::int64_t& task) {
    auto state = make_state();
    while ((task = queue.next()) >= 0) {
      if constexpr (std::is_invocable_v<Body&, decltype(state)&, std::int64_t, const CancellationCheck&>) {
        body(state, task, CancellationCheck(queue, task, is_caller));
      } else {
        body(state, task);
      }
      if (is_caller) queue.poll();
    }
  };
  run_tasks(
      tasks, control,
      [](void* own, TaskQueue& queue, bool is_caller, std::int64_t& task) {
        (*static_cast<decltype(take)*>(own))(queue, is_caller, task);
      },
      &take);
}

template <class Body>
void parallel_for(std::int64_t tasks, const RunControl& control, Body body) {
  struct Nothing {};
  const auto nothing = [] { return Nothing{}; };
  if constexpr (std::is_invocable_v<Body&, std::int64_t, const CancellationCheck&>) {
    parallel_for(tasks, control, nothing, [&](Nothing&, std::int64_t task, const CancellationCheck& check_cancelled) {
      body(task, check_cancelled);
    });
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
