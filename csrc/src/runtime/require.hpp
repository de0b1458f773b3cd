// How the core says no: std::invalid_argument that names the argument.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

namespace coals {

inline void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

[[noreturn]] inline void refuse(const char* name, const std::string& what) {
  throw std::invalid_argument(std::string(name) + ": " + what);
}

// Finite numbers from `least` to `most`.
inline void check_number(double value, double least, double most, const char* name) {
  if (value >= least && value <= most) return;
  char range[80];
  std::snprintf(range, sizeof range, "must be from %g to %g", least, most);
  refuse(name, range);
}

}  // namespace coals
