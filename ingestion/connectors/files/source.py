"""The walk over the files of a connection: which are new, changed, renamed or gone.

The state keeps, by entity, each file's content hash and the id that its rows bear. A file whose content
stands under another name keeps that id, so that renaming changes nothing; one that is gone takes its rows
with it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.connector import CheckedPage, Extraction, Finding
from ingestion.connectors.files.settings import FileSource, FilesSettings

if TYPE_CHECKING:
    from ingestion.connectors.files.reading import FileReader

Known = dict[str, dict[str, str]]
"""Path → hash of what was read, and id of the file."""


class MissingFilesError(Exception):
    """Files that the settings name are not there; says which, and what to do."""


def extract(extraction: Extraction) -> Iterator[CheckedPage]:
    """A page for each file that is new, changed or gone.

    Raises:
        MissingFilesError: the folder, or all files of an entity, are gone.
        UnreadableFileError: a file cannot be read, or lacks what its entity needs.
    """
    from ingestion.connectors.files.reading import FileReader

    settings: FilesSettings = extraction.settings
    states: dict[str, Known] = extraction.state.setdefault("files", {})
    folder = extraction.workspace.resolve() / settings.name
    reader = FileReader(folder, extraction.hash_email)
    try:
        for entity in dict.fromkeys(source.entity for source in settings.files):
            yield from _pages(extraction, reader, entity, states.setdefault(entity, {}))
    finally:
        reader.close()
        shutil.rmtree(folder, ignore_errors=True)


def check(extraction: Extraction) -> Iterator[Finding]:
    """Whether the files are there and have what their entities need, and which columns would be left."""
    from ingestion.connectors.files.reading import FileReader, UnreadableFileError

    settings: FilesSettings = extraction.settings
    folder = extraction.workspace.resolve() / settings.name
    reader = FileReader(folder, extraction.hash_email)
    try:
        for source in settings.files:
            paths = _paths(settings, source)
            if not paths:
                yield Finding("error", f"{source.path} matches no file in {settings.folder}", "check both")
                continue
            unknown = reader.unknown_columns(settings.folder / paths[-1], source)
            message = f"{source.entity}: {len(paths):,} files"
            if unknown:
                message += f"; the last one's columns {', '.join(unknown)} are not read"
            yield Finding("ok", message)
    except UnreadableFileError as error:
        yield Finding("error", str(error), "mend the file, or the settings")
    finally:
        reader.close()
        shutil.rmtree(folder, ignore_errors=True)


def _pages(extraction: Extraction, reader: FileReader, entity: str, known: Known) -> Iterator[CheckedPage]:
    settings: FilesSettings = extraction.settings
    found = _found(settings, entity)
    if not found:
        extraction.log(f"there is no file of {entity} yet")
    if known and not found:
        raise MissingFilesError(
            f"{settings.folder} has no file of {entity} any more; bring them back, take {entity} out of the "
            "settings, or run with --full-refresh if they are gone for good"
        )
    hashes = {path: _hash(settings.folder / path, source) for path, source in found.items()}
    _follow_renames(known, hashes)
    for path in sorted(known.keys() - found.keys()):
        gone = known.pop(path)["id"]
        extraction.log(f"{path} is gone")
        extraction.expect_count(entity, f"file_id={gone}", 0)
        yield CheckedPage(entity, (gone,))
    for path, source in found.items():
        if known.get(path, {}).get("hash") == hashes[path] and extraction.since is None:
            continue
        identity = known[path]["id"] if path in known else _new_id(path, known)
        checked = reader.read(settings.folder / path, source, identity)
        extraction.log(f"{path}: {checked.row_count:,} rows of {entity}")
        if checked.unknown_columns:
            extraction.log(f"{path}: not read, as unknown: {', '.join(checked.unknown_columns)}")
        extraction.expect_count(entity, f"file_id={identity}", checked.row_count)
        yield CheckedPage(entity, (identity,), checked.rows, checked.rejected)
        known[path] = {"hash": hashes[path], "id": identity}


def _found(settings: FilesSettings, entity: str) -> dict[str, FileSource]:
    """Paths of the entity's files, below the folder, in order, each with its entry."""
    found: dict[str, FileSource] = {}
    for source in settings.files:
        for path in _paths(settings, source) if source.entity == entity else ():
            if path in found:
                raise MissingFilesError(
                    f"{path} is a file of {entity} by {found[path].path} and by {source.path}; "
                    "let only one of them match it"
                )
            found[path] = source
    return dict(sorted(found.items()))


def _paths(settings: FilesSettings, source: FileSource) -> list[str]:
    if not settings.folder.is_dir():
        raise MissingFilesError(f"there is no folder {settings.folder}; check folder, or mount it")
    return sorted(
        path.relative_to(settings.folder).as_posix()
        for path in settings.folder.glob(source.path)
        if path.is_file() and not path.name.startswith(".")
    )


def _hash(path: Path, source: FileSource) -> str:
    """Of the content and of all that says how it is read."""
    reading = [source.model_dump(mode="json", exclude={"path"}), repr(source.contract)]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(json.dumps(reading, sort_keys=True).encode())
    return digest.hexdigest()


def _follow_renames(known: Known, hashes: dict[str, str]) -> None:
    """Let a file that is new under its name be the one that is gone, where the content is the same."""
    gone = {known[path]["hash"]: path for path in sorted(known.keys() - hashes.keys(), reverse=True)}
    for path in sorted(hashes.keys() - known.keys()):
        former = gone.pop(hashes[path], None)
        if former is not None:
            known[path] = known.pop(former)


def _new_id(path: str, known: dict[str, Any]) -> str:
    """The path, unless a file that was renamed bears it as its id."""
    taken = {each["id"] for each in known.values()}
    candidates = (path if number == 1 else f"{path}#{number}" for number in range(1, len(taken) + 2))
    return next(each for each in candidates if each not in taken)
