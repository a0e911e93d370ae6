#!/bin/sh
# The catalogue of a real survey, LEGUS's of NGC 628, through cutout, predict and score, on images mocked at its
# positions: sh examples/legus.sh legus_ngc628.csv [MODEL [DISTANCE]]
# The table is the survey's (https://archive.stsci.edu/prepds/legus), in its own columns. The images are of 71 million
# pixels in three bands, 0.9 GB; all takes about ten minutes, and goes to out/legus/. DISTANCE, 4.5 Mpc, is the model's.
set -eu
table=$(realpath "${1:?which table? sh examples/legus.sh legus_ngc628.csv}")
case ${2:-} in *.safetensors) model=$(realpath "$2") ;; *) model=${2:-} ;; esac
cd "$(dirname "$0")/.."
rm -rf out/legus
mkdir -p out/legus
cd out/legus

run() { printf '\n$ %s\n' "$*"; "$@"; }
imaged() {
    run skycnn "$@" --images 'F336W=legus_?_F336W.fits' --images 'F438W=legus_?_F438W.fits' \
        --images 'F814W=legus_?_F814W.fits'
}

run python ../../examples/recipes/legus_image.py "$table" --out . --distance "${3:-4.5}"
imaged cutout legus.fits --size 64 --out stamps.fits --preview stamps.png
imaged predict legus.fits --task starcluster ${model:+--model "$model"}
run skycnn score legus.fits --task starcluster
run python ../../examples/recipes/legus_table.py legus.fits
run skycnn predict stamps.fits --task starcluster ${model:+--model "$model"}
run python ../../examples/sheet.py stamps.fits LOG_AGE sheet.png
printf '\nAll stamps, and those with answers from the youngest to the oldest: out/legus/stamps.png and sheet.png\n'
