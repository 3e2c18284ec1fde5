#!/usr/bin/env bash
# Carries out the recipe "Add a backend" of CONTRIBUTING.md: copies the skeleton under another name, builds it as a loaded
# module from the public headers alone, loads it and asks it. Usage: backend.sh ROOT COMPILER
set -euo pipefail
root=$1 compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$root/src/skeleton" "$work/abacus"
sed -i 's/skeleton/abacus/g' "$work"/abacus/*
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror"
# shellcheck disable=SC2086
"$compiler" -std=c++20 -O1 -fPIC -shared $warnings -DBUSFARE_LOADED_MODULE -I"$root/include" -I"$work" \
  "$work"/abacus/*.cpp -o "$work/busfare_abacus.so"

# shellcheck disable=SC2086
"$compiler" -std=c++20 -O1 $warnings -I"$root/include" "$root/tests/recipes/probe.cpp" -ldl -o "$work/probe"
said=$("$work/probe" "$work/busfare_abacus.so" abacus)
echo "$said"
[ "$said" = "abacus: unavailable: the abacus drives no device; copy its folder, rename it, and fill in what throws" ]

# The same folder links in beside others, under a name of its own.
# shellcheck disable=SC2086
"$compiler" -std=c++20 -O1 $warnings -I"$root/include" -I"$work" -c "$work/abacus/module.cpp" -o "$work/module.o"
nm "$work/module.o" >"$work/names"
grep -q ' T busfare_module_abacus$' "$work/names"
