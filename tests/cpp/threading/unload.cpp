// No thread may be left in the code of an unloaded library: neither a worker of the pool, nor one of OpenMP's, whose
// runtime would be unloaded with the only library that uses it.
#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <thread>

int main(int, char** arguments) {
  for (int round = 0; round < 3; ++round) {
    void* const library = dlopen(arguments[1], RTLD_NOW);
    if (!library) {
      std::printf("%s\n", dlerror());
      return 1;
    }
    const auto call = reinterpret_cast<double (*)()>(dlsym(library, "first_of_gram"));
    if (!call || call() != 25000) {
      std::printf("FAILED: the answer of the library\n");
      return 1;
    }
    dlclose(library);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // a thread that waits for work would crash by now
  }
  return 0;
}
