"""Reads flowgauge.yaml into plain values that know their lines, and says what is wrong in one sentence each.

Holds the YAML rules (no duplicate keys, no surprises of YAML 1.1), the substitution of `${NAME}` from the
environment, and the refusal of literal secrets. What the keys mean is `settings.py`'s business.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Where = tuple[str | int, ...]
"""Path of keys and positions to a value, such as `("connections", 0, "token")`."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET_KEY = re.compile(
    r"(^|_)(token|secret|password|passphrase|private_key|api_key|apikey)$", re.IGNORECASE
)
_SECRET_VALUE = re.compile(
    r"://[^/\s:@]*:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY|\b(gh[opusr]_\w{8,}|github_pat_\w{8,}"
    r"|glpat-[\w-]{8,}|sk-ant-[\w-]{8,}|xox[a-z]-[\w-]{8,}|AKIA[0-9A-Z]{12,}|ATATT[\w-]{8,}|lin_api_\w{8,}"
    r"|ph[cx]_\w{16,})"
)
_MOST_SHOWN = 10


@dataclass(frozen=True)
class Problem:
    """One thing wrong: where, what was expected, and what to do."""

    where: Where
    line: int | None
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        key = key_of(self.where)
        text = f"{key}: {self.message}" if key else self.message
        return f"{text}; {self.remedy}" if self.remedy else text


class SettingsError(Exception):
    """The settings cannot be used; each problem names file, line, key, what was expected and the remedy."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line or 0, str(problem))))
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> Iterator[str]:
        for problem in self.problems[:_MOST_SHOWN]:
            place = f"{self.path}:{problem.line}" if problem.line else f"{self.path}"
            yield f"{place}: {problem}"
        if len(self.problems) > _MOST_SHOWN:
            yield f"{self.path}: and {len(self.problems) - _MOST_SHOWN} more"


class SettingsMissingError(SettingsError):
    """There is no settings file."""


@dataclass
class SettingsFile:
    """Values of the file, with `${NAME}` replaced.

    Attributes:
        path: of the file.
        values: plain mappings, lists and scalars.
        lines: line of each value, and of the key where it has one.
        substituted: values that are one `${NAME}` and nothing else.
    """

    path: Path
    values: dict[str, Any]
    lines: dict[Where, int]
    substituted: set[Where] = field(default_factory=set)

    def line(self, where: Where) -> int | None:
        """Line of the value, else of the nearest one around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where)

    def problem(self, where: Where, message: str, remedy: str = "") -> Problem:
        """A problem at a value."""
        return Problem(where, self.line(where), message, remedy)


def key_of(where: Where) -> str:
    """As people write it: `connections[0].token`."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, known: Iterable[str]) -> str:
    """A remedy for a word that is not known: the one that was probably meant, else all there are."""
    known = sorted(known)
    if not known:
        return "there are none in these settings"
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"use one of: {', '.join(known)}"


def read_settings_file(path: Path, environment: Mapping[str, str]) -> SettingsFile:
    """Parse the file and replace `${NAME}`.

    Raises:
        SettingsMissingError: there is no such file.
        SettingsError: it is no YAML mapping, repeats a key, names an unset variable or holds a secret.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsMissingError(path, [Problem((), None, "there is no settings file")]) from None
    except OSError as error:
        remedy = "put a file there that you may read"
        raise SettingsError(
            path, [Problem((), None, f"it cannot be read: {error.strerror}", remedy)]
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(path, [Problem((), None, "it is no text in UTF-8", "save it as UTF-8")]) from None
    reader = _Reader(environment)
    values = reader.read(text, path)
    if reader.problems:
        raise SettingsError(path, reader.problems)
    if not isinstance(values, dict):
        expected = Problem((), 1, "expected keys with values", "start from `flowgauge init`")
        raise SettingsError(path, [expected])
    return SettingsFile(path, values, reader.lines, reader.substituted)


class _Loader(yaml.SafeLoader):
    """YAML 1.1 takes 17:00 for a number and `no` for false; here text stays text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|false|False", "tTfF"),
    ("null", r"~|null|Null|", "~nN\0"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*", "-+0123456789"),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
):
    _regex = re.compile(rf"^(?:{_pattern})$")
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", _regex, ["" if c == "\0" else c for c in _first]
    )


class _Reader:
    """One pass over the YAML nodes that collects lines and problems."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.lines: dict[Where, int] = {}
        self.substituted: set[Where] = set()
        self.problems: list[Problem] = []

    def read(self, text: str, path: Path) -> Any:
        """The values of the document."""
        loader: _Loader | None = None
        try:
            loader = _Loader(text)
            node = loader.get_single_node()
            return {} if node is None else self._value(loader, node, ())
        except yaml.YAMLError as error:
            mark, what = (
                getattr(error, "problem_mark", None),
                getattr(error, "problem", "a character that is none"),
            )
            line = mark.line + 1 if mark else None
            problem = Problem((), line, f"not YAML ({what})", "check indentation, colons and quotes")
            raise SettingsError(path, [problem]) from None
        except RecursionError:
            raise SettingsError(path, [Problem((), None, "an alias refers to itself")]) from None
        finally:
            if loader:
                loader.dispose()

    def _value(self, loader: _Loader, node: yaml.Node, where: Where) -> Any:
        self.lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loader, node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(loader, item, (*where, index)) for index, item in enumerate(node.value)]
        try:
            value = loader.construct_object(node)
        except ValueError:
            self.problems.append(Problem(where, self.lines[where], f"{node.value} is no date"))
            return None
        return self._text(value, where) if isinstance(value, str) else value

    def _mapping(self, loader: _Loader, node: yaml.MappingNode, where: Where) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            inner = (*where, key)
            line = key_node.start_mark.line + 1
            if key in values:
                message = f"is given twice, first in line {self.lines[inner]}"
                self.problems.append(Problem(inner, line, message, "keep one of them"))
                continue
            self.lines[inner] = line
            values[key] = self._value(loader, value_node, inner)
        return values

    def _text(self, text: str, where: Where) -> str:
        """The text with its variables replaced, after a look for secrets in what is literal."""
        whole = _VARIABLE.fullmatch(text)
        if whole:
            self.substituted.add(where)
        is_secret_key = isinstance(where[-1], str) and _SECRET_KEY.search(where[-1]) if where else None
        if (is_secret_key and not whole and text) or _SECRET_VALUE.search(_VARIABLE.sub("", text)):
            self.problems.append(literal_secret(where, self.lines[where]))
            return ""
        return _VARIABLE.sub(lambda match: self._variable(match.group(1), where), text)

    def _variable(self, name: str, where: Where) -> str:
        value = self._environment.get(name, "")
        if not value:
            message = f"the environment variable {name} is not set"
            self.problems.append(Problem(where, self.lines[where], message, f"set it: export {name}=…"))
        return value


def literal_secret(where: Where, line: int | None) -> Problem:
    """Secrets belong into the environment; the problem does not repeat the value."""
    remedy = (
        "put it into an environment variable, write ${NAME} here, and replace the secret where it was made"
    )
    return Problem(where, line, "holds a secret in plain text", remedy)
