"""The real command line as cron, a pipeline and a stranger's shell would run it; the model is the one that ships."""

import os
import pty
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits

import warm
from sdsslike import column, sha256, table, write
from shell import MAIN, bare

SKYCNN = f"{shlex.quote(sys.executable)} -m skycnn"


def shell(line, folder, **variables):
    """Run a line of sh in a folder, in an environment with next to nothing in it."""
    line = re.sub(r"\bskycnn (?=predict)", lambda _: f"{SKYCNN} ", line)
    environment = bare(PYTHONDONTWRITEBYTECODE="1") | variables
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=environment, capture_output=True, timeout=300, check=False
    )


def predicted(folder, *words, before=""):
    """Run predict, with a line of Python before it, where a shell makes no difference."""
    words = ("predict", "cat.fits", "--task", "photoz", "-q", *words)
    return warm.python(f"{before}\n{MAIN}", *words, cwd=folder, env=bare(PYTHONPATH=os.environ.get("PYTHONPATH", "")))


def quiet(ran):
    return ran.returncode == 0 and not ran.stdout and not ran.stderr


@pytest.fixture
def cat(tmp_path):
    return write(tmp_path / "cat.fits", table(50), checksum=True)


def test_cron_hears_nothing(cat, tmp_path):
    cat.chmod(0o664)
    line = "umask 077; exec skycnn predict -q cat.fits --task photoz <&-"
    ran = shell(line, tmp_path, LANG="C")
    assert quiet(ran), ran.stderr
    assert cat.stat().st_mode & 0o777 == 0o664
    assert np.isfinite(column(cat, "Z_PHOT")).all()
    assert [entry.name for entry in tmp_path.iterdir()] == ["cat.fits"]
    digest, time = sha256(cat), cat.stat().st_mtime_ns
    assert quiet(shell(line, tmp_path, LANG="C"))
    assert (sha256(cat), cat.stat().st_mtime_ns) == (digest, time)


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", ">&-", "2>&-"])
def test_closed_streams_are_no_place_to_write_to(cat, tmp_path, closed):
    ran = shell(f"exec skycnn predict cat.fits --task photoz {closed}", tmp_path)
    assert ran.returncode == 0
    with fits.open(cat, checksum=True) as units:
        assert np.isfinite(units[1].data["Z_PHOT"]).all()


def test_a_closed_standard_output_cannot_take_the_catalogue(cat, tmp_path):
    ran = shell("skycnn predict cat.fits --task photoz --out - >&-", tmp_path)
    assert ran.returncode == 2
    assert ran.stderr.startswith(b"skycnn: error: standard output is closed\n")


def test_home_may_be_read_only_or_nowhere(cat, tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    assert quiet(shell("skycnn predict -q cat.fits --task photoz --overwrite", tmp_path, HOME=str(home)))
    assert quiet(shell("skycnn predict -q cat.fits --task photoz --overwrite", tmp_path, HOME="/nonexistent"))
    assert list(home.iterdir()) == []


def test_names_beyond_ascii(tmp_path):
    cat = write(tmp_path / "catálogo ☉ 1.fits", table(5))
    assert quiet(shell("skycnn predict 'catálogo ☉ 1.fits' --task photoz -q", tmp_path, LANG="C"))
    ran = shell("skycnn predict 'catálogo ☉ 1.fits' --task photoz", tmp_path, LC_ALL="C", PYTHONCOERCECLOCALE="0")
    assert ran.returncode == 0
    assert b"nothing to do" in ran.stderr
    history = [str(line) for line in fits.getheader(cat, 1)["HISTORY"]]
    assert any("cat\\xe1logo \\u2609 1.fits" in line for line in history)


def test_a_file_name_that_is_no_text(tmp_path):
    name = os.fsencode(tmp_path) + b"/cat\xff.fits"
    write(tmp_path / "cat.fits")
    os.rename(tmp_path / "cat.fits", name)
    ran = subprocess.run(
        [sys.executable, "-m", "skycnn", "predict", name, "--task", "photoz"], capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert b"rows answered" in ran.stderr


def test_column_names_beyond_ascii(tmp_path):
    cat = write(tmp_path / "cat.fits")
    cat.write_bytes(cat.read_bytes().replace(b"'modelMag_r'", b"'modelMag_\xe9'"))  # Latin-1, as such files have it
    ran = shell("skycnn predict cat.fits --task photoz", tmp_path, LANG="C")
    assert ran.returncode == 0, ran.stderr
    assert b"no photometry for r" in ran.stderr
    ran = shell("skycnn predict cat.fits --task photoz --band r=NOPE --overwrite", tmp_path, LANG="C")
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 2


def test_pipelines(cat, tmp_path):
    ran = shell("gzip -c cat.fits | skycnn predict - --task photoz -q > piped.fits && cat piped.fits", tmp_path)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert shell("skycnn predict cat.fits --task photoz -q --out - > out.fits", tmp_path).returncode == 0
    assert quiet(predicted(tmp_path, "--out", "new.fits.gz"))
    assert quiet(shell("gzip -t new.fits.gz", tmp_path))
    assert quiet(predicted(tmp_path))
    wanted = column(cat, "Z_PHOT")
    for name in ("piped.fits", "out.fits", "new.fits.gz"):
        assert np.array_equal(column(tmp_path / name, "Z_PHOT"), wanted)


def test_a_reader_that_leaves_early(cat, tmp_path):
    write(cat, table(20_000))
    ran = shell("skycnn predict cat.fits --task photoz -q --out - | head -c 100 | wc -c", tmp_path)
    assert (ran.stdout.strip(), ran.stderr) == (b"100", b"")
    assert [entry.name for entry in tmp_path.iterdir()] == ["cat.fits"]


def test_an_output_gets_the_umask_s_mode(cat, tmp_path):
    assert quiet(predicted(tmp_path, "--out", "new.fits", before="import os; os.umask(0o027)"))
    assert (tmp_path / "new.fits").stat().st_mode & 0o777 == 0o640


def test_links_are_followed(cat, tmp_path):
    (tmp_path / "data").mkdir()
    os.rename(cat, tmp_path / "data" / "real.fits")
    cat.symlink_to("data/real.fits")
    assert quiet(predicted(tmp_path))
    assert cat.is_symlink()
    assert np.isfinite(column(tmp_path / "data" / "real.fits", "Z_PHOT")).all()
    assert [entry.name for entry in (tmp_path / "data").iterdir()] == ["real.fits"]


def test_a_nearly_full_disk(cat, tmp_path):
    """A file system of 100 kB holds the catalogue, but not a second one beside it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        small = write(disk / "cat.fits", table(1000))
        digest = sha256(small)
        ran = predicted(disk)
        assert ran.returncode == 1
        assert re.match(r"skycnn: error: no space for cat.fits: 0\.\d MB are needed", ran.stderr)
        assert (sha256(small), [entry.name for entry in disk.iterdir()]) == (digest, ["cat.fits"])
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_terminal_gets_no_binary(cat, tmp_path):
    parent, child = pty.openpty()
    line = f"{SKYCNN} predict cat.fits --task photoz --out -"
    ran = subprocess.run(["sh", "-c", line], cwd=tmp_path, stdout=child, stderr=subprocess.PIPE, check=False)
    os.close(child)
    os.close(parent)
    assert ran.returncode == 2
    assert ran.stderr.startswith(b"skycnn: error: binary FITS to a terminal is refused\nhint: --out FILE")
