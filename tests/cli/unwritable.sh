#!/usr/bin/env bash
# Outputs that cannot be written: exit code 1 before anything is computed, nothing half-written, old contents kept.
. "$(dirname "$0")/check.inc"

refused() {
  call "$@"
  ends_with 1
  says 'cannot write'
  [ ! -s "$folder/out" ] || wrong "computed before it looked at its outputs"
}

mkdir "$folder/sub"
small="--quick --op triad:f32 --size 100 --device cpu"
refused bench $small --json "$folder/missing/b.json"
refused bench $small --csv "$folder/missing/b.csv"
refused bench $small --json "$folder/sub"
refused bench $small --json "$folder/b.json/deeper"
refused plan triad --size 100 --device cpu --json "$folder/missing/p.json"
refused demo mandelbrot --device cpu --width 8 --height 8 --out "$folder/missing/m.png"
refused demo mandelbrot --device cpu --width 8 --height 8 --out "$folder/sub"

# Root may write everywhere.
if [ "$(id -u)" -ne 0 ]; then
  chmod a-w "$folder/sub"
  refused bench $small --json "$folder/sub/b.json"
  echo old >"$folder/kept.json"
  chmod a-w "$folder/kept.json"
  refused bench $small --json "$folder/kept.json"
  [ "$(cat "$folder/kept.json")" = old ] || wrong "old contents are gone"
fi

# A full disk is seen by the writer.
if [ -c /dev/full ]; then
  call bench $small --quiet --json /dev/full
  ends_with 1
  says 'cannot write /dev/full: No space left'
fi

# A file that is there is replaced whole, and no neighbour is left.
chmod u+w "$folder/sub"
echo OLD-TEXT >"$folder/sub/new.json"
call bench $small --json "$folder/sub/new.json"
ends_with 0
! grep -q OLD-TEXT "$folder/sub/new.json" || wrong "the old contents are still there"
[ "$(ls -A "$folder/sub")" = new.json ] || wrong "left more than the file behind: $(ls -A "$folder/sub")"

# A link stays one; its target is replaced.
ln -s sub/new.json "$folder/link.json"
call bench $small --json "$folder/link.json"
ends_with 0
[ -L "$folder/link.json" ] || wrong "replaced the link"
grep -q '"rows"' "$folder/sub/new.json" || wrong "did not reach the link's target"
finish
