// Crews from many threads at once, dismissed in between: nobody comes twice or after the end, all work gets done.
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

#include "crew.hpp"
#include "parallel.hpp"

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
    expect(!over.load(), "a helper works on after the crew is gone");
  }

  std::atomic<int> left, came{0}, sum{0};
  std::atomic<bool> over{false};
};

void call_often(int calls, int helpers) {
  for (int call = 0; call < calls; ++call) {
    const int tasks = call % 7;
    Job job(tasks);
    {
      const coals::Crew crew(helpers, [](void* own) { static_cast<Job*>(own)->work(); }, &job);
      job.work();
    }
    job.over.store(true);
    expect(job.sum.load() == tasks, "not every task was done once");
    expect(job.came.load() <= helpers + 1, "a helper came twice");
    if (call % 100 == 0) coals::dismiss_helpers();
  }
}

// Helpers do come: without them, the two sides would wait for each other for ever.
void meet() {
  struct Meeting {
    std::atomic<int> there{0};
    void work() {
      ++there;
      while (there.load() < 3) std::this_thread::yield();
    }
  } meeting;
  const coals::Crew crew(2, [](void* own) { static_cast<Meeting*>(own)->work(); }, &meeting);
  meeting.work();
}

// A call with many threads leaves some of them behind, not all.
void leave_few_behind() {
  struct Counted {
    std::atomic<int> came{0};
  } counted;
  {
    const coals::Crew crew(400, [](void* own) { ++static_cast<Counted*>(own)->came; }, &counted);
    while (counted.came.load() == 0) std::this_thread::yield();
  }
  const int most = std::max(64, 2 * static_cast<int>(std::thread::hardware_concurrency()));
  expect(coals::idle_helpers() > 0 && coals::idle_helpers() <= most, "few helpers wait for more work");
  coals::dismiss_helpers();
  expect(coals::idle_helpers() == 0, "none is left");
}

#if !defined(_WIN32)
// Forked by `poll`, the child has the call and none of its helpers: it is told so, and waits for nobody.
void fork_in_the_midst() {
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
  expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the child is told that its helpers are gone");
  expect(done.load() == 100, "the parent does all of the work");
}
#endif

}  // namespace

int main() {
#if !defined(_WIN32)
  fork_in_the_midst();
#endif
  for (int round = 0; round < 20; ++round) {
    meet();
    if (round % 5 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // long enough to fall asleep
  }
  std::vector<std::thread> callers;
  for (int helpers = 0; helpers < 4; ++helpers) callers.emplace_back(call_often, 5000, helpers);
  for (std::thread& caller : callers) caller.join();
  coals::dismiss_helpers();
  coals::dismiss_helpers();
  meet();
  leave_few_behind();
  std::printf("%d failed\n", failures.load());
  return failures.load() == 0 ? 0 : 1;
}
