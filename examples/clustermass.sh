#!/bin/sh
# Masses of galaxy clusters in four commands, on mocks of SDSS: make some, tune the model that ships on those of them
# that have a label, answer others, judge the answers. Takes three minutes on two cores; everything goes to out/.
set -eu
cd "$(dirname "$0")/.."
mkdir -p out/clustermass
cd out/clustermass
rm -f known.fits asked.fits tuned.safetensors sheet.png

run() { printf '\n$ %s\n' "$*"; "$@"; }
mock() { run skycnn mock --task clustermass --survey sdss "$@"; }

mock -n 300 --seed 1 --set labelled=300 --out known.fits
run skycnn train known.fits --task clustermass --init clustermass-sdss --overwrite --out tuned.safetensors
mock -n 500 --seed 2 --out asked.fits
run skycnn predict asked.fits --task clustermass --model tuned.safetensors
run skycnn score asked.fits --task clustermass --model tuned.safetensors --truth LOG_M500_TRUE --train known.fits \
    --train-truth LOG_M500_LABEL
python ../../examples/sheet.py asked.fits LOG_M500 sheet.png
printf '\nThe stamps, from the lightest to the heaviest: out/clustermass/sheet.png\n'
