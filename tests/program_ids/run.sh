#!/usr/bin/env bash
# Prints the ids of the same kernels from g++ and clang, -O0 to -O3, and runs; they must be equal.
# Usage: run.sh ROOT LIBRARY_FOLDER COMPILER
set -euo pipefail
root=$1 library=$2 compiler=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

expected="" made=0
# check NAME PROGRAM: the ids of one run against the first run's.
check() {
  local got
  got=$(LD_LIBRARY_PATH=$library "$2")
  if [ -z "$expected" ]; then
    expected=$got
    echo "$got"
  elif [ "$got" != "$expected" ]; then
    echo "other ids from $1:"
    diff <(echo "$expected") <(echo "$got")
    exit 1
  fi
  made=$((made + 1))
  echo "checked: $1"
}

compilers=("$compiler")
for other in g++ clang++; do
  command -v "$other" >/dev/null && [ "$(command -v "$other")" != "$(command -v "$compiler")" ] && compilers+=("$other")
done
for each in "${compilers[@]}"; do
  for level in -O0 -O3; do
    "$each" -std=c++20 $level -I"$root/include" -I"$root/src" "$here/ids.cpp" \
      -L"$library" -lbusfare -lpthread -o "$work/ids"
    check "$each $level" "$work/ids"
    check "$each $level, another run" "$work/ids"
  done
done
[ "$(echo "$expected" | wc -l)" -ge 9 ] || { echo "too few ids"; exit 1; }
[ "$(echo "$expected" | cut -d' ' -f2 | sort -u | wc -l)" -eq "$(echo "$expected" | wc -l)" ] || { echo "two kernels share an id"; exit 1; }
echo "$made runs, the same ids"
