"""Typed: what is given to an option, in good sense and in bad: numbers, texts, conditions, columns, paths."""

from . import values
from .values import pick

WRITTEN = ("--out", "-o", "--plot", "--preview", "--provenance", "--answers", "--cache", "--report")
NUMBERS = (
    "-1", "0", "1", "2", "7", "1e3", "1.5", "nan", "inf", "-inf", "1e400", "99999999999999999999999", "0x10", "",
    " 3 ", "1_0", "٣", "3 ", "+2", "--1", "1e-320", "-0", "2147483648", "18446744073709551616",
)  # fmt: skip
WORK = "-n --epochs --members --folds --scene --size --threads --batch --wait --concurrency --retries".split()
"""These ask for work in proportion: they are given no honest number above 7."""
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

SENSIBLE = {
    "--rows": ("0:5", "5:", ":", ":3", "59:60", "50:70", "0:0"),
    "--by": (
        "Z_SPEC:0:1:3",
        "OBJID:0:1e19:2",
        "FLAGS:0:2:2",
        "Z_SPEC:0:0.1:1000",
        "NAME:0:1:2",
        "VEC:0:1:2",
        "BITS:0:1:2",
        "width",
        "z:3",
        "mag",
        "Z_SPEC:7",
        "NAME",
    ),
    "--size": ("1", "7", "2arcsec", "0.001arcsec", "1e9arcsec", "nanarcsec", "-3arcsec", "7.5"),
    "--device": ("cpu", "cuda:99", "meta", "cpu:7", "mps"),
    "--bands": ("u,g,r,i,z", "u,g", "u,u", "g,x", "z,u"),
    "--photometry": ("model", "auto", "psf", "bare"),
    "--extinction": ("none", "corrected", "Z_SPEC", "NAME", "VEC"),
    "--survey": ("sdss", "csst", "cosmos", "my.toml"),
    "--model": ("photoz-sdss-flux", "photoz-csst-image", "my.safetensors"),
    "--init": ("photoz-sdss-flux", "photoz-csst-image", "my.safetensors"),
    "--task": ("photoz",),
    "--hdu": ("1", "CAT", "0", "99", "-1"),
    "--truth": ("Z_SPEC", "Z_PHOT=Z_SPEC", "NAME", "VEC", "LIST", "OBJID", "BITS", "GOOD", "U64", "modelMag_u"),
    "--baseline": ("Z_SPEC", "Z_PHOT=Z_SPEC", "NAME", "VEC", "LIST", "OBJID", "BITS", "GOOD", "U64"),
    "--baselines": ("none", "median", "knn", "median,knn", "knn,x"),
    "--group": ("FLAGS", "NAME", "OBJID", "VEC", "LIST", "BITS", "GOOD", "U64", "Z_SPEC", ""),
    "--split": ("random", "NAME", "FLAGS", "Z_SPEC", "VEC"),
    "--answer": ("Z_PHOT", "Z_SPEC"),
    "--threshold": ("0.5", "0.0001", "0", "1"),
    "--prevalence": ("0.01", "0", "1e-300"),
    "--train": ("answered.fits", "cat.fits", "stamps.fits"),
    "--radec": ("RA,DEC", "DEC,RA", "X,Y", "NAME,GOOD", "OBJID,U64", "VEC,RA"),
    "--xy": ("X,Y", "RA,DEC", "NAME,GOOD", "OBJID,U64"),
    "--compress": ("rice", "gzip"),
    "--images": (
        "r=r.fits",
        "g=r.fits",
        "r=@list.txt",
        "r=r.fits[0]",
        "r=r*.fits",
        "r=row{FLAGS}.fits",
        "r={NAME}.fits",
    ),
    "--mask": ("r=r.fits", "g=r.fits", "r=@list.txt"),
    "--weight": ("r=r.fits", "g=r.fits", "r=@list.txt"),
    "--pixel-unit": ("r=uJy", "mag", "r=10**999 Jy", "counts", "r=nanomaggy"),
    "--band": (
        "u=modelMag_g",
        "r=FLAGS",
        "r=NAME",
        "r=VEC",
        "r=LIST",
        "r=OBJID",
        "r=U64",
        "r=BITS",
        "r=GOOD",
        "r=Z_SPEC",
    ),
    "--error": ("u=modelMagErr_g", "r=FLAGS", "r=NAME", "r=VEC", "r=0.1", "0.1", "nan", "-1", "1e400"),
    "--unit": ("mag", "uJy", "r=nJy", "u=mag", "10**999 Jy", "r=10**-99999999 maggies", "r=1/nanomaggy^2"),
    "--mask-band": ("r=FLAGS", "u=NAME", "r=VEC", "r=OBJID", "r=U64", "r=BITS", "r=GOOD", "r=LIST"),
    "--input": ("z=Z_SPEC", "x=NAME"),
    "--psf": ("r=psf.fits", "r=r.fits", "r=psf.fits[0]"),
    "--background": ("r=r.fits", "r=psf.fits"),
    "--avoid": ("cat.fits", "cat.fits[CAT]"),
    "--set": ("selection=paper", "x=1"),
    "--selection": ("paper", "x"),
    "--scene": ("7,7", "16,16", "1,1", "0,0", "99999999,99999999"),
    "--name": ("my", "é", "a/b", "", "A" * 5000),
    "--note": ("", "é", "\n", "%s", "x" * 90_000),
    "--licence": ("MIT", "\ud800", "\n"),
    "--dereddened": ("yes", "no", "unknown"),
    "--network": ("flux", "image", "hybrid"),
    "--stamps": (
        "stamps.fits",
        "row{FLAGS}.fits",
        "{NAME}.fits",
        "{OBJID}.fits",
        "{VEC}.fits",
        "{FLAGS!r}.fits",
        "{FLAGS:>9999999999}",
    ),
    "--prefix": ("A_", "", "é", "a b", "x" * 70, "\n", "%s"),
    "--suffix": ("_A", "", "é", "'", "x" * 70, "1"),
    "--out": ("out.fits", "out.fits.gz", "out.fits.bz2", "cat.fits", "-", "new.safetensors"),
    "--preview": ("out.png", "out.svg", "out.pdf", "out.jpg", "out"),
    "--plot": ("out.png", "out.svg", "out.pdf", "out.jpg", "out"),
    "--provenance": ("run.json", "cat.fits", "out.fits"),
    "--answers": ("out.fits", "cat.fits"),
    "--cache": ("folder", "cat.fits", "nix"),
    "--adapt": ("cat.fits", "stamps.fits"),
    "--adapt-by": ("mmd", "adversarial", "batchnorm"),
    "--seed": ("0", "1", "9223372036854775807", "9223372036854775808", "99999999999999999999"),
    "--batch": ("1", "7", "99999999999", "9223372036854775808"),
    "--threads": ("1", "2", "1024", "1025"),
    "--wait": ("0", "0.1", "1e300", "inf"),
}
"""What the option is for, and what is just beside it."""

