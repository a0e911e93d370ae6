"""A peer's run over one tile: ``peers.py PEER TILE POSITIONS FOLDER``; prints its seconds and what came of the stamps.

It runs in the peers' own environment (``make bench-cutout``) and imports nothing of skycnn. POSITIONS is an .npy of
rows (lon, lat, x0, y0), x0 and y0 being the first pixel that is expected. A peer's stamp is right if it is that slice
of the tile, or one that begins a pixel away: its geometry is its own.
"""

import csv
import json
import sys
import time
from pathlib import Path

import numpy as np

SIDE = 64


def cutana(tile: str, sky: np.ndarray, folder: Path) -> tuple[float, list[tuple[int, np.ndarray]]]:
    """Cutana to Zarr: its orchestrator with two workers, nothing resized or normalised, no checks, no waits."""
    from cutana import Orchestrator, get_default_config

    table = folder / "sources.csv"
    with open(table, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["SourceID", "RA", "Dec", "diameter_pixel", "fits_file_paths"])
        for number, (lon, lat) in enumerate(sky):
            writer.writerow([f"s{number}", repr(float(lon)), repr(float(lat)), SIDE, f"['{tile}']"])
    config = get_default_config()
    config.source_catalogue, config.output_dir = str(table), str(folder / "cutana")
    config.output_format, config.data_type = "zarr", "float32"
    config.target_resolution, config.normalisation_method = SIDE, "none"
    config.apply_flux_conversion = False
    config.selected_extensions = [{"name": "PRIMARY", "ext": "PrimaryHDU"}]
    config.channel_weights = {"PRIMARY": [1.0]}
    config.max_workers = 2
    config.skip_catalogue_validation = config.skip_fits_check = True
    config.loadbalancer.skip_memory_calibration_wait = True
    config.loadbalancer.main_process_memory_reserve_gb = 1.0
    result = Orchestrator(config).run()
    assert result["status"] == "completed", result
    done = time.perf_counter()

    import pandas
    import zarr

    found = []
    for archive in sorted((folder / "cutana").glob("*/images.zarr")):
        names = pandas.read_parquet(archive.parent / "images_metadata.parquet")["source_id"]
        pixels = zarr.open(str(archive), mode="r")["images"][:]
        found += [(int(name[1:]), stamp[..., 0]) for name, stamp in zip(names, pixels, strict=True)]
    return done, found


def astrocut(tile: str, sky: np.ndarray, folder: Path) -> tuple[float, list[tuple[int, np.ndarray]]]:
    """Astrocut in memory, one call a position: of several in one call it returns the first alone."""
    from astrocut import FITSCutout
    from astropy.coordinates import SkyCoord

    found = [
        (number, FITSCutout([tile], SkyCoord(lon, lat, unit="deg"), SIDE).fits_cutouts[0][1].data)
        for number, (lon, lat) in enumerate(sky)
    ]
    return time.perf_counter(), found


def right(image: np.ndarray, x0: int, y0: int, stamp: np.ndarray) -> bool:
    """Return whether a stamp is a slice of the image that begins at a place or a pixel beside it."""
    near = [(x0 + dx, y0 + dy) for dy in (0, -1, 1) for dx in (0, -1, 1)]
    return any(np.array_equal(image[y : y + SIDE, x : x + SIDE], stamp) for x, y in near)


def main() -> None:
    """Run one peer."""
    began = time.perf_counter()
    peer, tile, positions, folder = sys.argv[1:]
    rows = np.load(positions)
    done, found = {"cutana": cutana, "astrocut": astrocut}[peer](tile, rows[:, :2], Path(folder))

    from astropy.io import fits

    with fits.open(tile, memmap=True) as file:
        image = file[0].data
        good = sum(right(image, *rows[number, 2:].astype(int), stamp) for number, stamp in found)
    print(json.dumps({"seconds": done - began, "stamps": len(found), "right": good}))


if __name__ == "__main__":
    main()
