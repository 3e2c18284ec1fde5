#!/usr/bin/env bash
# busfare demo mandelbrot: a PNG of the size asked for, the same bytes on every device.
. "$(dirname "$0")/check.inc"

# Bytes FILE FROM COUNT as hexadecimal digits.
hex() { od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'; }

draw() {
  call demo mandelbrot --device "$1" --width 161 --height 97 --iterations 200 --out "$folder/$2.png"
  ends_with 0
  says "on $1 in [0-9.]+ (s|ms|us|ns) \\((measured|simulated)"
  [ "$(hex "$folder/$2.png" 0 8)" = 89504e470d0a1a0a ] || wrong "no PNG signature"
  # IHDR: 13 bytes, 161 x 97, 8 bits, RGB.
  [ "$(hex "$folder/$2.png" 8 18)" = 0000000d49484452000000a1000000610802 ] || wrong "wrong header $(hex "$folder/$2.png" 8 18)"
  [ "$(tail -c 12 "$folder/$2.png" | od -An -v -tx1 | tr -d ' \n')" = 0000000049454e44ae426082 ] || wrong "no end"
  # A picture, not one colour.
  [ "$(wc -c <"$folder/$2.png")" -gt 2000 ] || wrong "only $(wc -c <"$folder/$2.png") bytes"
}

draw cpu cpu
draw sim:h200-pcie5 sim
cmp -s "$folder/cpu.png" "$folder/sim.png" || wrong "the simulated device paints another picture"
call devices --device opencl:0
if [ "$code" -eq 0 ]; then
  draw opencl:0 opencl
  cmp -s "$folder/cpu.png" "$folder/opencl.png" || wrong "OpenCL paints another picture"
fi
call demo mandelbrot --device auto --width 1 --height 1 --quiet --out "$folder/one.png"
ends_with 0
[ ! -s "$folder/out" ] || wrong "--quiet talks"
call demo mandelbrot --device sim:h200-pcie5 --width 64 --height 64 --out "$folder/t.png" --trace "$folder/t.json"
ends_with 0
for part in '"displayTimeUnit":"ns"' '"name":"sim:h200-pcie5 (simulated)"' '"cat":"kernel"' '"name":"run at '; do
  grep -qF "$part" "$folder/t.json" || wrong "the timeline lacks $part"
done
finish
