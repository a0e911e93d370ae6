"""Run skycnn from recipes: what is made once stays in out/, what is good enough goes into the package."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "src" / "skycnn" / "weights"


def skycnn(*words: object) -> str:
    """Run one command line, show it, and return what it prints."""
    line = [str(word) for word in words]
    print("$ skycnn", *line, file=sys.stderr, flush=True)
    code = "import sys; from skycnn.cli.app import main; sys.argv[0] = 'skycnn'; main()"
    return subprocess.run([sys.executable, "-c", code, *line], check=True, stdout=subprocess.PIPE, text=True).stdout


def mocks(path: Path, *words: object) -> Path:
    """Return a file of stamps, with a preview beside it, made unless it is there."""
    if not path.exists():
        skycnn("mock", *words, "-q", "--out", path, "--preview", path.with_suffix(".png"))
    return path


def trained(path: Path, stamps: Path, note: str, *words: object) -> Path:
    """Return a model of mocks, trained unless it is there; ``note`` goes into its card."""
    if not path.exists():
        card = ["--note", note, "--licence", "BSD-3-Clause", "--dereddened", "yes", "--seed", 1]
        print(skycnn("train", stamps, *card, *words, "--device", "cpu", "--resume", "--out", path), flush=True)
    return path


def answered(path: Path, stamps: Path, model: Path, *words: object) -> Path:
    """Return a copy of a stamp file with a model's answers, made unless it is there."""
    if not path.exists():
        skycnn("predict", stamps, "--model", model, *words, "-q", "--out", path)
    return path


def latest(out: Path, name: str) -> Path:
    """Return the model in the folder ``out`` if there is one, else the one that ships."""
    made = out / f"{name}.safetensors"
    path = made if made.exists() else WEIGHTS / made.name
    print(f"Judged: {path.relative_to(ROOT)}")
    return path


def install(model: Path, name: str, card: str) -> None:
    """Put a model and its sums into the package."""
    if model.parent != WEIGHTS:
        shutil.copyfile(model, WEIGHTS / model.name)
    sums = WEIGHTS / "SHA256SUMS"
    lines = sums.read_text().splitlines() if sums.exists() else []
    others = [line for line in lines if line.split()[-1] != model.name and line.split()[:3] != ["#", "card", name]]
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    sums.write_text("\n".join([*others, f"# card {name} {card}", f"{digest}  {model.name}"]) + "\n")
