# Sourced by the ground tests: the files of the tree, and how a finding is reported. $1 of a test is the root.
set -u
export LC_ALL=C
cd "${1:?the root of the tree}" || exit 2
findings=0

# Every file of the project that is text, one per line, without the leading "./".
tree_files() {
  find . \( -name .git -o -type d \( -name build -o -name .cache \) \) -prune -o -type f -print |
    sed 's|^\./||' | grep -Ev '\.(png|gz|bin)$' | sort
}

# Our C++ files, below the folders given.
code_files() {
  local folder
  for folder in "$@"; do
    [ -d "$folder" ] && find "$folder" -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.cu' \)
  done | sort
}

report() {
  echo "$*"
  findings=$((findings + 1))
}

finish() {
  [ "$findings" -eq 0 ] && exit 0
  echo "$findings finding(s)"
  exit 1
}
