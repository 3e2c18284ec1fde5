#!/usr/bin/env bash
# busfare accuracy: a few operations, its table, its JSON and its CSV, and mistakes of the caller.
. "$(dirname "$0")/check.inc"

# Sanitized builds do without the functions after normal_cdf.
operations=exp,add,sqrt rows=20 # exp, sqrt for f32 and f64, add for all six types; on two devices
call accuracy --op nonsense
if grep -q pow "$folder/err"; then operations+=,pow rows=24; fi

call accuracy --quick --op $operations --device cpu,sim:h200-pcie5 --seed 7 --json "$folder/a.json" --csv "$folder/a.csv"
ends_with 0
says 'math exact, seed 7$'
says '^exp +f32 +cpu +exact +[0-9]+ +0\.[0-9]+ +2 +same +ok +-?0x'
says '^exp +f64 +cpu +exact +[0-9]+ +0\.[0-9]+ +2 +same +ok +-?0x'
[ $rows -eq 20 ] || says '^pow +f32 +cpu +exact +[0-9]+ +0\.[0-9]+ +2 +same +ok +-?0x[^ ]+, -?0x[^ ]+ \('
says '^add +u64 +sim:h200-pcie5 +exact +[0-9]+ +0 +0 +same +ok'
fields='op type device math simulated reference exhaustive partial tried worst_ulp bound above_bound where where_decimal got
  wanted same_bits_promised compared_bits different different_where different_got different_wanted seconds result reason'
is_csv "$folder/a.csv" "$(echo $fields | tr ' ' ',')" $rows
for field in $fields; do
  [ "$(grep -cE "^      \"$field\": " "$folder/a.json")" -eq $rows ] || wrong "JSON rows lack $field"
done
for field in rows seed partial machine version commit date; do
  grep -qE "^  \"$field\": " "$folder/a.json" || wrong "JSON lacks $field"
done
grep -q '^  "seed": 7,' "$folder/a.json" || wrong "JSON has another seed"
for want in '"result": "ok"' '"different": 0' '"above_bound": 0' '"partial": false' '"exhaustive": false'; do
  [ "$(grep -c "$want" "$folder/a.json")" -ge $rows ] || wrong "not every row says $want"
done

# A seed repeats the run, figure by figure.
call accuracy --quick --op exp,sqrt --device cpu --seed 7 --csv "$folder/b.csv" --quiet
ends_with 0
[ ! -s "$folder/out" ] || wrong "prints although --quiet"
[ "$(grep -E '^(exp|sqrt),.*,cpu,' "$folder/a.csv")" = "$(tail -n +2 "$folder/b.csv")" ] || wrong "the seed repeats nothing"

# The other math: floats only, its own bounds; the cpu keeps bits and bounds, simulated devices too.
call accuracy --quick --op div,exp --device cpu,sim:h200-pcie5 --math fast --json "$folder/f.json"
ends_with 0
says '^div +f64 +cpu +fast +[0-9]+ +0 +0 +same +ok'
! grep -q i32 "$folder/out" || wrong "integers under math fast"
[ "$(grep -c '"math": "fast"' "$folder/f.json")" -eq 8 ] || wrong "JSON rows do not say fast"

bad() {
  call accuracy "$@"
  ends_with 2
  [ -s "$folder/err" ] || wrong "says nothing on stderr"
}
bad --op nonsense
says "no operation 'nonsense'; there are add, .*exp"
bad --op cast
bad --type f16
says "no type 'f16'; there are f32"
bad --op exp --type i32
says 'exp does not take i32'
bad --op mod --math fast
bad --math nonsense
says 'neither exact nor fast'
for seed in -1 x 1x 99999999999999999999999 1.5; do bad --quick --op neg --seed "$seed"; done
bad --exhaustive --op add
says 'operations of one f32; add'
bad --exhaustive --op exp --type f64
bad --exhaustive --device cpu
says '--exhaustive needs --op; all [0-9]+ would take about [0-9]+ minutes here \(.*exp [0-9]'
bad --quick --op neg --trace "$folder/t.json"
call accuracy --quick --op neg --device nonsense
ends_with 3
call accuracy --quick --op neg --device cpu --json "$folder/no/such/folder/x.json"
ends_with 1
call accuracy --help
ends_with 0
says '--exhaustive'

# Stopped in the middle of all values: what was seen so far, marked as a part. A shell makes its background jobs
# ignore SIGINT, so it is SIGTERM here.
"$program" accuracy --exhaustive --op exp --device cpu --json "$folder/p.json" >"$folder/out" 2>"$folder/err" </dev/null &
child=$!
last='busfare accuracy --exhaustive, interrupted'
for _ in $(seq 100); do
  grep -q '^op' "$folder/out" && break
  sleep 0.05
done
sleep 0.3
kill -TERM "$child"
code=0
wait "$child" || code=$?
ends_with 143
says 'interrupted'
says '^exp +f32 +cpu .* \(partial\)'
[ "$(grep -c '"partial": true' "$folder/p.json")" -eq 2 ] || wrong "the JSON is not marked as partial"
finish
