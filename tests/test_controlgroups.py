"""ControlGroups: the folders of both versions, whatever is mounted."""

import pytest

from skycnn.files import controlgroups


@pytest.mark.parametrize(
    ("membership", "found"),
    [
        ("0::/a/b\n", {"", "a", "a/b", "memory"}),
        ("4:memory:/x/y\n0::/\n", {"", "memory", "memory/x", "memory/x/y"}),
        ("4:cpu,memory:/x\n", {"", "memory", "cpu,memory", "cpu,memory/x"}),
        ("nonsense", {"", "memory"}),
    ],
)
def test_groups_and_all_above_them(tmp_path, membership, found):
    (tmp_path / "self").write_text(membership)
    groups = controlgroups.groups("memory", tmp_path / "cgroup", tmp_path / "self")
    assert groups == {tmp_path / "cgroup" / name for name in found}


def test_what_is_not_there_has_no_words(tmp_path):
    assert controlgroups.words(tmp_path / "none") == []
    (tmp_path / "some").write_text("150000 100000\n")
    assert controlgroups.words(tmp_path / "some") == ["150000", "100000"]
    assert controlgroups.groups("cpu", tmp_path, tmp_path / "none") == {tmp_path, tmp_path / "cpu"}
