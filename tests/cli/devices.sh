#!/usr/bin/env bash
# busfare devices: the cpu and a simulated device are always here, with figures and where they come from.
. "$(dirname "$0")/check.inc"

call devices
ends_with 0
says '^cpu +here'
says '^sim:h200-pcie5 +simulated'
says '\((measured|shipped)\)'
says '\((datasheet|synthetic)\)'
# What is missing has a reason; no escapes where stdout is no terminal; nothing on stderr.
if grep -q $'\033' "$folder/out"; then wrong "colours into a file"; fi
[ ! -s "$folder/err" ] || wrong "talks on stderr"

call devices --device cpu
ends_with 0
if grep -q '^sim:' "$folder/out"; then wrong "lists more than was asked for"; fi

call version
ends_with 0
says '^busfare [0-9]+\.[0-9]+\.[0-9]+'
finish
