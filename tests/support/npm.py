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
    folder = config.cache.mkdir("npm") / package.strip("@").replace("/", "-").replace("@", "-")
    kept = folder / member.replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "fetched.lock"):
        if not kept.exists():
            _unpack(_packed(package, folder), member, kept)
    return kept


def _packed(package: str, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        missing("npm, to fetch the vendor's published description")
    command = [npm, "pack", package, "--silent", "--pack-destination", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        missing(f"{package} from the npm registry: {done.stderr.strip()[-200:]}")
    return folder / done.stdout.strip().splitlines()[-1]


def _unpack(archive: Path, member: str, kept: Path) -> None:
    partial = kept.with_suffix(".partial")
    with tarfile.open(archive) as tar:
        content = tar.extractfile(f"package/{member}")
        assert content is not None
        partial.write_bytes(content.read())
    partial.rename(kept)
    archive.unlink()
