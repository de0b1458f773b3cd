// The only file that uses OpenMP, and the only one that is compiled with it.
//
// What coals promises and OpenMP's runtimes do not, and how this file keeps it:
//
// Refused threads: libgomp ends the process. It keeps the threads of a calling thread's last region, so before a larger
// region, this file tries whether plain threads start.
//
// No memory: libgomp ends the process. It allocates little, so this file first tries to allocate that much.
//
// Forks: a region ends when all of its threads have arrived. In a child forked from inside of a region they do not
// exist, so the child leaves the region by longjmp. It does not use OpenMP again (see threading_layer.hpp).
//
// Exceptions: they must not leave a region, so this file keeps them, and throws them after the region.
#include "threading/omp_team.hpp"

#include "coals/config.hpp"

#if defined(_OPENMP)
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <csetjmp>
#include <cstddef>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <string>

#include "threading/layer_of_call.hpp"
#include "threading/thread_pool.hpp"
#include "threading/threading_layer.hpp"

#if !defined(_WIN32)
#include <dlfcn.h>
#endif

namespace coals {

namespace {

// How many threads the calling thread's last region had. The runtime starts those that a larger one has more.
thread_local int last_threads = 1;

// From the trial of threads to their start, so that two calls do not both count on the same last threads.
std::mutex& starting() {
  static std::mutex* const mutex = new std::mutex;  // never destroyed: calls may be running while the process ends
  return *mutex;
}

// Whether the runtime finds the memory that it takes for a region.
bool has_memory_for(int threads) {
  const std::size_t bytes = 4096 + 1024 * static_cast<std::size_t>(threads);
  void* const memory = ::operator new(bytes, std::nothrow);
  ::operator delete(memory);
  return memory != nullptr;
}

// Where the runtime was loaded from: "" when it is part of the program.
std::string runtime_path() {
#if !defined(_WIN32)
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&omp_get_max_threads), &info) && info.dli_fname) return info.dli_fname;
#endif
  return "";
}

// The runtime's threads wait in its code. If it were unloaded with the library that contains coals, they would crash.
void keep_runtime_loaded() {
#if !defined(_WIN32)
  static const void* const kept = dlopen(runtime_path().c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  static_cast<void>(kept);
#endif
}

}  // namespace

bool omp_compiled_in() { return true; }

std::string openmp_runtime() {
  std::string name = runtime_path();
  name.erase(0, name.rfind('/') + 1);
  name.erase(std::min(name.size(), name.find_first_of(".-")));
  if (name.compare(0, 3, "lib") != 0) {
#if defined(__clang__)
    name = "libomp";
#else
    name = "libgomp";
#endif
  }
  return name + " (OpenMP " + std::to_string(_OPENMP) + ")";
}

struct OmpTeam::Region {
  Region(int threads, WorkerList& list) : count(threads), workers(list) {
    if (count == 1) return;
    const bool new_threads = count > last_threads;
    own.reset(new std::optional<TeamWorker>[static_cast<std::size_t>(count) - 1]);
    for (int i = 0; i < count - 1; ++i) own[i].emplace(new_threads);
    if (new_threads) starts.lock();
  }

  bool forked() const { return forks != fork_count(); }

  // On the calling thread.
  void lead() noexcept {
    const int threads = omp_get_num_threads();  // fewer than asked for, if the runtime says so
    last_threads = threads;
    if (starts.owns_lock()) starts.unlock();
    for (int i = 0; i < threads - 1; ++i) workers.add(&*own[i]);
    try {
      call(argument);
    } catch (...) {
      error = std::current_exception();
    }
    done = std::chrono::steady_clock::now();
    for (int i = 0; i < threads - 1 && !forked(); ++i) own[i]->end();
  }

  const int count;
  const int forks = fork_count();
  WorkerList& workers;
  std::unique_ptr<std::optional<TeamWorker>[]> own;
  std::unique_lock<std::mutex> starts{starting(), std::defer_lock};
  Call call = nullptr;
  void* argument = nullptr;
  std::exception_ptr error;
  std::chrono::steady_clock::time_point done;
  std::jmp_buf outside;
};

OmpTeam::OmpTeam(int count, WorkerList& workers) {
  // Inside of a region of the caller's, whose threads are there already, there is one thread and no more, as is usual.
  if (omp_in_parallel()) {
    count = 1;
  } else if (pool_is_better(count)) {
    return;
  }
  try {
    auto region = std::make_unique<Region>(count, workers);
    if (!has_memory_for(count)) return;
    if (count > last_threads && !can_start_threads(count - last_threads)) {
      give_up_omp();
      return;
    }
    region_ = std::move(region);
  } catch (const std::bad_alloc&) {
  }
}

OmpTeam::~OmpTeam() = default;

void OmpTeam::run(Call call, void* argument) {
  if (region_->count == 1) return call(argument);
  keep_runtime_loaded();
  region_->call = call;
  region_->argument = argument;
  Region* const region = region_.get();
  if (setjmp(region->outside) == 0) {
#pragma omp parallel num_threads(region->count)
    {
      const int number = omp_get_thread_num();
      if (number > 0) {
        region->own[number - 1]->run();
      } else {
        region->lead();
        if (region->forked()) std::longjmp(region->outside, 1);
      }
    }
  }
  const std::exception_ptr error = region->error;
  if (region->forked()) {
    region_.release();  // the locks of the other threads are never released in the child
  } else {
    note_end_of_region(region->done);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace coals

#else

namespace coals {

bool omp_compiled_in() { return false; }
std::string openmp_runtime() { return ""; }

struct OmpTeam::Region {};
OmpTeam::OmpTeam(int, WorkerList&) {}
OmpTeam::~OmpTeam() = default;
void OmpTeam::run(Call, void*) {}

}  // namespace coals

#endif
