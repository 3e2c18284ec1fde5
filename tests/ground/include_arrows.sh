#!/usr/bin/env bash
# Who may include whom: the arrows of docs/architecture.md, as one allow-list per folder. Usage: include_arrows.sh ROOT
. "$(dirname "$0")/tree.sh"

standard='<[a-z0-9_]+(\.h)?>|<(sys|linux|asm|sanitizer)/[a-z_]+\.h>'
face='<busfare/[a-z0-9_/]+\.(hpp|def)>'
# What a backend may know of the face: the seam and the words it is written in.
words='<busfare/(backend/[a-z0-9_]+|value/[a-z0-9_]+|config|error|type|extents|cpu_code|source_line|program)\.(hpp|def)>'
same='"[a-z0-9_]+\.(hpp|def|inc)"' # a neighbour in the same folder
helpers='<nlohmann/json(_fwd)?\.hpp>|<xxhash\.h>|<fmt/[a-z]+\.h>'
vendor='CL/|cuda[a-z_]*\.h|cuda/std/|nvrtc|cublas|nvml|thrust/|cub/|clblast'

# arrows FOLDER ALLOWED...: every include in FOLDER matches one of the patterns.
arrows() {
  local folder=$1 file line what allowed
  shift
  allowed=$(IFS='|'; echo "$*")
  while IFS=: read -r file line what; do
    what=$(sed -E 's/^[^<"]*([<"][^>"]*[>"]).*/\1/' <<<"$what")
    # A macro as operand names no file here; the file that defines it is checked.
    [[ $what == [\<\"]* ]] || continue
    grep -qxE "$allowed" <<<"$what" || report "$file:$line: $folder may not include $what"
  done < <(code_files "$folder" | xargs -r grep -nHE '^[[:space:]]*#[[:space:]]*include')
}

own() { echo "\"$1/[a-z0-9_/]+\.(hpp|def|inc)\""; }

arrows include "$standard" "$face"
arrows src/core "$standard" "$face" "$same" "$(own core)" "$(own model)" "$(own pool)" "$helpers"
arrows src/model "$standard" '<busfare/[a-z0-9_]+\.hpp>' "$same" "$(own model)" "$helpers"
arrows src/pool "$standard" '<busfare/[a-z0-9_]+\.hpp>' "$same" "$(own pool)"
arrows src/cpu "$standard" "$words" "$same" "$(own cpu)" "$(own pool)"
arrows src/sim "$standard" "$words" '<busfare/profile\.hpp>' "$same" "$(own sim)" "$(own model)"
arrows src/skeleton "$standard" "$words" "$same" "$(own skeleton)"
arrows src/opencl "$standard" "$words" "$same" "$(own opencl)" '<CL/[a-z_]+\.(h|hpp)>'
arrows src/cuda "$standard" "$words" "$same" "$(own cuda)" '<(cuda|nvrtc|cublas|thrust/|cub/)[a-z0-9_/]*(\.h|\.hpp|\.cuh)?>'
arrows examples "$standard" '<busfare/[a-z0-9_]+\.hpp>' "$same"
arrows bench "$standard" '<busfare/[a-z0-9_]+\.hpp>' '"[a-z0-9_/]+\.(hpp|def|inc)"' "$helpers" '<tbb/[a-z_]+\.h>' \
  '<xsimd/xsimd\.hpp>' '<(cub/[a-z_/]+\.cuh|cuda_runtime\.h)>' '<boost/compute/[a-z_/]+\.hpp>' '<CL/cl\.h>'
arrows cli "$standard" '<busfare/[a-z0-9_]+\.hpp>' '"[a-z0-9_/]+\.(hpp|def|inc)"' "$helpers" \
  '<CLI/CLI\.hpp>' '<zlib\.h>' '<(stb/)?stb_image_write\.h>' '"(stb/)?stb_image_write\.h"'

# What others offer is compared in bench/peers and bench/functions, and used nowhere.
while IFS=: read -r file line what; do
  case $file in bench/peers/* | bench/functions/*) continue ;; esac
  report "$file:$line: only bench/peers and bench/functions include peers: $what"
done < <(code_files bench | xargs -r grep -nHE '#[[:space:]]*include[[:space:]]*<(tbb|cub|cuda|xsimd|boost|CL/)')

# bench and cli write folders in quotes: none of them may be one of src/.
while IFS=: read -r file line what; do
  report "$file:$line: only the public face, never src/: $what"
done < <(code_files bench cli | xargs -r grep -nHE '#[[:space:]]*include[[:space:]]*"(src/)?(core|model|pool|cpu|cuda|opencl|sim)/')

# Nobody climbs out of a folder.
while IFS=: read -r file line what; do
  report "$file:$line: include paths start at include/ or src/: $what"
done < <(code_files include src cli bench examples tests | xargs -r grep -nHE '#[[:space:]]*include[[:space:]]*["<]\.\.?/')

# Tests may include anything but a vendor's header, which only a fake of that vendor may.
while IFS=: read -r file line what; do
  case $file in tests/fake_*) continue ;; esac
  report "$file:$line: vendor headers only in tests/fake_*: $what"
done < <(code_files tests | xargs -r grep -nHiE "#[[:space:]]*include[[:space:]]*[<\"]($vendor)")

# Core names no backend outside the text generation. Comments may, and so may the include of a dialect.
while read -r file; do
  case $file in src/core/dialect/*) continue ;; esac
  while IFS=: read -r line what; do
    report "$file:$line: core may not name a backend: $what"
  done < <(sed -E 's|//.*||' "$file" | grep -nvE '#[[:space:]]*include[[:space:]]*"core/dialect/' |
    grep -iE '^[0-9]+:.*(opencl|cuda)')
done < <(code_files src/core)

finish
