#!/usr/bin/env bash
# The ground tests find what they are for: each is given a small tree with one fault. Usage: self_test.sh ROOT
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

# expect RESULT TEST FILE TEXT: puts TEXT into FILE, runs TEST, and wants it to be "clean" or "found".
expect() {
  local want=$1 test=$2 file=$3 text=$4 got=clean
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/$(dirname "$file")"
  printf '%b\n' "$text" >"$tree/$file"
  bash "$here/$test.sh" "$tree" >/dev/null 2>&1 || got=found
  [ "$got" = "$want" ] || {
    echo "$test: '$text' in $file should be $want, is $got"
    failed=1
  }
}

arrow() { expect "$1" include_arrows "$2" "// A file.\n#include $3"; }
arrow clean src/core/a.cpp '"core/b.hpp"'
arrow clean src/core/a.cpp '"pool/thread_pool.hpp"'
arrow clean src/core/a.cpp '<busfare/backend/device.hpp>'
arrow clean src/core/a.cpp '<nlohmann/json.hpp>'
arrow found src/core/a.cpp '"cpu/device.hpp"'
arrow found src/core/a.cpp '<CL/cl.h>'
arrow found src/pool/a.cpp '"model/engine.hpp"'
arrow found src/model/a.cpp '"core/plan.hpp"'
arrow found src/model/a.cpp '<busfare/backend/device.hpp>'
arrow clean src/cpu/a.cpp '"pool/thread_pool.hpp"'
arrow found src/cpu/a.cpp '"model/engine.hpp"'
arrow found src/cpu/a.cpp '<busfare/array.hpp>'
arrow clean src/sim/a.cpp '"model/engine.hpp"'
arrow found src/sim/a.cpp '"cpu/device.hpp"'
arrow clean src/opencl/a.cpp '<CL/cl.h>'
arrow found src/opencl/a.cpp '"sim/device.hpp"'
arrow found src/opencl/a.cpp '"core/cache.hpp"'
arrow found include/busfare/a.hpp '<nlohmann/json.hpp>'
arrow found include/busfare/a.hpp '"core/plan.hpp"'
arrow found examples/a.cpp '"core/plan.hpp"'
arrow found examples/a.cpp '<busfare/backend/device.hpp>'
arrow found cli/a.cpp '"core/plan.hpp"'
arrow clean cli/a.cpp '"operations.hpp"'
arrow found bench/a.cpp '"src/core/plan.hpp"'
arrow found bench/a.cpp '"../src/core/plan.hpp"'
arrow found tests/unit/a.cpp '<CL/cl.h>'
arrow found tests/unit/a.cpp '<cuda.h>'
arrow clean tests/fake_cuda/a.cpp '<cuda.h>'
arrow clean tests/unit/a.cpp '"core/plan.hpp"'
expect found include_arrows src/core/a.cpp '// A file.\nbool is_opencl();'
expect found include_arrows src/core/a.cpp '// A file.\nauto s = "CUDA";'
expect clean include_arrows src/core/a.cpp '// As on opencl:0 and cuda:0.'
expect clean include_arrows src/core/dialect/opencl.cpp '// A file.\nbool is_opencl();'
expect clean include_arrows src/core/a.cpp '// A file.\n#include "core/dialect/opencl.hpp"'

expect found documented_paths README.md 'See `src/core/gone.cpp`.'
expect found documented_paths README.md 'See [it](docs/gone.md).'
expect found documented_paths docs/a.md 'See `CONTRIBUTING.md`.'
expect clean documented_paths docs/a.md 'See `docs/a.md`, `docs/*.md`, `src/<backend>/device.cpp` and `std::vector`.'

expect found marks src/a.cpp "// TO""DO later"
expect found marks docs/a.md "cd /wo""rk/main"
expect found marks src/a.cpp 'int no_comment;'
expect clean marks src/a.cpp '// A file.\nint todo;'
exit $failed
