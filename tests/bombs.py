"""Small files that promise much: build ten bombs, run skycnn on each, and print its peak memory and seconds.

`make bombs` runs it; ``--src DIR`` measures another source tree beside. `test_bombs.py` borrows them for the suite.
"""

import argparse
import bz2
import gzip
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import rawfits
from shell import MAIN

SIDE = 8000
"""Pixels along an edge of the images: 64 million."""
HUGE = 30_000
SECONDS, ADDRESSES, FILE = 120, 12 << 30, 8 << 30
"""Limits of each child: wall clock, memory and temporary files, so that no bomb harms the machine."""
STEP = 0.2 / 3600
WCS = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0}
PRIMARY = rawfits.hdu([rawfits.card(*card) for card in (("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0))])


def bits(text):
    """Return a string of 0 and 1 as bytes."""
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def rice(count, block):
    """Return RICE of so many zeros: the first value, and 5 bits a block."""
    return bytes(4 + (5 * -(-count // block) + 7) // 8)


def plio(count):
    """Return a PLIO list of so many zeros: words that stand for 4095 each, and the rest."""
    runs = [4095] * (count // 4095) + [count % 4095] * (count % 4095 > 0)
    size = 7 + len(runs)
    return np.array([0, 7, -100, size & 0x7FFF, size >> 15, 0, 0, *runs], ">i2").tobytes()


def hcompress(ny, nx, planes):
    """Return HCOMPRESS of zeros in so many bit planes, each 10 bits: quadtree-coded, and the code of an empty one."""
    head = b"\xdd\x99" + ny.to_bytes(4, "big") + nx.to_bytes(4, "big") + bytes(12) + bytes([planes] * 3)
    return head + bits(("1111" + "111110") * (4 * planes) + "0000") + bytes(8)


def packed(count):
    """Return one gzip stream of so many zeros."""
    packer = zlib.compressobj(wbits=31)
    piece = bytes(1 << 20)
    parts = [packer.compress(piece[: min(len(piece), count - at)]) for at in range(0, count, len(piece))]
    return b"".join([*parts, packer.flush()])


def zeros(count, kind="gz"):
    """Return an archive of so many zeros, in members of 100 MB or less, each packed once."""
    pack = gzip.compress if kind == "gz" else bz2.compress
    piece = min(count, 100_000_000)
    return pack(bytes(piece)) * (count // piece) + (pack(bytes(count % piece)) if count % piece else b"")


def tiled(path, method, shape, heap, bitpix=16, descriptor=None, rows=1, **more):
    """Write an image of one tile, or of tiles that all have the same bytes of the heap; return its name."""
    ny, nx = shape
    table = np.tile(np.array(descriptor or (len(heap), 0), ">i8"), rows)
    cards = {"XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": 16, "NAXIS2": rows, "PCOUNT": len(heap)}
    cards |= {"GCOUNT": 1, "TFIELDS": 1, "TTYPE1": "COMPRESSED_DATA", "TFORM1": "1QB", "ZIMAGE": True}
    cards |= {"ZBITPIX": bitpix, "ZNAXIS": 2, "ZNAXIS1": nx, "ZNAXIS2": ny, "ZTILE1": nx, "ZTILE2": ny}
    cards |= {"ZCMPTYPE": method, **WCS, "CRPIX1": nx / 2, "CRPIX2": ny / 2, "CD1_1": -STEP, "CD2_2": STEP} | more
    unit = rawfits.hdu([rawfits.card(*card) for card in cards.items()], table.tobytes() + heap)
    Path(path).write_bytes(PRIMARY + unit)
    return str(path)


def image(path, axes, octets=None, bitpix=8, **more):
    """Write an image of any axes, of zeros where no bytes are given; return its name."""
    cards = {"SIMPLE": True, "BITPIX": bitpix, "NAXIS": len(axes)}
    cards |= {f"NAXIS{i}": n for i, n in enumerate(axes, 1)} | WCS | {"CRPIX1": 1, "CRPIX2": 1}
    cards |= {"CD1_1": -STEP, "CD2_2": STEP} | more
    data = bytes(int(np.prod(axes)) * abs(bitpix) // 8) if octets is None else octets
    Path(path).write_bytes(rawfits.hdu([rawfits.card(*card) for card in cards.items()], data))
    return str(path)


def table_cards(fields, rows, **more):
    """Return the cards of a table from its fields, (name, form) each."""
    cards = {"XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": sum(rawfits.width(form) for _, form in fields)}
    cards |= {"NAXIS2": rows, "PCOUNT": 0, "GCOUNT": 1, "TFIELDS": len(fields)}
    for i, (name, form) in enumerate(fields, 1):
        cards |= {f"TTYPE{i}": name, f"TFORM{i}": form}
    return [rawfits.card(*card) for card in (cards | more).items()]


FIELDS = [(f"{stem}{band}", "E") for band in "ugriz" for stem in ("MAG_", "MAGERR_")]


def archive(path, rows, kind="gz"):
    """Write a catalogue of zeros, of so many rows, as an archive; return its name."""
    head = PRIMARY + rawfits.header(table_cards(FIELDS, rows))
    pack = gzip.compress if kind == "gz" else bz2.compress
    Path(path).write_bytes(pack(head) + zeros(40 * rows, kind))
    return str(path)


def packed_table(path, rows):
    """Write a tile-compressed catalogue whose columns all have the same bytes of the heap; return its name."""
    tile = zeros(4 * min(rows, 25_000_000))
    cards = {f"ZFORM{i}": "E" for i in range(1, 11)} | {f"ZCTYP{i}": "GZIP_1" for i in range(1, 11)}
    tiles = -(-rows // 25_000_000)
    cards |= {"ZTABLE": True, "ZNAXIS1": 40, "ZNAXIS2": rows, "ZPCOUNT": 0, "ZTILELEN": min(rows, 25_000_000)}
    fields = [(name, "1QB") for name, _ in FIELDS]
    head = [rawfits.card(*card) for card in cards.items()]
    made = table_cards(fields, tiles, PCOUNT=len(tile))
    descriptors = np.tile(np.array((len(tile), 0), ">i8"), 10 * tiles).tobytes()
    Path(path).write_bytes(PRIMARY + rawfits.hdu([*made, *head], descriptors + tile))
    return str(path)


def places(path):
    """Write a catalogue of one row at the middle of the images; return its name."""
    row = np.array([150.0, 2.0], ">f8").tobytes() + b"cube"
    fields = [("RA", "D"), ("DEC", "D"), ("NAME", "4A")]
    Path(path).write_bytes(PRIMARY + rawfits.hdu(table_cards(fields, 1), row))
    return str(path)


def built(folder):
    """Yield the ten bombs: what each is, and the file."""
    pixels, shape = SIDE * SIDE, (SIDE, SIDE)
    blocks = {"ZNAME1": "BLOCKSIZE", "ZVAL1": 512, "ZNAME2": "BYTEPIX", "ZVAL2": 4}
    at = Path(folder)
    yield "RICE, a tile of 8000 x 8000", tiled(at / "rice.fits", "RICE_1", shape, rice(pixels, 512), **blocks)
    yield "GZIP_1, a tile of 8000 x 8000", tiled(at / "gzip1.fits", "GZIP_1", shape, packed(2 * pixels))
    yield "GZIP_2, floats, 8000 x 8000", tiled(at / "gzip2.fits", "GZIP_2", shape, packed(4 * pixels), -32)
    yield "PLIO, a tile of 8000 x 8000", tiled(at / "plio.fits", "PLIO_1", shape, plio(pixels))
    yield "HCOMPRESS, 8000 x 8000", tiled(at / "h.fits", "HCOMPRESS_1", shape, hcompress(SIDE, SIDE, 63), 32)
    large = hcompress(HUGE, HUGE, 63)
    yield "HCOMPRESS, 30000 x 30000", tiled(at / "huge.fits", "HCOMPRESS_1", (HUGE, HUGE), large, 32)
    yield "a cube of 2,000,000 planes", image(at / "cube.fits", (1, 1, 2_000_000))
    yield "a .fits.gz of 30 GB", archive(at / "cat.fits.gz", 750_000_000)
    yield "a .fits.bz2 of 30 GB", archive(at / "cat.fits.bz2", 750_000_000, "bz2")
    yield "a compressed table of 10 GB", packed_table(at / "packed.fits", 250_000_000)


@dataclass(frozen=True)
class Ended:
    """How a run ended: its code (negative of a signal), peak memory in MB, seconds, seconds of CPU, and words."""

    code: int
    megabytes: float
    seconds: float
    cpu: float
    said: str


def command(bomb, folder):
    """Return the command line that reads a bomb."""
    name = Path(bomb).name
    if name.startswith(("cat.", "packed.")):
        return ["predict", bomb, "--task", "photoz", "--rows", ":10", "--out", f"{folder}/out.fits", "--overwrite"]
    given = f"r={folder}/{{NAME}}.fits" if name.startswith("cube") else f"r={bomb}"  # a cube is an image of one row
    out = ["--out", f"{folder}/out.fits", "--overwrite"]
    return ["cutout", f"{folder}/places.fits", "--images", given, "--size", "8", *out]


def run(words, folder, source):
    """Run one command line in a child with limits."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
        resource.setrlimit(resource.RLIMIT_CPU, (2 * SECONDS, 2 * SECONDS))

    environment = {**os.environ, "PYTHONPATH": source, "TMPDIR": folder, "OMP_NUM_THREADS": "1"}
    start = time.monotonic()
    with tempfile.TemporaryFile() as heard:
        child = subprocess.Popen(
            [sys.executable, "-c", MAIN, *words], env=environment, stderr=heard, stdout=heard, preexec_fn=limit
        )
        while True:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - start > SECONDS:
                child.kill()
            time.sleep(0.02)
        heard.seek(0)
        said = heard.read().decode(errors="replace").strip().splitlines()
    child.returncode = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    errors = [line for line in said if "error" in line]
    return Ended(child.returncode, used.ru_maxrss / 1000, time.monotonic() - start, cpu, (errors or said or [""])[-1])


def main():
    """Print a table: a line a bomb and source tree."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--src", metavar="DIR", help="another source tree, to be measured beside this one")
    other = options.parse_args().src
    trees = {"here": str(Path(__file__).parents[1] / "src")} | ({"other": other} if other else {})
    print(f"{'BOMB':30} {'BYTES':>10} {'TREE':>6} {'CODE':>5} {'PEAK MB':>8} {'SECONDS':>8} {'CPU':>6}  SAID")
    with tempfile.TemporaryDirectory(prefix="bombs-") as folder:
        places(f"{folder}/places.fits")
        for kind, bomb in built(folder):
            for name, source in trees.items():
                ended = run(command(bomb, folder), folder, source)
                figures = f"{ended.code:5} {ended.megabytes:8.0f} {ended.seconds:8.1f} {ended.cpu:6.1f}"
                said = ended.said.replace(folder, "")[:110]
                print(f"{kind:30} {os.path.getsize(bomb):10} {name:>6} {figures}  {said}", flush=True)
            os.unlink(bomb)


if __name__ == "__main__":
    main()
