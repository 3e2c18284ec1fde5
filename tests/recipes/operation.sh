#!/usr/bin/env bash
# Carries out the recipe "Add an operation" of CONTRIBUTING.md on a copy of the tree: the operation `logistic`, then a
# program that reads it in all three ways and generates its code. Usage: operation.sh ROOT COMPILER
set -euo pipefail
root=$1 compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/src" "$work/bench" "$work/tests"
cp -r "$root/include" "$work/include"
cp -r "$root/src/core" "$work/src/core"
cp -r "$root/bench/accuracy" "$work/bench/accuracy"
cp -r "$root/tests/support" "$work/tests/support"

# after FILE PATTERN TEXT: puts a line after the first that matches; fails where none does.
after() {
  grep -q -- "$2" "$work/$1" || { echo "$1 has no line with: $2"; exit 1; }
  awk -v pattern="$2" -v text="$3" '{ print } !done && index($0, pattern) { print text; done = 1 }' "$work/$1" >"$work/new"
  mv "$work/new" "$work/$1"
}

# 1. The row.
awk '/ROW\(erfc,/ { print $0 " \\"; print "  ROW(logistic, 1, real, same, 36, 5, \"defined\", \"\", \"\", 8)"; next } { print }' \
  "$work/include/busfare/value/table.hpp" >"$work/new"
mv "$work/new" "$work/include/busfare/value/table.hpp"
# 2. Its definition from other rows.
awk '/^}  \/\/ namespace busfare::detail/ && !done {
  print "template <class T, class R> value<T, R> logistic_definition(const value<T, R>& x) {"
  print "  const value<T, R> numerator = exp_definition(min_definition(x, to<T, R>(T(0))));"
  print "  return numerator / (exp_definition(-operations<R>::abs(x)) + T(1));"
  print "}"; done = 1 } { print }' "$work/include/busfare/value/definitions.hpp" >"$work/new"
mv "$work/new" "$work/include/busfare/value/definitions.hpp"
# 3. Symbols append it; 4. users call it; 5. generated code contains it.
after include/busfare/value/symbol.hpp 'BUSFARE_UNARY(normal_cdf)' '  BUSFARE_UNARY(logistic)'
after include/busfare/value/functions.hpp 'BUSFARE_REAL_FUNCTION(normal_cdf,' \
  'BUSFARE_REAL_FUNCTION(logistic, detail::logistic_definition)'
after src/core/dialect/definitions.cpp 'BUSFARE_DEFINED(normal_cdf)' \
  'case op::logistic: { static const program_ptr p = traced<T>([](const auto& x) { return detail::logistic_definition(x); }); return *p; }'
# 6. Its case: the kernel and the exact result.
after bench/accuracy/row_kernel.hpp 'BUSFARE_ROW_KERNEL(normal_cdf,' 'BUSFARE_ROW_KERNEL(logistic, (auto a), bf::logistic(a))'
after bench/accuracy/exact.hpp 'return exact_normal_cdf(a);' '    else if constexpr (O == op::logistic) return 1 / (1 + exact_exp(-quad(a)));'

cp "$root/tests/recipes/logistic.cpp" "$work/"
quadmath=
[ "$(uname -m)" = x86_64 ] && quadmath=-lquadmath
"$compiler" -std=c++20 -O0 -I"$work/include" -I"$work/src" -I"$work/bench" -I"$work/tests" -I"$root/src" "$work/logistic.cpp" \
  "$work"/src/core/dialect/*.cpp "$work"/src/core/{trace,canonical,literal_text,program_text}.cpp \
  $quadmath -o "$work/logistic" -pthread
"$work/logistic"
# Check mode computes it; the suite and `busfare accuracy` have the new row in them, or would not compile.
"$compiler" -std=c++20 -fsyntax-only -I"$work/include" -I"$work/src" "$work/src/core/columns.cpp"
echo '#include "accuracy/row_sample.hpp"
void add(std::vector<busfare::accuracy::row>& list) { busfare::accuracy::add_rows<float>(list); }' >"$work/rows.cpp"
"$compiler" -std=c++20 -fsyntax-only -I"$work/include" -I"$work/src" -I"$work/bench" -I"$work/tests" "$work/rows.cpp"
