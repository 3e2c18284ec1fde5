#!/usr/bin/env bash
# Operations on OpenCL give the bits of the scalar reading. Skipped where there is no OpenCL device.
. "$(dirname "$0")/check.inc"

call devices --device opencl:0
if [ "$code" -eq 3 ]; then
  echo "skipped: $(cat "$folder/err")"
  exit 77
fi
ends_with 0
call bench --quick --size 5000 --device opencl:0 --op triad:f32,sum:f32,chain5 --json "$folder/o.json"
ends_with 0
[ "$(grep -c '"verified": true' "$folder/o.json")" -eq 3 ] || wrong "not every row is verified"
call bench --quick --size 5000 --device opencl:0 --math fast --op black_scholes,triad,sum,dot,nbody,mandelbrot,chain5 \
  --json "$folder/fast.json"
ends_with 0
! grep -q '"verified": false' "$folder/fast.json" || wrong "a row under math::fast is far from the scalar reading"
finish
