#!/usr/bin/env bash
# The C++ smoke test on processors that this machine is not, by user-mode QEMU: the x86-64 build on a Nehalem of 2008,
# which has no AVX, and the arm64 build, cross-compiled. Debian: apt-get install qemu-user g++-aarch64-linux-gnu.
#
#   bash tests/embed/qemu.sh [FOLDER for the builds, by default build-qemu; kept, so that a second run is quick]
set -euo pipefail
cd "$(dirname "$0")/../.."
builds=${1:-build-qemu}

build() { # NAME CMAKE-OPTIONS...
  local folder=$builds/$1
  shift
  cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCOALS_TESTS=ON "$@" >/dev/null
  cmake --build "$folder" --target coals_smoke >/dev/null
  echo "$folder/coals_smoke"
}

# QEMU warns of features of a processor that it does not emulate, none of which matters here.
say() {
  printf '%-58s' "$1"
  shift
  "$@" 2>"$builds/stderr" | tail -n 1 || { cat "$builds/stderr" >&2; exit 1; }
}

native=$(build x86_64)
say "x86-64 on this machine" "$native"
say "x86-64 on a Nehalem (SSE4.2): the baseline level" qemu-x86_64 -cpu Nehalem "$native"
say "x86-64 on a Haswell (AVX2)" qemu-x86_64 -cpu Haswell "$native"
if COALS_ISA=avx2 qemu-x86_64 -cpu Nehalem "$native" >/dev/null 2>&1; then
  echo "a Nehalem took COALS_ISA=avx2, which it does not have" >&2
  exit 1
fi
echo "x86-64 on a Nehalem refuses COALS_ISA=avx2"

arm=$(build aarch64 -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_SYSTEM_NAME=Linux \
  -DCMAKE_SYSTEM_PROCESSOR=aarch64)
say "arm64 (NEON), one thread" env OMP_NUM_THREADS=1 qemu-aarch64 -L /usr/aarch64-linux-gnu "$arm"
say "arm64 (NEON), two threads" env OMP_NUM_THREADS=2 qemu-aarch64 -L /usr/aarch64-linux-gnu "$arm"
