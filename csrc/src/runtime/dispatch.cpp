// Chooses the instruction-set level: our own cpuid and xgetbv check of every feature that the compiler flags permit.
// A level is usable only if the processor has all of it and the operating system saves its registers.
#include "runtime/dispatch.hpp"

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>

#include "coals/runtime.hpp"

#if defined(__x86_64__) || defined(_M_X64)
#define COALS_X86 1
#include <cpuid.h>
#endif

namespace coals {

extern const KernelTable kernel_table_baseline;
extern const ByteKernels byte_kernels_portable;
#if COALS_X86
extern const KernelTable kernel_table_avx2;
extern const KernelTable kernel_table_avx512;
extern const ByteKernels byte_kernels_vnni;
#endif

namespace {

struct Level {
  const KernelTable* table;
  bool (*detected)();
};

bool always() { return true; }

#if COALS_X86
struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

Registers cpuid(unsigned leaf) {
  Registers r;
  if (!__get_cpuid_count(leaf, 0, &r.a, &r.b, &r.c, &r.d)) return {};
  return r;
}

bool has_bits(unsigned value, std::initializer_list<int> bits) {
  for (const int bit : bits) {
    if (!(value >> bit & 1u)) return false;
  }
  return true;
}

// Register sets that the operating system saves: bit 1 SSE, 2 AVX, 5 to 7 AVX-512.
unsigned saved_registers() {
  constexpr int osxsave = 27;
  if (!has_bits(cpuid(1).c, {osxsave})) return 0;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// x86-64-v3 beyond v2: AVX, AVX2, BMI1, BMI2, F16C, FMA, LZCNT, MOVBE; v2: CX16, LAHF, POPCNT, SSE3 to SSE4.2.
bool has_v3() {
  return has_bits(saved_registers(), {1, 2}) &&
         has_bits(cpuid(1).c,
                  {0, 9, 12, 13, 19, 20, 22, 23, 28, 29}) &&  // sse3 ssse3 fma cx16 sse4.1 .2 movbe popcnt avx f16c
         has_bits(cpuid(7).b, {3, 5, 8}) &&                   // bmi1 avx2 bmi2
         has_bits(cpuid(0x80000001u).c, {0, 5});              // lahf lzcnt
}

// x86-64-v4: AVX-512 F, DQ, CD, BW, VL.
bool has_v4() {
  return has_v3() && has_bits(saved_registers(), {5, 6, 7}) && has_bits(cpuid(7).b, {16, 17, 28, 30, 31});
}

// Beside the level: AVX-512 VNNI.
bool has_vnni() { return has_v4() && has_bits(cpuid(7).c, {11}); }
#endif

const std::vector<Level>& levels() {
  static const std::vector<Level> all = {
      {&kernel_table_baseline, always},
#if COALS_X86
      {&kernel_table_avx2, has_v3},
      {&kernel_table_avx512, has_v4},
#endif
  };
  return all;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

const std::vector<const KernelTable*>& usable_tables() {
  static const std::vector<const KernelTable*> usable = [] {
    std::vector<const KernelTable*> found;
    for (const Level& level : levels()) {
      if (level.detected()) found.push_back(level.table);
    }
    return found;
  }();
  return usable;
}

const KernelTable& table_by_name(const std::string& isa) {
  for (const KernelTable* table : usable_tables()) {
    if (isa == table->name) return *table;
  }
  throw std::invalid_argument("instruction-set level '" + isa +
                              "' cannot run here; this machine and build have: " + join(detected_isas()));
}

const KernelTable& active_table() {
  static const KernelTable& chosen = []() -> const KernelTable& {
    const char* wanted = std::getenv("COALS_ISA");
    if (!wanted || !*wanted) return *usable_tables().back();
    try {
      return table_by_name(wanted);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(std::string("COALS_ISA: ") + error.what() + "; change or unset COALS_ISA");
    }
  }();
  return chosen;
}

const ByteKernels* quick_byte_kernels() {
#if COALS_X86
  static const bool usable = has_vnni();
  if (usable && &active_table() == &kernel_table_avx512) return &byte_kernels_vnni;
#endif
  return nullptr;
}

const ByteKernels& portable_byte_kernels() { return byte_kernels_portable; }

std::vector<std::string> compiled_isas() {
  std::vector<std::string> names;
  for (const Level& level : levels()) names.emplace_back(level.table->name);
  return names;
}

std::vector<std::string> detected_isas() {
  std::vector<std::string> names;
  for (const KernelTable* table : usable_tables()) names.emplace_back(table->name);
  return names;
}

std::string active_isa() { return active_table().name; }

}  // namespace coals
