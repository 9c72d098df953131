"""Whether the marts tell what really happened in simulated companies of every scenario.

All companies are connections of one installation, loaded by the real connectors and built once.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile
from typing import NamedTuple

import duckdb
import pytest
from support.command import flowgauge
from support.companies import Company, Served, served
from support.truth import COMPARISONS, Agreement, compare

from sandbox.scenario import Size, scenario_names
from sandbox.vendor import TOKEN, TOKEN_VARIABLE

# Four teams of three: the least in which all policies of repositories occur.
SIZE, WEEKS = Size(teams=4, developers_per_team=3), 6
UNRECORDED = "unrecorded"
COMPANIES = (
    *(Company(name.replace("_", "-"), name, seed) for seed, name in enumerate(scenario_names(), 1)),
    Company(UNRECORDED, "balanced", 99, {"github": {"without": ["activity"]}}),
)
# What a push begins or ends is as exact as the push is known: compared only where all are recorded.
EXACT = [company.name for company in COMPANIES if not company.options]
# Where they are not: by how many seconds each method may be wrong; CI starts two seconds after a push.
DERIVED_PUSHES = {"force_push_event": 0, "first_ci_run": 2}
DEFECTS = {
    "delete from stage_visits where rowid = {visit}": ("stage visits", "invented"),
    "update stage_visits set visit_number = 99 where rowid = {visit}": ("stage visits", "missing"),
    "update stage_visits set entered_at = entered_at + interval 6 second where rowid = {visit}": (
        "stage visits",
        "late",
    ),
    "update stage_visits set exited_at = null where rowid = {visit}": ("stage visits", "late"),
    "update stage_visits set exit_reason = 'superseded' where rowid = {visit}": ("stage visits", "wrong"),
    "delete from handoffs where rowid = 0": ("handoffs", "invented"),
    "update handoffs set outcome = 'withdrawn' where rowid = 0": ("handoffs", "wrong"),
    "update handoffs set from_person = 0 where from_person = 1": ("handoffs", "wrong"),
    "update changes set deployed_at = null where deployed_at is not null": ("changes", "wrong"),
    "update pushes set pushed_at = pushed_at + interval 1 minute": ("pushes", "late"),
    "update deployments set is_rollback = not is_rollback": ("deployments", "wrong"),
    "delete from deployment_changes where rowid % 2 = 0": ("deployment ↔ change", "invented"),
    "update deployment_changes set change = change + 1": ("deployment ↔ change", "missing"),
    "update account_owners set person = null": ("handoffs", "wrong"),
}


class Found(NamedTuple):
    """What was compared, by company."""

    warehouse: Path
    companies: dict[str, Served]
    agreements: dict[str, list[Agreement]]

    def of(self, company: str, name: str) -> list[Agreement]:
        rows = [agreement for agreement in self.agreements[company] if agreement.name == name]
        assert rows, f"nothing was compared of {name}"
        return rows


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    folder = tmp_path_factory.mktemp("truth")
    work = folder / "work"
    work.mkdir()
    with served(
        COMPANIES, folder / "sandbox", size=SIZE, weeks=WEEKS, settings=work / "flowgauge.yaml"
    ) as shown:
        as_of = next(iter(shown.values())).shown_until
        ended = flowgauge("run", "--as-of", as_of, cwd=work, environment={TOKEN_VARIABLE: TOKEN}, seconds=900)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        warehouse = work / ".flowgauge" / "warehouse.duckdb"
        yield Found(
            warehouse,
            shown,
            {
                name: list(
                    compare(warehouse, each.truth, connections=each.connections, as_of=each.shown_until)
                )
                for name, each in shown.items()
            },
        )


@pytest.mark.parametrize("company", EXACT)
@pytest.mark.parametrize("name", ["stage visits", "handoffs", "changes", "pushes", "deployments"])
def test_everything_that_can_be_known_is_found_and_nothing_else(
    found: Found, company: str, name: str
) -> None:
    for agreement in found.of(company, name):
        assert agreement.found == agreement.knowable, agreement
        assert agreement.invented + agreement.late + agreement.wrong == 0, agreement


@pytest.mark.parametrize("company", EXACT)
def test_every_reason_for_an_unknown_delivery_is_given_as_often_as_truth_predicts(
    found: Found, company: str
) -> None:
    counts = {agreement.group: agreement.knowable for agreement in found.of(company, "changes")}
    assert {"linked", "not_linked", "not_yet"} <= set(counts)
    censored = sum(agreement.unknowable for agreement in found.of(company, "deployment ↔ change"))
    assert censored >= counts["not_linked"] > 0


@pytest.mark.parametrize("company", [company.name for company in COMPANIES])
def test_links_of_deployments_and_changes_are_right_complete_and_as_sure_as_they_say(
    found: Found, company: str
) -> None:
    links = found.of(company, "deployment ↔ change")
    right, said = sum(each.found for each in links), sum(each.found + each.invented for each in links)
    assert right / said >= 0.99
    assert right / sum(each.knowable for each in links) >= 0.97
    for each in links:
        confidence = float(each.group.rpartition(" ")[2]) if each.found + each.invented else 1.0
        spread = math.sqrt(confidence * (1 - confidence) / max(1, each.found + each.invented))
        assert each.precision >= confidence - 2 * spread, each


def test_push_times_without_recorded_activity_are_as_exact_as_their_method(found: Found) -> None:
    pushes = {agreement.group: agreement for agreement in found.of(UNRECORDED, "pushes")}
    assert set(pushes) <= {*DERIVED_PUSHES, "missing", "committed_at"}
    for method, seconds in DERIVED_PUSHES.items():
        assert pushes[method].found > 0
        assert pushes[method].worst_seconds is not None
        assert pushes[method].worst_seconds <= seconds, pushes[method]


@pytest.mark.parametrize("company", [company.name for company in COMPANIES])
def test_no_two_persons_are_taken_for_one(found: Found, company: str) -> None:
    assert sum(each.invented for each in found.of(company, "accounts of one person")) == 0


@pytest.mark.parametrize(("defect", "shows"), DEFECTS.items())
def test_a_truth_that_differs_is_noticed(
    found: Found, tmp_path: Path, defect: str, shows: tuple[str, str]
) -> None:
    company = found.companies["balanced"]
    other = tmp_path / "truth.duckdb"
    copyfile(company.truth, other)
    with duckdb.connect(str(other)) as connection:
        visit = "(select min(rowid) from stage_visits where flow_item_type = 'change' and stage = 'rework')"
        connection.execute(defect.format(visit=visit))
    name, mistake = shows
    told = compare(
        found.warehouse,
        other,
        connections=company.connections,
        as_of=company.shown_until,
        comparisons=[comparison for comparison in COMPARISONS if comparison.name == name],
    )
    assert sum(
        each.knowable - each.found if mistake == "missing" else getattr(each, mistake) for each in told
    )
