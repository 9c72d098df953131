"""The README as a user has it: its examples and commands, and a checkout to try them in."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# The tests themselves are running already; that some are found is what their command can show here.
IN_TESTS = {"make test": ["ARGS=--collect-only -q tests/serving"]}
UNTIL_STOPPED = {".venv/bin/flowgauge serve"}
"""Commands that do not end by themselves."""


def blocks(language: str) -> list[str]:
    """The page's blocks of code in a language, in its order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """The page's shell commands without their comments, in its order."""
    lines = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line]


def checkout(folder: Path, settings: Mapping[str, Any]) -> Path:
    """The tracked files in a new folder, beside the environment that is set up already, and the settings."""
    copy_tracked(folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "flowgauge.yaml").write_text(yaml.safe_dump(dict(settings)), encoding="utf-8")
    return folder


def copy_tracked(folder: Path) -> None:
    """Copy what git has, or would take in, of this checkout."""
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in files:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def tried(
    folder: Path, arguments: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> Iterator[tuple[str, subprocess.CompletedProcess[str]]]:
    """Run the page's commands in a checkout, one after the other, each with its further arguments."""
    for command in commands():
        if command not in UNTIL_STOPPED:
            further = {**IN_TESTS, **arguments}.get(command, ())
            yield (
                command,
                subprocess.run(
                    [*command.split(), *further],
                    cwd=folder,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=900,
                ),
            )
