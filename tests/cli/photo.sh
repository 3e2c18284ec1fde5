#!/usr/bin/env bash
# busfare demo photo: the same files on every device, bad pictures refused by name, a signal leaves nothing half-written.
. "$(dirname "$0")/check.inc"

hex() { od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'; }
# Width and height in a PNG's header, as 16 hexadecimal digits.
size_of() { hex "$1" 16 8; }

in="$folder/in"
mkdir "$in"
call demo mandelbrot --device cpu --width 701 --height 397 --iterations 100 --out "$in/big.png"
ends_with 0
# Grey JPEG, 8 x 8; grey PNG with alpha, 1 x 1 (black, transparent); RGB PNG with 16 bits, 2 x 1.
base64 -d >"$in/grey.jpg" <<'END'
/9j/2wBDAAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAj/wAAL
CAAIAAgBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAb/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AKh//9k=
END
base64 -d >"$in/clear.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR4nGNgYAAAAAMAAbitOmMAAAAASUVORK5CYII=
END
base64 -d >"$in/deep.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAIAAAAr0DSeAAAAFUlEQVR4nGP4/7+BgSGF+cWrhFIDACkuBb1UnvllAAAAAElFTkSu
QmCC
END

edit() {
  local out="$folder/$2"
  call demo photo "$in/big.png" "$in/grey.jpg" "$in/clear.png" "$in/deep.png" --device "$1" -o "$out"
  ends_with 0
  says '4 of 4 pictures in '
  says 'worst tick [0-9.]+ (ms|us|ns|s) late, [0-9]+ ticks'
  says "big.png: 701 x 397 pixels on $1; read in .* edited in .* encoded and written in .* \\(measured\\)"
  [ "$(ls "$out" | wc -l)" -eq 8 ] || wrong "the folder holds $(ls "$out")"
  [ "$(size_of "$out/big-edited.png")" = 000002bd0000018d ] || wrong "edited: $(size_of "$out/big-edited.png")"
  [ "$(size_of "$out/big-thumbnail.png")" = 00000140000000b5 ] || wrong "thumbnail: $(size_of "$out/big-thumbnail.png")"
  [ "$(size_of "$out/clear-thumbnail.png")" = 0000000100000001 ] || wrong "thumbnail of one pixel"
  [ "$(size_of "$out/deep-edited.png")" = 0000000200000001 ] || wrong "edited: 2 x 1"
  [ "$(wc -c <"$out/big-edited.png")" -gt 20000 ] || wrong "too small for a picture"
}
edit cpu cpu
says 'nothing up, nothing down'
# What is transparent is laid on white: the black pixel that nobody sees becomes what a white one does.
base64 -d >"$in/white.png" <<<'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC'
base64 -d >"$in/black.png" <<<'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC'
call demo photo "$in/white.png" "$in/black.png" --device cpu -o "$folder/plain"
ends_with 0
cmp -s "$folder/cpu/clear-edited.png" "$folder/plain/white-edited.png" || wrong "a transparent pixel is not white"
! cmp -s "$folder/plain/white-edited.png" "$folder/plain/black-edited.png" || wrong "white and black become the same"
edit sim:h200-pcie5 sim
says 'KiB up in .* KiB down in .* \(simulated; the results are real\)'
diff -r "$folder/cpu" "$folder/sim" || wrong "the simulated device makes other pictures"
call devices --device opencl:0
if [ "$code" -eq 0 ]; then
  edit opencl:0 opencl
  diff -r "$folder/cpu" "$folder/opencl" || wrong "OpenCL makes other pictures"
fi
# One after the other, quietly, with a timeline.
call demo photo "$in/big.png" "$in/grey.jpg" --device cpu --at-once 1 --quiet -o "$folder/quiet" --trace "$folder/t.json"
ends_with 0
[ ! -s "$folder/out" ] || wrong "--quiet talks"
cmp -s "$folder/cpu/big-edited.png" "$folder/quiet/big-edited.png" || wrong "another picture with --at-once 1"
grep -q '"cat":"kernel"' "$folder/t.json" || wrong "no kernel in the timeline"

# Bad pictures: each is named, the others are edited, and nothing is written for the bad ones.
bad() {
  call demo photo "$1" "$in/deep.png" --device cpu -o "$folder/bad"
  ends_with 1
  says "$2"
  says '1 of 2 pictures'
  [ "$(ls -A "$folder/bad" | tr '\n' ' ')" = "deep-edited.png deep-thumbnail.png " ] || wrong "left $(ls -A "$folder/bad")"
  rm -rf "$folder/bad"
}
bad "$in/missing.jpg" 'missing.jpg: No such file'
mkdir "$in/folder.jpg"
bad "$in/folder.jpg" 'folder.jpg: it is a folder'
: >"$in/empty.png"
bad "$in/empty.png" 'empty.png: it is empty'
echo 'no picture' >"$in/text.png"
bad "$in/text.png" 'text.png: is no picture'
for name in big.png grey.jpg; do
  for bytes in 10 60% 95%; do
    all=$(wc -c <"$in/$name")
    case $bytes in *%) part=$((all * ${bytes%\%} / 100)) ;; *) part=$bytes ;; esac
    head -c "$part" "$in/$name" >"$in/cut-${name#*.}.${name#*.}"
    bad "$in/cut-${name#*.}.${name#*.}" "cut-.*: (ends|is no picture)"
  done
