#!/usr/bin/env bash
# busfare plan: the quote of an operation, as text and as JSON.
. "$(dirname "$0")/check.inc"

call plan black_scholes --size 2^16 --device sim:h200-pcie5 --json "$folder/p.json"
ends_with 0
says 'predicted for a simulated device'
says 'sim:h200-pcie5'
for field in op size device reason simulated predicted steps transfers candidates; do
  grep -qE "^  \"$field\": " "$folder/p.json" || wrong "JSON lacks $field"
done
grep -q '"simulated": true' "$folder/p.json" || wrong "not marked as simulated"

call plan sum --size 10 --trace "$folder/t.json"
ends_with 2
[ ! -e "$folder/t.json" ] || wrong "a timeline of nothing"

call plan sum:f64 --size 1000
ends_with 0
says 'predicted'
finish
