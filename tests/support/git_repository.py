"""Real git repositories made from facts, the same byte for byte each time, by `git fast-import`.

Commits have symbolic names in the facts (`@c1a`); the repository gives their shas, and `with_shas` puts them
into the facts wherever a name stands, also inside commit messages.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

_NAME = re.compile(r"@([A-Za-z0-9-]+)")
_WEB_FLOW = "GitHub <noreply@github.com>"


def build_repository(facts: Mapping[str, Any], emails: Mapping[str, str], path: Path) -> dict[str, str]:
    """Make a bare repository of one fixture repository's commits, branches, tags and notes: name → sha."""
    _git("init", "--bare", "--quiet", "--initial-branch", facts["default_branch"], str(path))
    _git("-C", str(path), "config", "uploadpack.allowFilter", "true")
    _git("-C", str(path), "config", "http.receivepack", "false")
    with subprocess.Popen(
        ["git", "-C", str(path), "fast-import", "--quiet", "--force"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        shas = _import(facts, emails, process.stdin, process.stdout)
        process.stdin.close()
    assert process.returncode == 0
    _git("-C", str(path), "update-ref", "-d", "refs/fixture")
    return shas


def with_shas(facts: Any, shas: Mapping[str, str]) -> Any:
    """The facts with every `@name` of a commit replaced by its sha."""
    if isinstance(facts, str):
        return _NAME.sub(lambda found: shas.get(found[1], found[0]), facts)
    if isinstance(facts, list):
        return [with_shas(item, shas) for item in facts]
    if isinstance(facts, dict):
        return {with_shas(key, shas): with_shas(value, shas) for key, value in facts.items()}
    return facts


def _import(
    facts: Mapping[str, Any], emails: Mapping[str, str], stdin: IO[bytes], stdout: IO[bytes]
) -> dict[str, str]:
    shas: dict[str, str] = {}
    marks = {commit["name"]: f":{number}" for number, commit in enumerate(facts["commits"], start=1)}

    def send(text: str) -> None:
        stdin.write(text.encode())

    for commit in facts["commits"]:
        author = _identity(commit["author"], emails)
        committer = _WEB_FLOW if commit.get("committer") == "web-flow" else author
        send("reset refs/fixture\n\ncommit refs/fixture\n")
        send(f"mark {marks[commit['name']]}\n")
        send(f"author {author} {_epoch(commit['authored_at'])} +0000\n")
        send(f"committer {committer} {_epoch(commit['committed_at'])} +0000\n")
        send(_data(with_shas(commit["message"], shas)))
        for place, parent in enumerate(commit["parents"]):
            send(f"{'merge' if place else 'from'} {marks[parent]}\n")
        for path in commit["paths"]:
            send(f"M 100644 inline {path}\n{_data(commit['name'])}")
        send(f"\nget-mark {marks[commit['name']]}\n")
        stdin.flush()
        shas[commit["name"]] = stdout.readline().decode().strip()
    for branch, name in facts["branches"].items():
        send(f"reset refs/heads/{branch}\nfrom {marks[name.removeprefix('@')]}\n\n")
    for tag in facts["tags"]:
        _send_tag(send, tag, emails, marks)
    for name, note in facts["notes"].items():
        send("commit refs/notes/ai\n")
        send(f"committer {_WEB_FLOW} {_epoch(facts['created_at'])} +0000\n{_data('note')}")
        send(f"M 100644 inline {with_shas(name, shas)}\n{_data(note)}")
    return shas


def _send_tag(send: Any, tag: Mapping[str, Any], emails: Mapping[str, str], marks: Mapping[str, str]) -> None:
    target = marks[tag["commit"].removeprefix("@")]
    if "annotated_at" not in tag:
        send(f"reset refs/tags/{tag['name']}\nfrom {target}\n\n")
        return
    send(f"tag {tag['name']}\nfrom {target}\n")
    send(
        f"tagger {_identity(tag['tagger'], emails)} {_epoch(tag['annotated_at'])} +0000\n{_data(tag['name'])}"
    )


def _identity(login: str, emails: Mapping[str, str]) -> str:
    return f"{login} <{emails.get(login, f'{login}@acme.example')}>"


def _epoch(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True, env=_environment())


def _environment() -> dict[str, str]:
    """Without the developer's git configuration."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**mine, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
