"""The commit graph: comparisons agree with plain reachability, and cost no more than what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from transform.commit_graph import CommitGraph, Comparisons


@st.composite
def histories(draw: st.DrawFn) -> dict[str, list[str]]:
    """Random directed acyclic histories: each commit has up to three earlier commits as parents."""
    size = draw(st.integers(1, 14))
    return {
        f"c{child}": draw(
            st.lists(st.sampled_from([f"c{it}" for it in range(child)]), max_size=3, unique=True)
            if child
            else st.just([])
        )
        for child in range(size)
    }


def graph_of(parents: Mapping[str, list[str]]) -> CommitGraph:
    return CommitGraph(parents, ((child, it) for child, its in parents.items() for it in its))


def reachable(parents: Mapping[str, list[str]], sha: str) -> set[str]:
    """The slow way, by recursion."""
    return {sha}.union(*(reachable(parents, parent) for parent in parents[sha]))


@given(histories(), st.data())
def test_a_comparison_equals_the_difference_of_what_can_be_reached(
    parents: dict[str, list[str]], data: st.DataObject
) -> None:
    old, new = data.draw(st.sampled_from(sorted(parents))), data.draw(st.sampled_from(sorted(parents)))
    added, removed = graph_of(parents).compare(old, new)
    assert added == reachable(parents, new) - reachable(parents, old)
    assert removed == reachable(parents, old) - reachable(parents, new)


@given(histories(), st.data())
def test_remembered_comparisons_equal_single_ones_whatever_the_order(
    parents: dict[str, list[str]], data: st.DataObject
) -> None:
    graph = graph_of(parents)
    comparisons = Comparisons(graph)
    shas = data.draw(st.lists(st.sampled_from(sorted(parents)), min_size=2, max_size=8))
    for old, new in pairwise(shas):
        assert comparisons.compare(old, new) == graph.compare(old, new)


@given(histories())
def test_ancestors_are_what_can_be_reached(parents: dict[str, list[str]]) -> None:
    graph = graph_of(parents)
    assert all(graph.ancestors(sha) == reachable(parents, sha) for sha in parents)


def test_a_parent_that_was_not_listed_as_a_commit_is_known() -> None:
    graph = CommitGraph([], [("b", "a")])
    assert "a" in graph
    assert "x" not in graph
    assert graph.compare("a", "b").added == {"b"}


class Counted(list[str]):
    """Parents of a commit that count how often they are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[str]:
        Counted.looks += 1
        return super().__iter__()


def counted_chain(length: int) -> tuple[list[str], CommitGraph]:
    chain = [f"{number:05}" for number in range(length)]
    graph = CommitGraph(chain, zip(chain[1:], chain, strict=False))
    graph._parents = {sha: Counted(its) for sha, its in graph._parents.items()}
    Counted.looks = 0
    return chain, graph


def test_a_comparison_does_not_walk_the_common_history() -> None:
    chain, graph = counted_chain(10_000)
    assert len(graph.compare(chain[-4], chain[-1]).added) == 3
    assert Counted.looks < 10


def test_along_a_line_each_commit_is_visited_once_for_all_comparisons() -> None:
    chain, graph = counted_chain(1_000)
    comparisons = Comparisons(graph)
    for position in range(0, 900, 100):
        comparisons.compare(chain[position], chain[position + 100])
    assert Counted.looks <= len(chain)
