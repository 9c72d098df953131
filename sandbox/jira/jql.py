"""The part of JQL that is understood: comparisons joined by AND, and an order; dates are those of a zone."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.calendar import instant
from sandbox.jira.view import Issue, View

_TERM = re.compile(r"(?i)^\(*\s*(\w+)\s*(>=|<=|!=|=|>|<|not\s+in|in)\s*(.+?)\s*\)*$")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {">=": ge, "<=": le, ">": gt, "<": lt}
_DATES: dict[str, Callable[[Issue], int]] = {
    "created": lambda issue: issue.ticket.created_at,
    "updated": lambda issue: issue.updated_at,
}
_NAMES: dict[str, Callable[[Issue], set[str]]] = {
    "project": lambda issue: {issue.project.id, issue.project.key},
    "id": lambda issue: {str(issue.ticket.id), issue.ticket.key},
    "key": lambda issue: {str(issue.ticket.id), issue.ticket.key},
    "issuekey": lambda issue: {str(issue.ticket.id), issue.ticket.key},
    "status": lambda issue: {issue.status.id, issue.status.name.upper()},
}
_ORDERS: dict[str, Callable[[Issue], Any]] = {
    **_DATES,
    "key": lambda issue: (issue.project.key, issue.ticket.id),
    "id": lambda issue: issue.ticket.id,
}


class JqlError(ValueError):
    """A query that Jira refuses; the message is its own."""


def search(view: View, jql: str, zone: ZoneInfo) -> list[Issue]:
    """Return the issues that a query finds, in its order.

    Raises:
        JqlError: it has no restriction, or one that is not understood.
    """
    if jql not in view.searches:
        view.searches[jql] = _searched(view, jql, zone)
    return view.searches[jql]


def _searched(view: View, jql: str, zone: ZoneInfo) -> list[Issue]:
    where, *order = re.split(r"(?i)\border\s+by\b", jql, maxsplit=1)
    if not where.strip():
        raise JqlError(
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
        )
    found: Iterable[Issue] = view.issues.values()
    for term in re.split(r"(?i)\s+and\s+", where.strip()):
        found = filter(_test(view, term, zone), found)
    ordered = list(found)
    for part in reversed(order[0].split(",") if order else ["created DESC"]):
        name, _, direction = part.strip().lower().partition(" ")
        if name not in _ORDERS:
            raise JqlError(f"Not able to sort using field '{name}'.")
        ordered.sort(key=_ORDERS[name], reverse=direction.strip() == "desc")
    return ordered


def _test(view: View, term: str, zone: ZoneInfo) -> Callable[[Issue], bool]:
    parsed = _TERM.match(term)
    if not parsed:
        raise JqlError(f"Error in the JQL Query: Expecting operator but got '{term}'.")
    name, operator, value = parsed[1].lower(), " ".join(parsed[2].lower().split()), parsed[3]
    values = {each.strip(" \"'()") for each in value.split(",")}
    if name in _DATES and operator in _COMPARISONS:
        compare, limit, read = _COMPARISONS[operator], _date(name, values.pop(), zone), _DATES[name]
        return lambda issue: compare(read(issue), limit)
    if name not in _NAMES or operator in _COMPARISONS:
        raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
    _refuse_unknown(view, name, values)
    wanted, read_names = {each.upper() for each in values}, _NAMES[name]
    is_wanted = operator in {"=", "in"}
    return lambda issue: bool(read_names(issue) & wanted) == is_wanted


def _date(name: str, text: str, zone: ZoneInfo) -> int:
    for form in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return instant(datetime.strptime(text, form).replace(tzinfo=zone))
        except ValueError:
            continue
    raise JqlError(f"Date value '{text}' for field '{name}' is invalid.")


def _refuse_unknown(view: View, name: str, values: set[str]) -> None:
    for value in sorted(values):
        if name == "project" and view.project(value) is None:
            raise JqlError(f"The value '{value}' does not exist for the field 'project'.")
        if name in {"id", "key", "issuekey"} and view.issue(value) is None:
            raise JqlError(f"An issue with key '{value}' does not exist for field '{name}'.")
