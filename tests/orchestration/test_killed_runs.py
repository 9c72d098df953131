"""A run killed at any step, and the one after it: the same marts as of a run that was never killed."""

import shutil

import dagster as dg
import pytest
from support.installations import Installation
from support.miniature import item, write_settings

AS_OF = "2026-11-20T00:00:00+00:00"
INSTANTS = [
    "start load_organisation",
    "said reading d",
    "end load_one",
    "start begin_build",
    "start check_raw",
    "said built items",
    "start check_canonical",
    "start compute_containment",
    "said built fct_items",
    "start check_marts",
    "start check_metrics",
    "start publish",
    "end publish",
]
"""One at each step of both jobs, in the midst of it where it says something."""


def bring_news(installation: Installation) -> None:
    installation.hold("one", item("a", "done"), item("d"))
    installation.hold("two", item("c"), item("e"))


@pytest.fixture(scope="module")
def unkilled(published_once: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("unkilled") / "installation"
    shutil.copytree(published_once.folder, folder, symlinks=True)
    write_settings(folder, "one", "two")
    installation = Installation(folder)
    bring_news(installation)
    assert installation.command("run", "--as-of", AS_OF).status == 0
    return installation


@pytest.mark.parametrize("instant", INSTANTS)
def test_run_after_a_killed_one_gives_the_same_marts(
    instant: str, published: Installation, unkilled: Installation
) -> None:
    bring_news(published)
    before = published.published()
    killed = published.command("run", "--as-of", AS_OF, kill_at=instant)
    assert killed.status == -9, killed.output
    assert published.published() in (before, unkilled.published())

    ended = published.command("run", "--as-of", AS_OF)
    assert ended.status == 0, ended.output
    assert published.published() == unkilled.published()
    assert published.ledger()["loading"] == {}
    with dg.DagsterInstance.from_config(str(published.home / "dagster")) as instance:
        statuses = [run.status for run in instance.get_runs()]
        assert statuses.count(dg.DagsterRunStatus.FAILURE) == 1
        assert set(statuses) == {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS}
    assert published.ledger()["published"]["generation"] == published.ledger()["generation"]


def test_first_run_killed_before_it_published_is_made_good(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    installation = Installation.create(
        tmp_path_factory.mktemp("first") / "installation", one=[item("a")], two=[item("c")]
    )
    assert installation.command("run", "--as-of", AS_OF, kill_at="start build_canonical").status == -9
    installation.hold("one", item("a"), item("late"))
    assert installation.command("run", "--as-of", AS_OF).status == 0
    assert {row[1] for row in installation.published()["fct_items"]} == {"a", "late", "c"}


def test_killed_clock_build_is_made_good_when_nothing_new_arrives(published: Installation) -> None:
    build = {**published.ledger()["published"], "is_as_of_fixed": False, "reporting_day": "2026-11-20"}
    published.change_ledger(published=build, build=build)
    assert published.command("run", kill_at="start build_marts").status == -9
    ended = published.command("run")
    assert (ended.status, "the last build did not finish" in ended.output) == (0, True)
    assert len(published.published()["fct_items"]) == 3
