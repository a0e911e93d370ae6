"""Values of every option of every verb, as the program itself lists them: numbers, texts, conditions, paths."""

from .. import modelfile, values
from ..case import Base
from ..values import pick
from . import catalogues, images, psffiles, stampfiles

PREDICT = ("predict", "cat.fits", "--task", "photoz")
COMMANDS = (
    (*PREDICT, "--model", "photoz-sdss-flux"),
    (*PREDICT, "--model", "photoz-sdss-flux", "--out", "out.fits"),
    ("predict", "stamps.fits", "--task", "photoz", "--model", "photoz-csst-image", "--out", "out.fits"),
    ("cutout", "cat.fits", "--images", "r=r.fits", "--size", "8", "--out", "out.fits"),
    ("score", "cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--baselines", "none"),
    ("train", "cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--out", "new.safetensors", "--dry-run"),
    ("mock", "--task", "photoz", "--survey", "csst", "-n", "1", "--seed", "1", "--out", "mock.fits", "--dry-run"),
    ("models", "my.safetensors"),
)
FLAGS = (
    "--only-new", "--pdf", "--overwrite", "--table-only", "--decompress", "--detach", "--dry-run", "--json",
    "--strict", "-q", "--resample", "--resume", "--fluxes-only", "--all", "--help", "--version", "--traceback=1",
)  # fmt: skip
WRITTEN = ("--out", "-o", "--plot", "--preview", "--provenance", "--answers", "--cache", "--report")
NUMBERS = (
    "-1", "0", "1", "2", "7", "1e3", "1.5", "nan", "inf", "-inf", "1e400", "99999999999999999999999", "0x10", "",
    " 3 ", "1_0", "٣", "3 ", "+2", "--1", "1e-320", "-0", "2147483648", "18446744073709551616",
)  # fmt: skip
"""Options that ask for work in proportion are given no honest number above 7."""
WORK = (
    "-n",
    "--epochs",
    "--members",
    "--folds",
    "--scene",
    "--size",
    "--threads",
    "--batch",
    "--wait",
    "--concurrency",
    "--retries",
)
PATHS = (
    "cat.fits", "r.fits", "stamps.fits", "my.safetensors", "my.toml", "fifo", "folder", "socket", "loop", "dangling",
    "empty", "unreadable", "nix.fits", "folder/x.fits", "nix/x.fits", "/dev/null/x", "a" * 300, "a/" * 2100, "x\0y",
    "é.fits", "-", "", ".", "..", "~", "cat.fits[CAT]", "cat.fits[9]", "cat.fits[", "cat.fits]", "cat.fits#1",
    "r.fits[*]", "*.fits", "[", "**/*", "@list.txt", "@", "@@", "{ID}.fits", "{", "{ID:d}.fits", "{NAME}.fits",
    "{0}", "http://[", "http://127.0.0.1:9/{ra}", "https://", "/proc/self/mem", "/proc/self/status",
    "/proc/self/fd/0", "/dev/zero", "/dev/stdin", "list.txt", "out.png", "%s%n.fits",
)  # fmt: skip
READ_ONLY = ("/proc/", "/dev/", "~", "..", ".")
"""Never given as what is written."""
PAIRED = ("--band --error --unit --mask-band --input --images --mask --weight --psf --background --set --radec --xy "
          "--pixel-unit").split()  # fmt: skip
CONDITIONS = (
    "FLAGS != 0", "OBJID > 1152921504606846977", "NAME == 'g1'", "NAME in ('g1', 'g2')", "FLAGS & 2", "not GOOD",
    "Z_SPEC > nan", "(" * 200, "Z_SPEC >", "> 1", "Z_SPEC == 'x'", "NAME > 1", "VEC > 0", "LIST > 0", "BITS == 1",
    "NIX > 0", "1 > 0", "U64 >= 0", "__import__('os').system('x')", "Z_SPEC > 1e999", "FLAGS == 1.5",
    "Z_SPEC > 9**9**9**9", "'a' 'b'", "a;b", "Z_SPEC > 0 and", "FLAGS << 99999999999", "lambda: 0", "[x for x in y]",
    "FLAGS % 0 > 1", "-FLAGS > 0", "~FLAGS", "FLAGS in ()", "FLAGS in 5", "NAME in 'g1'", "'" * 99,
    "Z_SPEC > 0" + " and Z_SPEC > 0" * 800, "\x00 > 1", "é > 1", "Z_SPEC > ٣", "OBJID == 1e30",
    "OBJID > -99999999999999999999999", "U64 == 18446744073709551616", "GOOD == True", "GOOD", "FLAGS == None",
)  # fmt: skip
PAIRS = (
    "u=modelMag_u", "r=FLAGS", "r=NAME", "r=VEC", "r=LIST", "r=OBJID", "r=NIX", "x=modelMag_u", "r=", "=r", "=", "r",
    "r=r=r", "u=mag", "r=uJy", "*=mag", "r=1", "r=0.1", "r=nan", "r=1e400", "r=10**99 Jy", "r=r.fits", "r=psf.fits",
    "g=r.fits,r=r.fits", "r=fifo", "r=@list.txt", "r=folder", "r=r.fits:3", "r=r.fits[9]", "r={ID}.fits", "%s=%n",
    "é=é", "r=[", "r=**", "R=r.fits", "r r=r.fits", "RA,DEC", "X,Y", "X,", "ID,NAME", "X,X", "NIX,NIX", "VEC,VEC",
    ",", "r=/dev/zero", "r=loop", "r=unreadable", "dust=1", "selection=x", "r=cat.fits",
)  # fmt: skip
OTHERS = (
    "photoz", "sdss", "csst", "none", "corrected", "random", "model", "psf", "nix", "CAT", "1", "0", "-1",
    "99999999999", "0:5", "5:", ":", "3:1", "0:99999999999999999999", "-1:2", "a:b", "Z_SPEC", "NAME", "VEC",
    "OBJID", "FLAGS", "Z_SPEC:0:1:3", "Z_SPEC:1:0:3", "Z_SPEC:0:1:999999999", "Z_SPEC:nan:1:2", "NAME:0:1:2",
    "median", "knn,x", "median,median", "cpu", "cuda", "cuda:99", "meta", "cpu:7", "mps", "rice", "gzip", "8",
    "12arcsec", "1e9arcsec", "nanarcsec", "-3arcsec", "0.001arcsec", "u,g", "u,u", ",", "g,x", "16,16", "0,0",
    "99999999,99999999", "yes", "MERGER=Z_SPEC", "Z_PHOT", "Z_PHOT=Z_SPEC", "Z_PHOT=NAME", "image", "flux", "hybrid",
)  # fmt: skip
SPECIALS = {name: name for name in ("fifo", "folder", "socket", "loop", "dangling", "empty", "unreadable")}


