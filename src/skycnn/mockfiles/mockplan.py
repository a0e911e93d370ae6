"""MockPlan: what the user says of a run of mocks, and the recipe that it makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skycnn import survey, tasks
from skycnn.errors import InputError
from skycnn.fits.source import parse
from skycnn.images import psffile
from skycnn.mockfiles import backgroundframes
from skycnn.mockfiles.backgroundframes import Avoid
from skycnn.network.inference import device_of
from skycnn.simulate.backgrounds import Backgrounds
from skycnn.simulate.noiselevel import NoiseLevel
from skycnn.simulate.psf import PSF
from skycnn.simulate.psfimage import ImagePSF, check, core
from skycnn.simulate.recipe import Recipe, judging
from skycnn.survey import Survey
from skycnn.task import Mock

ALL = "all"
"""The selection that selects nothing."""

DEVICES = ("cpu", "cuda")

NATIVE = 1.02
"""Ratio within which the scale of a PSF's image is that of the survey's pixels."""

LARGEST = 1024
"""Pixels along an edge of a stamp."""


@dataclass(frozen=True)
class Options:
    """What ``mock`` may be told; the command line's options bear the same names."""

    task: str
    survey: str
    out: str
    number: int | None
    scene: tuple[int, int] | None = None
    seed: int = 1
    selection: str | None = None
    bands: Sequence[str] = ()
    psf: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    backgrounds: Mapping[str, str] = field(default_factory=dict)
    avoid: str | None = None
    radec: tuple[str, str] | None = None
    xy: tuple[str, str] | None = None
    where: str | None = None
    noise: str | None = None
    size: int | None = None
    fluxes_only: bool = False
    threads: int = 1
    device: str = "cpu"
    preview: str | None = None
    overwrite: bool = False
    wait: float = 0.0
    dry_run: bool = False
    command: str = "skycnn mock"


def plan(options: Options) -> tuple[Mock, Recipe]:
    """Return the task's mocks and the recipe that the options make of them.

    Raises
    ------
    InputError
        When the task has no mocks, or the survey, a band, the selection, the seed or the size is none.
    """
    task = tasks.load(options.task)
    if task.mock is None:
        having = [name for name in tasks.names() if tasks.load(name).mock is not None]
        raise InputError(f"task {task.name} has no mocks", expected=", ".join(having) or None)
    made = task.mock()
    where = survey.own(options.survey) or survey.load(options.survey)
    usual = ALL if options.scene else made.usual.get(where.name, made.selections[0])
    selection = options.selection or usual
    known = dict.fromkeys((*made.selections, ALL))
    if selection not in known:
        raise InputError("no such selection", value=selection, expected=" or ".join(known))
    bands = tuple(options.bands) or where.bands
    for band in bands:
        if band not in where.bands:
            raise InputError(f"survey {where.name} has no band {band}", expected=" ".join(where.bands))
    if len(set(bands)) != len(bands):
        raise InputError("--bands names a band twice", value=" ".join(bands))
    if not 0 <= options.seed < 2**64:
        raise InputError(
            "--seed is no number that can be used", value=options.seed, expected="0 to 18446744073709551615"
        )
    side = made.side if options.size is None else options.size
    if not 8 <= side <= LARGEST:
        raise InputError("--size is no side of a stamp", value=side, expected=f"8 to {LARGEST} pixels")
    cut = made.cuts.get(selection) if made.measured and not options.scene else None
    judged = judging(bands, cut.bands) if cut else ()
    if cut and not judged:
        what = f"selection {selection} judges by {' or '.join(cut.bands)}, and none is among the bands"
        raise InputError(what, value=" ".join(bands), hint="--bands names them, or --all takes every object.")
    above = cut.above if cut else 0.0
    noise = NoiseLevel.of(options.noise or made.noises.get(selection) or where.noise, where)
    if options.scene and noise.varied:
        raise InputError(f"a scene has one noise, and --noise {options.noise} is a range", hint="Give one factor.")
    psfs = {band: _psf(band, path, where, bands) for band, path in options.psf.items()}
    device = device_of(options.device)
    if device.type not in DEVICES:
        raise InputError(f"--device {options.device} draws no stamps", expected=" or ".join(DEVICES))
    return made, Recipe(
        where,
        bands,
        options.seed,
        selection,
        made.draw,
        made.observe,
        side,
        judged,
        above,
        psfs,
        str(device),
        _settings(task.name, made, options.settings),
        made.measured,
        made.row_bytes,
        _backgrounds(options, made, where, bands, side),
        noise,
        made.binning,
    )


def _settings(task: str, made: Mock, texts: Mapping[str, str]) -> dict[str, float | int | str]:
    """Return the value of each of the task's options, its default where the user gives none."""
    known = {option.name: option for option in made.options}
    for name in texts:
        if name not in known:
            lines = [f"{each.name}={each.default} ({each.meaning}; {each.expected})" for each in made.options]
            raise InputError(
                f"mocks of {task} have no option {name}", expected="; ".join(lines) or None, hint="--set NAME=VALUE"
            )
    return {name: option.read(texts[name]) if name in texts else option.default for name, option in known.items()}


def _psf(band: str, name: str, where: Survey, bands: Sequence[str]) -> PSF:
    """Return the image of a PSF; one at the survey's own pixels is taken to show stars as these see them."""
    if band not in bands:
        raise InputError(f"--psf names a band that is not made: {band}", expected=" ".join(bands))
    spec = parse(name)
    pixels, scale = psffile.read(spec.path, spec.extension)
    if scale > NATIVE * where.pixel_scale:
        what = f"{name} is too coarse for the stamps: {scale:.4g} arcsec a pixel"
        raise InputError(what, expected=f"{where.pixel_scale:.4g} or less")
    image = ImagePSF(pixels, scale, pixelated=scale > where.pixel_scale / NATIVE, centre=core(pixels))
    check(image, where.pixel_scale, name)
    return image


def _backgrounds(options: Options, made: Mock, where: Survey, bands: Sequence[str], side: int) -> Backgrounds | None:
    """Return the frames that stamps are put on, if there are any."""
    if options.avoid is not None and not options.backgrounds:
        raise InputError("--avoid names sources on the frames of --background, and there are none")
    for name in ("radec", "xy", "where"):
        if options.avoid is None and getattr(options, name) is not None:
            raise InputError(f"--{name} is about the catalogue of --avoid, and there is none")
    if not options.backgrounds:
        return None
    if not made.backgrounds:
        raise InputError(f"mocks of {options.task} are put on no --background", hint="Leave it out.")
    if options.fluxes_only or options.scene:
        raise InputError(f"--background does not go with {'--scene' if options.scene else '--fluxes-only'}")
    for band in (*options.backgrounds, *bands):
        if band not in bands or band not in options.backgrounds:
            what = f"--background names a band that is not made: {band}"
            what = f"--background names no frame of {band}" if band in bands else what
            raise InputError(what, expected=" ".join(f"{each}=FILE" for each in bands))
    if options.avoid is None:
        return backgroundframes.read(options.backgrounds, bands, side, None)
    avoid = Avoid(options.avoid, options.radec, options.xy, options.where, where.bits)
    return backgroundframes.read(options.backgrounds, bands, side, avoid)
