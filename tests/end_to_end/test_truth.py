"""Whether the marts tell what really happened in simulated companies of every scenario.

All companies are connections of one installation, loaded by the real connectors and built once.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from support.command import flowgauge
from support.companies import Company, Served, served
from support.truth import Agreement, compare

from sandbox.scenario import Size, scenario_names
from sandbox.vendor import TOKEN, TOKEN_VARIABLE

# Four teams of three: the least in which all policies of repositories occur.
SIZE, WEEKS = Size(teams=4, developers_per_team=3), 6
UNRECORDED = "unrecorded"
COMPANIES = (
    *(Company(name.replace("_", "-"), name, seed) for seed, name in enumerate(scenario_names(), 1)),
    Company(UNRECORDED, "balanced", 99, {"github": {"without": ["activity"]}}),
)
# Visits and handoffs that a push ends or begins are as exact as the push is known; the rest is exact.
EXACT = [company.name for company in COMPANIES if not company.options]
STAMPED_PUSHES = {"activity", "force_push_event"}


class Found(NamedTuple):
    """What was compared, by company."""

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
