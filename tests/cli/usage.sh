#!/usr/bin/env bash
# Mistakes of the caller: exit code 2 and words that help; an unknown device: 3.
. "$(dirname "$0")/check.inc"

bad() {
  call "$@"
  ends_with 2
  [ -s "$folder/err" ] || wrong "says nothing on stderr"
}

bad
bad nonsense
bad bench --nonsense
bad bench --op nonsense
says 'triad:f32'
for size in 0 -1 2^70 99999999999999999999999 12abc '' 1e9999 2^ 0x10; do
  bad bench --quick --op triad --device cpu --size "$size"
done
bad bench --size
BUSFARE_CHECK=1 bad bench --quick --op triad --device cpu --size 10
says 'unset BUSFARE_CHECK'
for math in nonsense '' Fast 1; do
  bad bench --quick --op triad --device cpu --size 10 --math "$math"
done
says 'neither exact nor fast'
bad plan
bad plan triad
bad plan nonsense --size 10
bad plan triad --size 0
bad plan triad --size 10 --device cpu,sim:h200-pcie5
bad demo
bad demo nonsense
bad demo mandelbrot --width 0 --out "$folder/x.png"
bad demo mandelbrot --height -5 --out "$folder/x.png"
bad demo mandelbrot --width 99999999999 --out "$folder/x.png"
bad demo mandelbrot --width 30000 --height 30000 --out "$folder/x.png"
bad demo mandelbrot --iterations 0 --out "$folder/x.png"
bad demo mandelbrot --out ''
bad devices --json "$folder/x.json"
[ -z "$(ls "$folder" | grep '^x\.')" ] || wrong "left a file behind"

for device in nonsense cuda:0 opencl:99 sim:nonsense ''; do
  for subcommand in "bench --quick --op triad --size 10" "plan triad --size 10" "demo mandelbrot --out $folder/y.png" devices; do
    call $subcommand --device "$device"
    ends_with 3
    says 'here are: .*cpu'
  done
done
[ ! -e "$folder/y.png" ] || wrong "left a file behind"

call --help
ends_with 0
says 'devices'
call bench --help
ends_with 0
says '--quick'
says '--math'
finish