POOLS = {
    "condition": CONDITIONS,
    "number": NUMBERS,
    "other": OTHERS,
    "pair": PAIRS,
    "path": PATHS,
    "text": values.TEXTS,
}


def value(rng, option):
    """Return something to type after an option."""
    if option in SENSIBLE and rng.random() < 0.65:
        return pick(rng, SENSIBLE[option])
    if option in WRITTEN:
        return pick(rng, [path for path in PATHS if not path.startswith(READ_ONLY)])
    kind = pick(rng, sorted(POOLS), p=_shares(option))
    pool = {"condition": CONDITIONS, "pair": PAIRS, "path": PATHS, "text": values.TEXTS, "other": OTHERS}.get(
        kind, NUMBERS
    )
    made = pick(rng, pool)
    if option in WORK and made.lstrip("+ ").replace("_", "").isdecimal() and len(made) < 19 and int(made) > 7:
        return "7"
    return made


def _shares(option):
    """Return how often a value is taken from each of `POOLS`, in the order of their names."""
    if option in ("--bad", "--where"):
        return [0.8, 0.04, 0.04, 0.04, 0.04, 0.04]
    if option in PAIRED:
        return [0.04, 0.02, 0.06, 0.7, 0.12, 0.06]
    if option in ("--stamps", "--survey", "--model", "--init", "--train", "--adapt"):
        return [0.02, 0.02, 0.1, 0.06, 0.7, 0.1]
    return [0.05, 0.35, 0.3, 0.05, 0.1, 0.15]
