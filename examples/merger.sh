#!/bin/sh
# Mergers in four commands, on mocks of HST: make some, train on them, answer others, judge the answers. Takes two
# minutes on two cores; everything goes to out/. The network saw few galaxies: the models that ship saw many more.
set -eu
cd "$(dirname "$0")/.."
mkdir -p out/merger
cd out/merger
rm -f known.fits asked.fits few.safetensors sheet.png

run() { printf '\n$ %s\n' "$*"; "$@"; }
mock() { run skycnn mock --task merger --survey deepmerge-noisy --bands F814W,F160W "$@"; }

mock -n 3000 --seed 1 --out known.fits
run skycnn train known.fits --task merger --network residual --members 1 --epochs 10 --overwrite --out few.safetensors
mock -n 1000 --seed 2 --out asked.fits
run skycnn predict asked.fits --task merger --model few.safetensors
run skycnn score asked.fits --task merger --train known.fits --group GROUP --prevalence 0.03
python ../../examples/sheet.py asked.fits P_MERGER sheet.png
printf '\nThe stamps, from the least likely to the most: out/merger/sheet.png\n'
