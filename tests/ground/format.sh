#!/usr/bin/env bash
# Our files are as clang-format 14 writes them. Exit 77 (skipped) where another version is here. Usage: format.sh ROOT
. "$(dirname "$0")/tree.sh"

formatter=$(command -v clang-format-14 || command -v clang-format) || {
  echo "skipped: clang-format is not installed (apt-get install clang-format-14)"
  exit 77
}
version=$("$formatter" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
[ "${version%%.*}" = 14 ] || {
  echo "skipped: clang-format is $version, .clang-format is written for 14"
  exit 77
}
while IFS= read -r file; do
  "$formatter" --dry-run -Werror "$file" >/dev/null 2>&1 || report "$formatter -i $file"
done < <(code_files include src cli bench tests examples)
finish
