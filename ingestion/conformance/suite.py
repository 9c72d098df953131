"""All rules, in the order in which they are worth reading, and how to run them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingestion.conformance import limits, loading, paging, recovery, secrecy, tree
from ingestion.conformance.bench import Bench
from ingestion.conformance.example import TREE, Example
from ingestion.conformance.rule import Rule

RULES: tuple[Rule, ...] = (
    *paging.RULES,
    *recovery.RULES,
    *loading.RULES,
    *limits.RULES,
    *secrecy.RULES,
    *tree.RULES,
)


@dataclass(frozen=True)
class Verdict:
    """What became of one rule: `problems` is empty where it is kept, None where it does not apply."""

    rule: Rule
    problems: tuple[str, ...] | None


def judge(rule: Rule, bench: Bench) -> Verdict:
    """One rule over the connector on the bench; a rule that cannot be examined is not kept."""
    if not rule.applies(bench.connector):
        return Verdict(rule, None)
    try:
        problems = tuple(dict.fromkeys(rule.check(bench)))
    except Exception as error:
        problems = (f"the example cannot be read: {type(error).__name__}: {error}",)
    if defect := bench.defect:
        problems = (f"the example itself failed: {type(defect).__name__}: {defect}",)
    return Verdict(rule, problems)


def examine(example: Example, folder: Path, tree: Path = TREE) -> Iterator[Verdict]:
    """Every rule in turn, over an example whose connector stands in a tree."""
    with Bench(example, folder, tree) as bench:
        for rule in RULES:
            yield judge(rule, bench)
