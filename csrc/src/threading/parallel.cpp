#include "threading/parallel.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace coals {

namespace {

// One parallel_for: what its threads share.
struct Tasks {
  Tasks(std::int64_t tasks, const RunControl& control, TakeTasks take, void* argument)
      : queue(tasks, control), take(take), argument(argument) {}

  void work(bool is_caller) {
    std::int64_t task = 0;
    queue.enter();
    try {
      take(argument, queue, is_caller, task);
      if (is_caller) queue.wait_for_others();
    } catch (const Stopped&) {
    } catch (...) {
      queue.fail(std::max<std::int64_t>(task, 0), std::current_exception());
    }
    queue.leave();
  }

  TaskQueue queue;
  TakeTasks take;
  void* argument;
};

}  // namespace

void TaskQueue::poll() {
  try {
    poller_();
    if (team_ && team_->workers_lost()) {
      throw std::runtime_error(
          "the process was forked during this call; its worker threads do not exist in the child. Call "
          "again in the child");
    }
  } catch (...) {
    fail(0, std::current_exception());
    throw;
  }
}

void TaskQueue::wait_for_others() {
  for (int round = 0; active_.load() > 1; ++round) {
    if (round < 1000) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      poll();
    }
  }
}

void TaskQueue::fail(std::int64_t task, std::exception_ptr error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (error_ && task >= limit_.load()) return;
  limit_.store(task);
  error_ = error;
}

void TaskQueue::rethrow() {
  if (error_) std::rethrow_exception(error_);
}

void run_tasks(std::int64_t tasks, const RunControl& control, TakeTasks take, void* argument) {
  if (tasks <= 0) {
    wanted_threads(control);  // an argument error even where there is nothing to do
    return;
  }
  Tasks all(tasks, control, take, argument);
  in_team(control, tasks, [&] {
    const auto count = static_cast<int>(std::min<std::int64_t>(team_threads(control), tasks));
    const Team team(count - 1, [](void* own) { static_cast<Tasks*>(own)->work(false); }, &all);
    all.queue.set_team(team);
    all.work(true);
  });
  all.queue.rethrow();
}

}  // namespace coals
