// The kernel table in use.
#pragma once

#include <string>
#include <vector>

#include "kernels/kernel_table.hpp"

namespace coals {

// Compiled-in tables that this machine can run, slowest first.
const std::vector<const KernelTable*>& usable_tables();

// Chosen once, on first use. Throws std::invalid_argument as active_isa() does.
const KernelTable& active_table();

// Throws std::invalid_argument unless `isa` is compiled in and this machine has it.
const KernelTable& table_by_name(const std::string& isa);

// Those that beat arithmetic in single precision, if this machine has them and the active level allows it; else null.
const ByteKernels* quick_byte_kernels();

// The same results anywhere, slowly.
const ByteKernels& portable_byte_kernels();

template <class T>
const Kernels<T>& kernels_of(const KernelTable& table);

template <>
inline const Kernels<float>& kernels_of<float>(const KernelTable& table) {
  return table.real32;
}
template <>
inline const Kernels<double>& kernels_of<double>(const KernelTable& table) {
  return table.real64;
}

template <class T>
const Kernels<T>& active_kernels() {
  return kernels_of<T>(active_table());
}

}  // namespace coals
