#!/bin/sh
# What a redshift and a merger rest on, on mocks of CSST and HST: a gallery of 50 objects each, by one command each.
# Takes two minutes on two cores; everything goes to out/explain/, the pages open in any browser.
set -eu
cd "$(dirname "$0")/.."
mkdir -p out/explain
cd out/explain
rm -f galaxies.fits pairs.fits redshifts.html mergers.html

run() { printf '\n$ %s\n' "$*"; "$@"; }

run skycnn mock --task photoz --survey csst -n 50 --seed 1 --out galaxies.fits
run skycnn explain galaxies.fits --task photoz --model photoz-csst-image --html redshifts.html

run skycnn mock --task merger --survey deepmerge-noisy --bands F814W,F160W -n 50 --seed 1 --out pairs.fits
run skycnn explain pairs.fits --task merger --html mergers.html

printf '\nThe galleries: out/explain/redshifts.html and out/explain/mergers.html\n'
