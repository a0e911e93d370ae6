"""ControlGroups: what Linux grants this process of a machine, versions 1 and 2, a file a number."""

from pathlib import Path

ROOT, MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
"""Where the groups are mounted, and the process's own, ``id:controllers:path`` a line."""


def groups(controller: str, root: Path = ROOT, membership: Path = MEMBERSHIP) -> set[Path]:
    """Return the folders of the process's groups and of all groups above them.

    Parameters
    ----------
    controller : str
        ``cpu`` or ``memory``: the mount of version 1 to look in, beside version 2's.
    root, membership : Path
        Where to look.
    """
    folders = {root, root / controller}
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return folders
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        mount = root / controllers if controller in controllers.split(",") else root
        group = mount / path.lstrip("/")
        folders |= {mount, group, *(parent for parent in group.parents if parent.is_relative_to(mount))}
    return folders


def words(path: Path) -> list[str]:
    """Return the words of a file, none where it cannot be read."""
    try:
        return path.read_text().split()
    except OSError:
        return []
