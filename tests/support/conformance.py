"""The conformance suite as tests: `test_conformance = conformance("jira")` is all that a folder needs."""

from __future__ import annotations

import atexit
import importlib
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from ingestion.conformance import RULES, load_example
from ingestion.conformance.bench import Bench
from ingestion.conformance.rule import Rule
from ingestion.conformance.suite import judge
from ingestion.connector import Connector


def conformance(name: str) -> Callable[[Rule], None]:
    """One test for each rule that the declaration makes a matter of the connector, over its example."""

    connector: Connector = importlib.import_module(f"ingestion.connectors.{name}").CONNECTOR
    rules = [rule for rule in RULES if rule.applies(connector)]

    @pytest.mark.parametrize("rule", rules, ids=lambda rule: rule.name)
    def test_conformance(rule: Rule) -> None:
        assert judge(rule, _bench(name)).problems == (), rule.sentence

    return test_conformance


@cache
def _bench(name: str) -> Bench:
    """One server and one rehearsal for all rules."""
    folder = tempfile.TemporaryDirectory(prefix=f"flowgauge-{name}-")
    bench = Bench(load_example(name), Path(folder.name))
    bench.__enter__()
    atexit.register(folder.cleanup)
    return bench
