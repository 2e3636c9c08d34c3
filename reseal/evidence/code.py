"""Which code a run was of: its version, its commit in a checkout, and its files' digest."""

import hashlib
from pathlib import Path

import reseal


def code() -> dict[str, str | None]:
    """Return version, revision, and one SHA-256 over the library's source files."""
    package = Path(reseal.__file__).parent
    return {
        "version": reseal.__version__,
        "revision": _revision(package.parent),
        "sha256": _digest(package),
    }


def _digest(package: Path) -> str:
    """Hash a line `SHA-256  NAME` a file, in order of names, as `sha256sum` writes them."""
    lines = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(package).as_posix()}\n"
        for path in sorted(package.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _revision(checkout: Path) -> str | None:
    try:
        head = (checkout / ".git" / "HEAD").read_text().strip()
        name = head.removeprefix("ref: ")
        return head if name == head else (checkout / ".git" / name).read_text().strip()
    except OSError:
        # Installed without a repository, or its names are packed.
        return None
