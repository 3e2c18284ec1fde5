#!/usr/bin/env bash
# Installs a build tree, moves the installed tree, builds the outside project against it and compares the bits.
# Usage: run.sh BUILD_TREE IN_TREE_PROGRAM plain|flags
#   plain: -O2 once, by find_package and by pkg-config. flags: other flags, mixed units, both link orders.
set -euo pipefail
build=$1 program=$2 mode=$3
cmake=${CMAKE:-cmake}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

from_cache() { sed -nE "s/^$1:[A-Z]+=(.*)$/\1/p" "$build/CMakeCache.txt"; }
compiler=$(from_cache CMAKE_CXX_COMPILER)
flags=$(from_cache CMAKE_CXX_FLAGS) # sanitizers must reach every unit
expected=$("$program")

"$cmake" --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved" # nothing in it may know where it was
if grep -rIlF -e "$work/first" -e "$build" "$work/moved"; then
  echo "the installed files above name the folder that they were built or installed in"
  exit 1
fi

failed=0
# compare NAME GOT [FAST]: units named in FAST are built with -ffast-math. Those may give other bits, and their
# receipts say so; all others give the expected bits and promise them.
compare() {
  local name=$1 got=$2 fast=${3:-} unit line
  for unit in first second; do
    line=$(grep "^$unit " <<<"$got" || true)
    if [[ " $fast " == *" $unit "* ]]; then
      [[ $line =~ ^$unit\ [0-9a-f]{16}\ not-promised$ ]] && continue
    else
      [ "$line" = "$(grep "^$unit " <<<"$expected")" ] && continue
    fi
    printf 'other bits: %s\nexpected:\n%s\ngot:\n%s\n' "$name" "$expected" "$got"
    failed=1
    return
  done
  echo "same bits: $name${fast:+ ($fast: not promised, and the receipt says so)}"
}

# outside NAME OPTION...: builds and runs the outside project.
outside() {
  local name=$1 option fast=""
  shift
  for option in "$@"; do
    case $option in
      -DFIRST_FLAGS=*-ffast-math*) fast+="first " ;;
      -DSECOND_FLAGS=*-ffast-math*) fast+="second " ;;
    esac
  done
  "$cmake" -G Ninja -S "$here/outside" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/moved" \
    -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS="$flags" \
    "$@" >"$work/log" 2>&1 && "$cmake" --build "$work/build" >>"$work/log" 2>&1 || {
    cat "$work/log"
    echo "does not build: $name"
    failed=1
    return
  }
  compare "$name" "$("$work/build/consumer")" "${fast% }"
}

if [ "$mode" = plain ]; then
  outside "find_package, -O2" -DFIRST_FLAGS=-O2 -DSECOND_FLAGS=-O2
  if command -v pkg-config >/dev/null; then
    pc=$(find "$work/moved" -name busfare.pc)
    options=$(PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --cflags --libs busfare)
    # shellcheck disable=SC2086
    "$compiler" -O1 $flags "$here"/outside/*.cpp $options -o "$work/by_pkg_config"
    libdir=$(dirname "$(dirname "$pc")")
    compare "pkg-config, -O1" "$(LD_LIBRARY_PATH=$libdir "$work/by_pkg_config")"
  fi
else
  outside "-O0" -DFIRST_FLAGS=-O0 -DSECOND_FLAGS=-O0
  outside "-O3 -march=native" -DFIRST_FLAGS="-O3 -march=native" -DSECOND_FLAGS="-O3 -march=native"
  outside "-O3 -ffast-math" -DFIRST_FLAGS="-O3 -ffast-math" -DSECOND_FLAGS="-O3 -ffast-math"
  for order in OFF ON; do
    outside "-O2 with -O3 -march=native, second unit first: $order" \
      -DFIRST_FLAGS=-O2 -DSECOND_FLAGS="-O3 -march=native" -DSECOND_FIRST=$order
    outside "-O0 with -O3 -march=native -ffast-math, second unit first: $order" \
      -DFIRST_FLAGS=-O0 -DSECOND_FLAGS="-O3 -march=native -ffast-math" -DSECOND_FIRST=$order
  done
fi
exit $failed
