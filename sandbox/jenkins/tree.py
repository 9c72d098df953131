"""Jenkins' way of saying which fields of which objects are wanted: `jobs[name,lastBuild[number]]{0,10}`."""

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

CLASS = "_class"
_TOKEN = re.compile(r"[\[\],]|\{\d*,?\d*\}|[^\[\],{}]+")


class Node(Protocol):
    """An object that may be asked for more of itself."""

    def document(self) -> dict[str, Any]:
        """Return its fields; those that are objects are nodes, or lists of them."""

    def stub(self) -> dict[str, Any]:
        """Return what an object that refers to it shows of it."""


@dataclass(slots=True)
class Wanted:
    """Fields that are wanted of an object, and the part of a list that it may be."""

    fields: "dict[str, Wanted]" = field(default_factory=dict)
    part: slice = field(default_factory=lambda: slice(None))


def parsed(text: str) -> Wanted:
    """Parse a tree argument; raises ValueError where it is none."""
    tokens = _TOKEN.findall(text)
    wanted = Wanted()
    if tokens and tokens[0][0] in "[{":
        raise ValueError(f"a tree begins with a name: {text}")
    if _read(tokens, 0, wanted) != len(tokens):
        raise ValueError(f"unbalanced tree: {text}")
    return wanted


def _read(tokens: list[str], at: int, wanted: Wanted) -> int:
    name = ""
    while at < len(tokens) and tokens[at] != "]":
        word = tokens[at]
        if word == "[":
            at = _read(tokens, at + 1, wanted.fields[name])
            if at == len(tokens):
                raise ValueError("a bracket is not closed")
        elif word.startswith("{"):
            first, _, last = word[1:-1].partition(",")
            wanted.fields[name].part = slice(int(first or 0), int(last) if last else None)
        elif word != ",":
            name = word.strip()
            wanted.fields.setdefault(name, Wanted())
        at += 1
    return at


def shown(value: Any, wanted: Wanted) -> Any:
    """Return a value with only what is wanted of it; objects always tell their class."""
    if isinstance(value, list):
        return [shown(each, wanted) for each in value[wanted.part]]
    if hasattr(value, "document"):
        value = value.document()
    if not isinstance(value, dict):
        return value
    kept = {name: shown(value[name], inner) for name, inner in wanted.fields.items() if name in value}
    return {CLASS: value[CLASS], **kept} if CLASS in value else kept


def plain(node: Node, hidden: frozenset[str]) -> dict[str, Any]:
    """Return an object as it shows itself unasked: its own fields, and stubs of what it refers to."""
    return {name: _stubbed(value) for name, value in node.document().items() if name not in hidden}


def _stubbed(value: Any) -> Any:
    if isinstance(value, list):
        return [_stubbed(each) for each in value]
    return value.stub() if hasattr(value, "stub") else value
