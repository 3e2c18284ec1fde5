#!/usr/bin/env bash
# Every test that docs/traps.md names exists. Usage: named_tests.sh ROOT
. "$(dirname "$0")/tree.sh"

exists() {
  local suite=${1%%.*} name=${1#*.}
  case $1 in
    compile_fail/*) [ -f "tests/$1.cpp" ] ;;
    # Some cases are made for each type: case_of<float> adds its type to the name.
    conformance.*) grep -rqE "BUSFARE_CASE\\($name\\)|\"${name%_*}_\"" tests/conformance ;;
    program.ids) [ -f tests/program_ids/run.sh ] ;;
    *) grep -rqE "TEST(_F|_P)?\\($suite, $name\\)" tests ;;
  esac
}

named=0
while IFS= read -r test; do
  named=$((named + 1))
  exists "$test" || report "docs/traps.md: \`$test\` is no test"
done < <(grep -oE '`(compile_fail/[a-z_]+|[a-z_]+\.[a-z0-9_]+)`' docs/traps.md | tr -d '`' | sort -u)
[ "$named" -gt 50 ] || report "docs/traps.md names $named tests only"
finish
