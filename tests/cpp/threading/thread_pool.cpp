// Teams from many threads at once, while idle workers are ended: no worker starts twice or too late, all work gets
// done.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <vector>

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "threading/parallel.hpp"
#include "threading/thread_pool.hpp"

namespace {

std::atomic<int> failures{0};

void expect(bool right, const char* what) {
  if (right) return;
  ++failures;
  std::printf("FAILED: %s\n", what);
}

struct Job {
  explicit Job(int tasks) : left(tasks) {}

  void work() {
    ++came;
    while (left.fetch_sub(1) > 0) sum.fetch_add(1);
    expect(!over.load(), "a worker runs after its team is gone");
  }

  std::atomic<int> left, came{0}, sum{0};
  std::atomic<bool> over{false};
};

void call_often(int calls, int workers) {
  for (int call = 0; call < calls; ++call) {
    const int tasks = call % 7;
    Job job(tasks);
    {
      const coals::Team team(workers, [](void* own) { static_cast<Job*>(own)->work(); }, &job);
      job.work();
    }
    job.over.store(true);
    expect(job.sum.load() == tasks, "not every task was done once");
    expect(job.came.load() <= workers + 1, "a worker started twice");
    if (call % 100 == 0) coals::end_idle_workers();
  }
}

// Workers do start: without them, the calling thread would wait here for ever.
void meet() {
  struct Meeting {
    std::atomic<int> there{0};
    void work() {
      ++there;
      while (there.load() < 3) std::this_thread::yield();
    }
  } meeting;
  const coals::Team team(2, [](void* own) { static_cast<Meeting*>(own)->work(); }, &meeting);
  meeting.work();
}

// A call with many threads keeps some of them, not all.
void keep_few_idle() {
  struct Counted {
    std::atomic<int> came{0};
  } counted;
  {
    const coals::Team team(400, [](void* own) { ++static_cast<Counted*>(own)->came; }, &counted);
    while (counted.came.load() == 0) std::this_thread::yield();
  }
  const int most = std::max(64, 2 * static_cast<int>(std::thread::hardware_concurrency()));
  expect(coals::idle_workers() > 0 && coals::idle_workers() <= most, "few workers are kept");
  coals::end_idle_workers();
  expect(coals::idle_workers() == 0, "no idle worker is left");
}

#if !defined(_WIN32)
// When `poll` forks, the child is in the call without its workers. It gets an error, and does not wait for them.
void fork_during_a_call() {
  pid_t child = -1;
  coals::RunControl control;
  control.num_threads = 3;
  control.poll = [&] {
    if (child < 0) child = fork();
  };
  std::atomic<int> done{0};
  try {
    coals::parallel_for(100, control, [&](std::int64_t) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++done;
    });
  } catch (const std::runtime_error&) {
    if (child == 0) _exit(7);
    throw;
  }
  if (child == 0) _exit(8);
  int status = 0;
  expect(child > 0 && waitpid(child, &status, 0) == child, "a child was forked");
  expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the child gets an error");
  expect(done.load() == 100, "the parent does all of the work");
}
#endif

}  // namespace

int main() {
#if !defined(_WIN32)
  fork_during_a_call();
#endif
  for (int round = 0; round < 20; ++round) {
    meet();
    if (round % 5 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // long enough to fall asleep
  }
  std::vector<std::thread> callers;
  for (int workers = 0; workers < 4; ++workers) callers.emplace_back(call_often, 5000, workers);
  for (std::thread& caller : callers) caller.join();
  coals::end_idle_workers();
  coals::end_idle_workers();
  meet();
  keep_few_idle();
  std::printf("%d failed\n", failures.load());
  return failures.load() == 0 ? 0 : 1;
}
