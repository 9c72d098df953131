"""Writes the skeleton of a new connector: one that works, over a small vendor of its own, in every layer.

The files in `tree/` are the skeleton as it will lie in the checkout; the vendor's name in their paths and
texts is replaced. A test generates one and holds it to the conformance suite.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping
from pathlib import Path

TEMPLATES = Path(__file__).parent / "tree"
REGISTER = Path("ingestion/connector.py")

_SUFFIX = ".template"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_REGISTERED = re.compile(r"^REGISTERED = \(([^)]*)\)", re.MULTILINE)
_LINE_LENGTH = 110


class ScaffoldError(Exception):
    """The skeleton cannot be written; the message says why."""


def planned(name: str, tree: Path) -> Mapping[Path, str]:
    """The files of a new connector by their path in the checkout, the changed register among them.

    Raises:
        ScaffoldError: the name is none, or is taken.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ScaffoldError(f"{name} is no name for a connector: it is snake_case, as pager_duty or jira2")
    register = (tree / REGISTER).read_text(encoding="utf-8") if (tree / REGISTER).exists() else ""
    if not _REGISTERED.search(register):
        raise ScaffoldError(f"{tree} is no checkout of Flowgauge: connectors are written into one")
    files = {
        Path(_named(str(path.relative_to(TEMPLATES)).removesuffix(_SUFFIX), name)): path
        for path in sorted(TEMPLATES.rglob(f"*{_SUFFIX}"))
    }
    taken = sorted({path.parent for path in files if (tree / path.parent).exists()})
    if taken:
        raise ScaffoldError(f"{name} is taken: {taken[0]} exists")
    texts = {path: _named(source.read_text(encoding="utf-8"), name) for path, source in files.items()}
    return {**texts, REGISTER: _REGISTERED.sub(_registering(name), register, count=1)}


def write(name: str, tree: Path) -> list[Path]:
    """Write the files and return their paths in the checkout; ScaffoldError as for `planned`."""
    files = planned(name, tree)
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text, encoding="utf-8")
    return list(files)


def _registering(name: str) -> Callable[[re.Match[str]], str]:
    """Adds a name to the register, which is one line as long as it fits into one."""

    def register(found: re.Match[str]) -> str:
        names = [f'"{each}"' for each in sorted({*re.findall(r"\w+", found[1]), name})]
        line = f"REGISTERED = ({', '.join(names)}{',' if len(names) == 1 else ''})"
        if len(line) <= _LINE_LENGTH:
            return line
        return "\n".join(["REGISTERED = (", *(f"    {each}," for each in names), ")"])

    return register


def _named(text: str, name: str) -> str:
    words = name.split("_")
    replaced = {
        "newvendor": name,
        "NewVendor": "".join(word.capitalize() for word in words),
        "New Vendor": " ".join(word.capitalize() for word in words),
        "NEWVENDOR": name.upper(),
    }
    return re.sub("|".join(replaced), lambda found: replaced[found[0]], text)
