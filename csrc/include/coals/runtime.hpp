// What this build can do, what the machine has, and what is in use.
#pragma once

#include <string>
#include <vector>

namespace coals {

// Instruction-set levels in rising order, by the names that COALS_ISA takes: baseline, avx2, avx512.
std::vector<std::string> compiled_isas();
std::vector<std::string> detected_isas();

// The level in use. Chosen once: the best one detected, or the one that COALS_ISA names. Throws
// std::invalid_argument if COALS_ISA names a level that is unknown, not compiled in, or not on this machine.
std::string active_isa();

// Which threads run parallel work: "omp" for OpenMP's, "pool" for the core's own. Chosen once: omp if it is compiled in
// and COALS_THREADING_LAYER does not name pool. It changes to pool for good in a forked child, and when the system
// refuses threads. Single calls of layer omp use the pool while processors are busy, unless COALS_THREADING_LAYER names
// omp. Throws std::invalid_argument if COALS_THREADING_LAYER is unknown, or names omp when it is not compiled in.
std::string threading_layer();

// The OpenMP runtime and the version that it implements, as in "libgomp (OpenMP 201511)"; empty if not compiled in.
std::string openmp_runtime();

// Processors that affinity, the control group's quota and OMP_NUM_THREADS leave to this process; at least 1.
int default_num_threads();

// Single-precision operations a second that num_threads cores (0: all) do when they do nothing but multiply and add in
// registers, at the level in use. Benchmarks are compared with it.
double measure_peak_flops(double seconds, int num_threads);

}  // namespace coals
