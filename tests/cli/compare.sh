#!/usr/bin/env bash
# busfare bench --compare: what became faster or slower since an earlier run; files that are none.
. "$(dirname "$0")/check.inc"

# Virtual times repeat exactly, so that every verdict is certain.
bench() { call bench --quick --op triad:f32 --size 4096,8192 --device sim:h200-pcie5 "$@"; }
bench --json "$folder/then.json"
ends_with 0

bench --compare "$folder/then.json" --json "$folder/now.json"
ends_with 0
says '^Since .*then\.json \('
says '^triad +f32 +4096 +sim:h200-pcie5 +warm .* same$'
says '^  0 faster, 0 slower, 4 same, 0 unclear$'
grep -q '"compared": {' "$folder/now.json" || wrong "JSON has no comparison"
[ "$(grep -c '"verdict": "same"' "$folder/now.json")" -eq 4 ] || wrong "JSON has not four verdicts"
! grep -q 'Another machine' "$folder/out" || wrong "takes this machine for another one"

# with NAME FACTOR FILE: the samples of that name times the factor.
with() {
  awk -v name="\"$1\"" -v by="$2" '$1 == name ":" { inside = 1; print; next }
    inside && /]/ { inside = 0 } inside { sub(/[0-9.e-]+/, $1 * by) } { print }' "$3"
}
with warm_samples_s 0.5 "$folder/then.json" >"$folder/fast.json"
bench --compare "$folder/fast.json"
ends_with 1
says 'warm .* slower$'
says '^  0 faster, 2 slower, 2 same'
says '2 times are slower than in .*fast\.json'

with resident_samples_s 3 "$folder/then.json" >"$folder/slow.json"
bench --compare "$folder/slow.json" --quiet
ends_with 0
[ ! -s "$folder/out" ] || wrong "--quiet prints"
bench --compare "$folder/slow.json"
ends_with 0
says 'resident .* faster$'

# Another machine is said; rows without a partner are counted and not compared.
sed 's/"cpu": ".*"/"cpu": "Other \\u001b[31m"/' "$folder/then.json" >"$folder/other.json"
call bench --quick --op triad:f32 --size 4096,16384 --device sim:h200-pcie5 --compare "$folder/other.json"
ends_with 0
says 'Another machine \(Other \?\[31m, '
says '2 same, 0 unclear; 1 rows of the file were not measured now'

# Real times have a chance. Which verdict they get is theirs.
call bench --quick --op sum:f32 --size 1000 --device cpu --json "$folder/cpu.json"
ends_with 0
call bench --quick --op sum:f32 --size 1000 --device cpu --compare "$folder/cpu.json"
says '^sum +f32 +1000 +cpu +warm .* [0-9.e-]+ +(faster|slower|same)$'

# Several earlier runs tell what is no change: one of them 3 times as slow.
with warm_samples_s 3 "$folder/cpu.json" >"$folder/cpu3.json"
call bench --quick --op sum:f32 --size 1000 --device cpu --compare "$folder/cpu.json,$folder/cpu3.json"
says '^Since .*cpu\.json, .*cpu3\.json \('
says 'a change of [12][0-9][0-9] % or more, since 19 of 20 times'
bench --compare "$folder/then.json,$folder/none.json"
ends_with 1
says 'cannot be read'

sed 's/"commit": ".*"/"commit": "another"/' "$folder/then.json" >"$folder/commit.json"
for other in commit other; do
  bench --compare "$folder/then.json,$folder/$other.json"
  ends_with 1
  says "$other.json is of another commit or machine than .*then.json"
  ! grep -q triad "$folder/out" || wrong "measured first"
done

# What is no result ends it before anything is measured.
bad() {
  bench --compare "$1"
  ends_with 1
  says "$2"
  says '\-\-compare takes what busfare bench --json wrote'
  ! grep -q triad "$folder/out" || wrong "measured first"
}
bad "$folder/none.json" 'cannot be read'
bad "$folder" 'is a folder'
head -c 300 "$folder/then.json" >"$folder/cut.json"
bad "$folder/cut.json" 'is no JSON'
: >"$folder/empty.json"
bad "$folder/empty.json" 'is no JSON'
echo '{"rows": 1}' >"$folder/rows.json"
bad "$folder/rows.json" 'has no rows'
head -c 3000000 /dev/zero | tr '\0' '[' >"$folder/deep.json"
bad "$folder/deep.json" 'is no JSON'
with warm_samples_s -1 "$folder/then.json" >"$folder/minus.json"
bad "$folder/minus.json" 'row 1: warm_samples_s holds what is no time'
sed 's/"size": 8192/"size": 4096/' "$folder/then.json" >"$folder/twice.json"
bad "$folder/twice.json" 'row 2: it is there twice'
sed 's/"op": "triad"/"op": 7/' "$folder/then.json" >"$folder/op.json"
bad "$folder/op.json" 'op is no text'
truncate -s 65M "$folder/large.json"
bad "$folder/large.json" 'has more than 64 MiB'
call bench --compare
ends_with 2
finish
