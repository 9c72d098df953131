"""Whether the marts tell what really happened in simulated companies of every scenario."""

import math
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from shutil import copyfile
from typing import NamedTuple

import duckdb
import pytest
from support.companies import Served
from support.simulated import ALL, DISTORTED, EXACT, UNRECORDED, simulated
from support.truth import COMPARISONS, Agreement, compare

# By how many seconds each method of dating a push may be wrong; CI starts two seconds after a push.
DERIVED_PUSHES = {"force_push_event": 0, "first_ci_run": 2}
# In a few weeks of a company with few incidents nobody may have to pass one on.
RARE = {"incident handoffs"}
DEFECTS = {
    "delete from stage_visits where rowid = {visit}": ("stage visits", "invented"),
    "update stage_visits set visit_number = 99 where rowid = {visit}": ("stage visits", "missing"),
    "update stage_visits set entered_at = entered_at + interval 6 second where rowid = {visit}": (
        "stage visits",
        "late",
    ),
    "update stage_visits set exited_at = null where rowid = {visit}": ("stage visits", "late"),
    "update stage_visits set exit_reason = 'superseded' where rowid = {visit}": ("stage visits", "wrong"),
    "update ci_jobs set skew_seconds = -86400": ("stage visits", "invented"),
    "delete from handoffs where rowid = 0": ("handoffs", "invented"),
    "update handoffs set outcome = 'withdrawn' where rowid = 0": ("handoffs", "wrong"),
    "update handoffs set from_person = 0 where from_person = 1": ("handoffs", "wrong"),
    "update changes set deployed_at = null where deployed_at is not null": ("changes", "wrong"),
    "update pushes set pushed_at = pushed_at + interval 1 minute": ("pushes", "late"),
    "update deployments set is_rollback = not is_rollback": ("deployments", "wrong"),
    "delete from deployment_changes where rowid % 2 = 0": ("deployment ↔ change", "invented"),
    "update deployment_changes set change = change + 1": ("deployment ↔ change", "missing"),
    "update account_owners set person = null": ("handoffs", "wrong"),
    "delete from account_owners": ("accounts of one person", "invented"),
    "delete from stage_visits where flow_item_type = 'work_item' and stage = 'decide'": (
        "work item visits",
        "invented",
    ),
    "update changes set is_ticket_named = not is_ticket_named": ("work item visits", "late"),
    "update changes set ticket = null": ("work items", "late"),
    "update stage_visits set exited_at = exited_at + interval 1 minute where stage = 'exposure_wait'": (
        "stage visits",
        "late",
    ),
    "update changes set exposed_at = exposed_at + interval 1 minute": ("exposures", "late"),
    "delete from feature_customers where rowid % 2 = 0": ("features", "wrong"),
    "update feature_customers set first_used_at = first_used_at + interval 12 hour": ("stage visits", "late"),
    "update changes set is_marked = not is_marked": ("assistants", "wrong"),
    "update incidents set acknowledged_at = acknowledged_at + interval 1 minute": ("incidents", "late"),
    "update incidents set service = 'another'": ("incidents", "wrong"),
    "delete from stage_visits where stage = 'acknowledge'": ("incident visits", "invented"),
    "update pages set triggered_at = triggered_at + interval 1 minute": ("incidents", "late"),
    "update pages set merged_at = null": ("incidents", "missing"),
    "update resolutions set resolved_at = null": ("incident visits", "late"),
    "delete from resolutions where reopened_at is not null": ("incident visits", "late"),
    "delete from item_handoffs where mechanism = 'incident_escalation'": ("incident handoffs", "invented"),
    "update item_handoffs set round_number = round_number + 1": ("incident handoffs", "missing"),
    "update item_handoffs set outcome = 'accepted'": ("incident handoffs", "wrong"),
    "update item_handoffs set to_person = from_person": ("incident handoffs", "wrong"),
    "update item_handoffs set settled_at = settled_at + interval 1 minute": ("work item handoffs", "late"),
    "update item_handoffs set from_person = to_person": ("work item handoffs", "wrong"),
    "delete from item_handoffs where mechanism = 'tracker_assignment'": ("work item handoffs", "invented"),
    "update incidents set caused_by_deployment = null": ("incident ↔ deployment", "invented"),
}


class Found(NamedTuple):
    """What was compared, by company."""

    warehouse: Path
    companies: Mapping[str, Served]
    agreements: dict[str, list[Agreement]]

    def of(self, company: str, name: str) -> list[Agreement]:
        rows = [agreement for agreement in self.agreements[company] if agreement.name == name]
        assert rows, f"nothing was compared of {name}"
        return rows


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    warehouse, companies = simulated(tmp_path_factory)
    return Found(
        warehouse,
        companies,
        {
            name: list(compare(warehouse, each.truth, connections=each.connections, as_of=each.shown_until))
            for name, each in companies.items()
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


@pytest.mark.parametrize("company", ALL)
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


@pytest.mark.parametrize(
    ("company", "name"),
    [
        *product(EXACT, ("work item visits", "work item handoffs", "work items", "exposures", "features")),
        *product(EXACT, ("incidents", "incident visits", "incident handoffs")),
        *product(ALL, ("assistants",)),
    ],
)
def test_what_other_vendors_tell_is_found_and_nothing_else(found: Found, company: str, name: str) -> None:
    for agreement in found.of(company, name):
        assert agreement.found == agreement.knowable, agreement
        assert agreement.invented + agreement.late + agreement.wrong == 0, agreement
    is_compared = sum(agreement.found for agreement in found.of(company, name))
    assert is_compared or (name in RARE and company != DISTORTED)


def test_causes_of_incidents_are_as_sure_as_they_say(found: Found) -> None:
    links = [
        each
        for company in EXACT
        for each in found.agreements[company]
        if each.name == "incident ↔ deployment" and each.found + each.invented
    ]
    assert {"rollback", "temporal"} <= {each.group.partition(" ")[0] for each in links}
    for each in links:
        confidence, said = float(each.group.rpartition(" ")[2]), each.found + each.invented
        assert each.precision >= confidence - 2 * math.sqrt(confidence * (1 - confidence) / said), each


@pytest.mark.parametrize("company", ALL)
def test_accounts_of_one_person_are_united_or_called_ambiguous_and_no_others_are(
    found: Found, company: str
) -> None:
    for agreement in found.agreements[company]:
        if agreement.name == "accounts of one person":
            assert agreement.invented == 0, agreement


@pytest.mark.parametrize(("defect", "shows"), DEFECTS.items())
def test_a_truth_that_differs_is_noticed(
    found: Found, tmp_path: Path, defect: str, shows: tuple[str, str]
) -> None:
    name, mistake = shows
    company = found.companies[DISTORTED]
    other = tmp_path / "truth.duckdb"
    copyfile(company.truth, other)
    with duckdb.connect(str(other)) as connection:
        visit = "(select min(rowid) from stage_visits where flow_item_type = 'change' and stage = 'rework')"
        connection.execute(defect.format(visit=visit))
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
