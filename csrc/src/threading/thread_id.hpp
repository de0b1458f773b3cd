// The ids that Linux gives to threads; elsewhere they are 0 and belong to no thread.
#pragma once

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace coals {

#if defined(__linux__)
inline long id_of_this_thread() { return syscall(SYS_gettid); }

// Whether this process has that thread, be it one that is ending.
inline bool thread_exists(long id) { return syscall(SYS_tgkill, getpid(), id, 0) == 0; }
#else
inline long id_of_this_thread() { return 0; }
inline bool thread_exists(long) { return false; }
#endif

}  // namespace coals