done
mkfifo "$in/pipe.png"
bad "$in/pipe.png" 'pipe.png: it is no regular file'
# 30000 x 30000, and 2^31-1 x 1, in a header with nothing behind it.
printf '\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0\0\0\0\0' >"$in/huge.png"
bad "$in/huge.png" 'huge.png: has 30000 x 30000 pixels, more than the 200 million'
printf '\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\x7f\xff\xff\xff\0\0\0\x01\x08\x02\0\0\0\0\0\0\0' >"$in/wide.png"
bad "$in/wide.png" 'wide.png: has 2147483647 x 1 pixels, more than'
# 4080 codes in a Huffman table, where stb_image has room for 256.
{
  printf '\xff\xd8\xff\xc4\x10\x03\0'
  printf '\xff%.0s' {1..16}
  head -c 4080 /dev/zero
  printf '\xff\xd9'
} >"$in/codes.jpg"
bad "$in/codes.jpg" 'codes.jpg: is damaged: a Huffman table with too many codes'

# Misuse, before anything is computed.
refused() {
  local expected=$1 message=$2
  shift 2
  call demo photo "$@" --device cpu
  ends_with "$expected"
  says "$message"
}
refused 2 'needs pictures'
refused 2 'needs a folder' "$in/deep.png" --out ''
refused 2 '--at-once 0' "$in/deep.png" --at-once 0 --out "$folder/none"
cp "$in/grey.jpg" "$in/big.jpg"
refused 2 'two pictures would be written to' "$in/big.png" "$in/big.jpg" --out "$folder/twice"
cp "$in/deep.png" "$in/deep-edited.png"
refused 2 'would be read and written' "$in/deep.png" "$in/deep-edited.png" --out "$in"
refused 1 'cannot write' "$in/deep.png" --out "$folder/missing/deeper"
refused 1 'cannot write' "$in/deep.png" --out "$in/text.png"
call demo mandelbrot "$in/deep.png" --out "$folder/m.png"
ends_with 2

# A signal: whole pictures or none, and the code says so.
many=()
for k in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
  ln -s big.png "$in/many$k.png"
  many+=("$in/many$k.png")
done
set -m # a job of its own, which SIGINT reaches
"$program" demo photo "${many[@]}" --device cpu -o "$folder/stopped" >"$folder/out" 2>"$folder/err" </dev/null &
child=$!
until [ -n "$(ls "$folder/stopped" 2>/dev/null | grep edited)" ] || ! kill -0 $child 2>/dev/null; do sleep 0.01; done
kill -INT $child
code=0
wait $child || code=$?
set +m
last="a stopped demo photo"
ends_with 130
says 'stopped; [0-9]+ of 16 pictures are written'
for file in "$folder"/stopped/*; do
  case $file in
    *-edited.png) cmp -s "$file" "$folder/cpu/big-edited.png" || wrong "$file is not whole" ;;
    *-thumbnail.png) cmp -s "$file" "$folder/cpu/big-thumbnail.png" || wrong "$file is not whole" ;;
    *) wrong "left $file behind" ;;
  esac
done
finish
