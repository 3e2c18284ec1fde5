#!/usr/bin/env bash
# busfare bench: one tiny operation on two devices, its table, its JSON and its CSV.
. "$(dirname "$0")/check.inc"

call bench --quick --op triad:f32,monte_carlo_pi --size 4096 --device cpu,sim:h200-pcie5 \
  --json "$folder/b.json" --csv "$folder/b.csv"
ends_with 0
says '^triad +f32 +2\^12 +cpu +measured'
says '^triad +f32 +2\^12 +sim:h200-pcie5 +simulated'
says 'triad f32 .*pays on sim:h200-pcie5'
! grep -q WRONG "$folder/out" || wrong "a row is wrong"

fields='op type size device math threads simulated build_s cold_s warm_s resident_s upload_s download_s overhead_s bytes_up
  bytes_down gb_per_s gflop_per_s limit_fraction predicted_s prediction_error max_ulp verified speedup_vs_1_thread
  warm_samples_s resident_samples_s'
is_csv "$folder/b.csv" "$(echo $fields | tr ' ' ','),error" 4

for field in $fields; do
  [ "$(grep -cE "^      \"$field\": " "$folder/b.json")" -ge 4 ] || wrong "JSON rows lack $field"
done
for field in rows crossovers machine version commit date; do
  grep -qE "^  \"$field\": " "$folder/b.json" || wrong "JSON lacks $field"
done
for field in cpu threads memory_bytes os; do
  grep -qE "^    \"$field\": " "$folder/b.json" || wrong "JSON's machine lacks $field"
done
[ "$(grep -c '"verified": true' "$folder/b.json")" -eq 4 ] || wrong "not every row is verified"
# Simulated rows have no prediction error and no overhead; the cold process and the single thread were measured.
[ "$(grep -c '"overhead_s": null' "$folder/b.json")" -eq 2 ] || wrong "overhead of simulated rows is not null"
[ "$(grep -c '"prediction_error": null' "$folder/b.json")" -ge 2 ] || wrong "prediction error of simulated rows is not null"
# A quick bench has a budget for fresh processes and single threads, which a slow machine uses up with the first
# operation: that one always has both.
[ -z "$(awk -F, '$1 == "triad" && $9 == ""' "$folder/b.csv")" ] || wrong "no cold time"
[ -z "$(awk -F, '$1 == "triad" && $24 == ""' "$folder/b.csv")" ] || wrong "no single thread"

# The other math is named everywhere, and the cpu gives its bits of exact, or the row would be WRONG.
call bench --quick --op black_scholes,dot,mandelbrot --size 5000 --device cpu,sim:h200-pcie5 --math fast \
  --json "$folder/f.json" --csv "$folder/f.csv"
ends_with 0
says '^busfare .*, math fast$'
says 'checked: near the kernel read as scalars'
[ "$(grep -c '"math": "fast"' "$folder/f.json")" -eq 6 ] || wrong "JSON rows do not say fast"
[ "$(grep -c ',fast,' "$folder/f.csv")" -eq 6 ] || wrong "CSV rows do not say fast"
[ "$(grep -c '"math": "exact"' "$folder/b.json")" -eq 4 ] || wrong "JSON rows do not say exact"

# Files only: nothing on stdout, and a pipe is written in place.
call bench --quick --op sum:f32 --size 1000 --device cpu --quiet --json /dev/stdout
ends_with 0
says '^  "rows": '

# An operation that this machine cannot hold is a row with its reason; nothing crashes.
call bench --op triad:f64 --size 2^39 --device cpu --json "$folder/huge.json"
ends_with 1
says 'out_of_memory'
grep -q '"error": "out_of_memory' "$folder/huge.json" || wrong "the row does not hold its error"

# An odd size: every device, no power of two.
call bench --op mandelbrot,nbody,paused,chain5,dot --size 1001 --device cpu,sim:h200-pcie5 --quick
ends_with 0
finish
