"""What the README's commands leave: published marts, the same after a second run, and no secrets."""

from pathlib import Path

import pytest
from support.homes import GITHUB, SIZE, WEEKS
from support.published import manifest, query
from support.readme import blocks

from sandbox.vendor import TOKEN


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return GITHUB.built(tmp_path_factory)


def test_every_command_of_the_page_ran_and_its_query_answers(home: Path) -> None:
    assert blocks("sql")
    for statement in blocks("sql"):
        assert query(home, statement)


def test_the_page_reads_what_is_published_from_python(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home.parent)
    (snippet,) = blocks("python")
    told: dict[str, list[object]] = {}
    exec(snippet, told)  # noqa: S102 - our own page's
    assert told["weeks"]


def test_whatever_runs_after_the_first_run_changes_nothing_and_loads_nothing_twice(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, *others = GITHUB.states(tmp_path_factory).values()
    assert len(others) > 5
    assert all(first["rows"][f'raw_github."{table}"'] for table in ("pull_requests", "_dlt_loads"))
    row_counts = {table["name"]: table["row_count"] for table in manifest(home)["tables"]}
    assert all(
        row_counts[mart] for mart in ("fct_changes", "fct_stage_visits", "fct_handoffs", "fct_deployments")
    )
    assert [other for other in others if other != first] == []


def test_no_token_and_no_address_stands_in_anything_a_run_wrote(home: Path) -> None:
    (company,) = GITHUB.companies
    accounts = company.simulated(SIZE, WEEKS).organisation.history.accounts
    addresses = {account.signature.email for account in accounts}
    assert len(addresses) > 10
    secrets = [secret.encode() for secret in (TOKEN, *addresses) if "users.noreply" not in secret]
    files = [path for path in home.rglob("*") if path.is_file() and "clones" not in path.parts]
    assert len(files) > 20
    assert [(path.name, secret) for path in files for secret in secrets if secret in path.read_bytes()] == []


def test_what_is_published_tells_the_whole_story_of_a_change(home: Path) -> None:
    tiled = query(
        home,
        """
        select number, any_value(closed_seconds) + sum(calendar_seconds) as tiled_seconds,
            epoch(max(exited_at)) - epoch(min(entered_at)) as elapsed_seconds
        from marts.fct_stage_visits
        join marts.fct_changes on flow_item_key = change_key
        where flow_item_type = 'change'
        group by change_key, number
        having not bool_or(is_open)
        """,
    )
    assert len(tiled) > 10
    assert [row for row in tiled if row["tiled_seconds"] != row["elapsed_seconds"]] == []
