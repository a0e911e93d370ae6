#!/bin/sh
# The main job on 500 real SDSS galaxies that the model never saw, then stamps of real SDSS images; `make demo` calls
# it. Everything goes to out/.
set -eu
cd "$(dirname "$0")/.."
cat=out/sdss_sample.fits
mkdir -p out
rm -f "$cat" out/demo.png out/stamps.fits out/stamps.png
cp examples/sdss_sample.fits "$cat"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { say "$ $*"; "$@"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$*"; }

say "Before: $cat"
python examples/show.py "$cat"
run skycnn predict "$cat" --task photoz
say "After: the same file, every old byte in its place"
python examples/show.py "$cat"
run skycnn score "$cat" --task photoz --truth zsp --plot out/demo.png
say "z_phot against z_spec: out/demo.png"
run skycnn cutout examples/ngc6976_sources.fits --images g=examples/ngc6976_g.fits --images r=examples/ngc6976_r.fits \
    --images i=examples/ngc6976_i.fits --size 40 --out out/stamps.fits --preview out/stamps.png
say "The stamps on one page: out/stamps.png"
