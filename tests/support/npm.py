"""Published descriptions of vendors' APIs, fetched once by npm's own client and kept in pytest's cache."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from filelock import FileLock
from support.requirements import missing

GRAPHQL_SCHEMA = "@octokit/graphql-schema@15.26.1"
OPENAPI = "@octokit/openapi@23.0.2"


def file_of(package: str, member: str, config: pytest.Config) -> Path:
    """Return a file of a package, fetched unless it is kept; skips where the registry cannot be had."""
    folder = config.cache.mkdir("npm")
    kept = folder / f"{_name_of(package)}-{member.replace('/', '-')}"
    with FileLock(folder / "unpacked.lock"):
        if not kept.exists():
            _unpack(archive_of(package, folder), member, kept)
    return kept


def archive_of(package: str, folder: Path) -> Path:
    """Return the packed package in a folder, fetched unless it is there; skips like `file_of`."""
    archive = folder / f"{_name_of(package)}.tgz"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "fetched.lock"):
        if not archive.exists():
            _fetch(package, archive)
    return archive


def _name_of(package: str) -> str:
    """As npm names what it packs."""
    return package.strip("@").replace("/", "-").replace("@", "-")


def _fetch(package: str, archive: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        missing("npm, to fetch the vendor's published description")
    command = [npm, "pack", package, "--silent", "--pack-destination", str(archive.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode or not archive.exists():
        missing(f"{package} from the npm registry: {done.stderr.strip()[-200:]}")


def _unpack(archive: Path, member: str, kept: Path) -> None:
    partial = kept.with_suffix(".partial")
    with tarfile.open(archive) as tar:
        content = tar.extractfile(f"package/{member}")
        assert content is not None
        partial.write_bytes(content.read())
    partial.rename(kept)