def bases(source):
    folder = source / "skycnn"
    model = modelfile.small(folder.joinpath("weights", "photoz-sdss-flux.safetensors").read_bytes())
    files = {
        "cat.fits": _catalogue(),
        "r.fits": images.sound()["float"],
        "stamps.fits": stampfiles.own(),
        "psf.fits": psffiles.bases(source)["scale"].files["psf.fits"],
        "my.safetensors": model,
        "my.toml": folder.joinpath("surveys", "sdss.toml").read_bytes().replace(b"sdss", b"my"),
        "list.txt": b"r.fits\n",
    }
    return {"all": Base(files, COMMANDS)}


def _catalogue():
    """Return a catalogue of magnitudes that has positions and answers too."""
    from astropy.io import fits

    from . import tables

    held = fits.open(_stream(images.places(60)))[1]
    made = [*catalogues.columns(60), *(column for column in held.columns if column.name in ("X", "Y", "RA", "DEC"))]
    return catalogues.encoded(fits.BinTableHDU.from_columns([*made, *tables.answers(60)], name="CAT"))


def _stream(octets):
    import io

    return io.BytesIO(octets)


def offered(verb):
    """Return the options that a verb takes a value for, by the program's own list."""
    from skycnn.cli import app

    params = app.tree(complete=False).get_command(None, verb).params
    named = [param for param in params if param.opts[0].startswith("-")]
    return [param.opts[0] for param in named if not param.is_flag]


def value(rng, option):
    """Return something to type after an option."""
    if option in WRITTEN:
        return pick(rng, [path for path in PATHS if not path.startswith(READ_ONLY)])
    kind = pick(rng, ["condition", "pair", "path", "number", "text", "other"], p=_shares(option))
    pool = {"condition": CONDITIONS, "pair": PAIRS, "path": PATHS, "text": values.TEXTS, "other": OTHERS}.get(
        kind, NUMBERS
    )
    made = pick(rng, pool)
    if option in WORK and made.lstrip("+ ").replace("_", "").isdecimal() and len(made) < 19 and int(made) > 7:
        return "7"
    return made


def _shares(option):
    if option in ("--bad", "--where"):
        return [0.8, 0.04, 0.04, 0.04, 0.04, 0.04]
    if option in PAIRED:
        return [0.04, 0.7, 0.12, 0.02, 0.06, 0.06]
    if option in ("--stamps", "--survey", "--model", "--init", "--train", "--adapt"):
        return [0.02, 0.06, 0.7, 0.02, 0.1, 0.1]
    return [0.05, 0.05, 0.1, 0.35, 0.15, 0.3]


def draw(rng, base, files, words):
    words = list(words)
    options = offered(words[0])
    for _ in range(pick(rng, [1, 1, 2, 3])):
        if not options or rng.random() < 0.15:
            words.append(pick(rng, FLAGS))
            continue
        option = pick(rng, options)
        typed = value(rng, option).replace("\0", pick(rng, ["", "\\0"]))  # no argument of a process holds a NUL
        if option in words and rng.random() < 0.8:
            words[words.index(option) + 1] = typed
        else:
            words += [option, typed]
    if rng.random() < 0.1 and words[0] != "models":
        words[1] = pick(
            rng, [path for path in PATHS if not (path.startswith(READ_ONLY) or "\0" in path or path == "-")]
        )
    return words, [], SPECIALS
