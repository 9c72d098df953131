"""Accounts become persons, and persons keep their keys: a slow reading of each rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from support.toy_connector import ToySettings

from ingestion.identity import EmailHasher
from ingestion.organisation import load_organisation
from ingestion.settings import Settings
from transform.identity import Account, Membership, Persons, resolve_identities, unite

SIGN = EmailHasher(b"key").key_of
START = datetime.fromisoformat("2026-03-02T09:00")


def account(
    name: str, email: str | None = None, *, identity: int | None = None, bot: bool = False
) -> Account:
    """`hub:1:ada` is account 1 of connection hub, of login ada."""
    connection, number, login = name.split(":")
    return Account(connection, number, f"forge|{connection}", login, email, not bot, identity)


def united(*accounts: Account, after: Persons | None = None, day: int = 0) -> Persons:
    stored: list[Membership] = after.memberships if after else []
    aliases = after.aliases if after else {}
    return unite(accounts, stored, aliases, SIGN, START + timedelta(days=day))


def clusters(persons: Persons) -> set[frozenset[str]]:
    """The accounts of each person, as connection:id."""
    keys = {row.person_key for row in persons.memberships}
    return {
        frozenset(f"{row.connection}:{row.account}" for row in persons.memberships if row.person_key == key)
        for key in keys
    }


def key_of(persons: Persons, name: str) -> str:
    return next(r.person_key for r in persons.memberships if f"{r.connection}:{r.account}" == name)


def test_an_address_unites_accounts_of_different_systems() -> None:
    persons = united(account("hub:1:ada", "h1"), account("jira:9:alove", "h1"), account("hub:2:bob", "h2"))
    assert clusters(persons) == {frozenset({"hub:1", "jira:9"}), frozenset({"hub:2"})}
    assert {row.method for row in persons.memberships} == {"own", "email"}
    assert persons.ambiguities == []


def test_an_address_of_two_accounts_of_one_system_is_reported_and_not_guessed() -> None:
    persons = united(account("hub:1:ada", "h"), account("hub:2:bob", "h"), account("jira:9:x", "h"))
    assert len(clusters(persons)) == 3
    assert {(row.account, row.reason) for row in persons.ambiguities} == {
        ("1", "shared_address"),
        ("2", "shared_address"),
        ("9", "shared_address"),
    }
    assert len({row.ambiguity_key for row in persons.ambiguities}) == 1


def test_a_login_alone_is_reported_until_it_is_declared() -> None:
    persons = united(account("hub:1:Ada"), account("jira:9:ada"))
    assert len(clusters(persons)) == 2
    assert {row.reason for row in persons.ambiguities} == {"same_login"}
    declared = united(account("hub:1:Ada", identity=1), account("jira:9:ada", identity=1), after=persons)
    assert clusters(declared) == {frozenset({"hub:1", "jira:9"})}
    assert declared.ambiguities == []


def test_bots_are_not_united_by_address_nor_reported() -> None:
    persons = united(account("hub:1:bot", "h", bot=True), account("jira:9:bot", "h", bot=True))
    assert len(clusters(persons)) == 2
    assert persons.ambiguities == []


def test_an_account_that_two_connections_read_is_one_person() -> None:
    one = Account("red", "7", "forge|https://api.example", "ada", None, True)
    other = one._replace(connection="blue")
    stranger = one._replace(connection="own", vendor="forge|https://own.example")
    persons = united(one, other, stranger)
    assert clusters(persons) == {frozenset({"red:7", "blue:7"}), frozenset({"own:7"})}
    assert {row.method for row in persons.memberships} == {"own", "vendor_account"}


def test_a_merge_keeps_the_older_key_and_records_the_alias() -> None:
    first = united(account("jira:9:a", "h9"))
    second = united(account("jira:9:a", "h9"), account("hub:1:a2", "h1"), after=first, day=1)
    older, younger = key_of(second, "jira:9"), key_of(second, "hub:1")
    merged = united(account("jira:9:a", "h1"), account("hub:1:a2", "h1"), after=second, day=2)
    assert {row.person_key for row in merged.memberships} == {older}
    assert merged.aliases == {younger: older}
    third = united(account("git:5:z"), account("jira:9:a"), account("hub:1:a2"), after=merged, day=3)
    assert key_of(third, "hub:1") == older
    assert third.aliases == {younger: older}


def test_aliases_follow_a_second_merge() -> None:
    rows = [account("a:1:a"), account("b:2:b"), account("c:3:c")]
    apart = [united(*rows[:count], day=count) for count in (1, 2, 3)]
    seen = united(*rows, after=united(*rows[:2], after=apart[0], day=1), day=2)
    keys = [key_of(seen, name) for name in ("a:1", "b:2", "c:3")]
    late = united(rows[0], account("b:2:b", "h"), account("c:3:c", "h"), after=seen, day=3)
    assert late.aliases == {keys[2]: keys[1]}
    all_one = [account("a:1:a", identity=1), account("b:2:b", identity=1), rows[2]]
    assert united(*all_one, after=late, day=4).aliases == {keys[1]: keys[0], keys[2]: keys[0]}


def test_an_address_that_changes_or_an_account_that_disappears_splits_nobody() -> None:
    first = united(account("hub:1:ada", "h"), account("jira:9:al", "h"))
    changed = united(account("jira:9:al", "other"), after=first, day=1)
    assert clusters(changed) == clusters(first)
    assert key_of(changed, "jira:9") == key_of(first, "hub:1")


def test_a_declaration_that_is_taken_back_gives_the_own_key_back() -> None:
    apart = united(account("hub:1:ada"), account("jira:9:al", "h"), account("mail:4:al2", "h"))
    declared = [
        account("hub:1:ada", identity=1),
        account("jira:9:al", "h", identity=1),
        account("mail:4:al2", "h"),
    ]
    together = united(*declared, after=apart, day=1)
    assert len(clusters(together)) == 1
    released = united(
        account("hub:1:ada"), account("jira:9:al", "h"), account("mail:4:al2", "h"), after=together, day=2
    )
    assert clusters(released) == clusters(apart)
    assert key_of(released, "jira:9") == key_of(apart, "jira:9")
    assert released.aliases == {}


def test_keys_need_the_secret() -> None:
    other = unite([account("hub:1:ada")], [], {}, EmailHasher(b"other").key_of, START)
    assert key_of(other, "hub:1") != key_of(united(account("hub:1:ada")), "hub:1")


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    toy = ToySettings(name="hub", connector="toy", base_url="https://toy.example")
    settings = Settings.model_validate(
        {"connections": [toy], "bots": ["robo"], "identities": [["ada", "ada-old"]]}
    )
    load_organisation(settings, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema canonical; create table canonical.accounts as "
            "select 'hub' as connection, 'toy' as connector, source_id, login, email_hash, 'human' as kind "
            "from (values ('1', 'Ada', null), ('2', 'ada-old', null), ('3', 'robo', 'h'), ('4', 'cy', 'h')) "
            "as accounts (source_id, login, email_hash)"
        )
        connection.execute("insert into raw_flowgauge.runs values ('r', '2026-03-02', '2026-03-02')")
    return path


def test_settings_reach_the_persons_and_a_second_run_changes_nothing(warehouse: Path) -> None:
    query = "from raw_flowgauge.person_accounts order by account"
    assert resolve_identities(warehouse, SIGN) == 4
    with duckdb.connect(str(warehouse)) as connection:
        first = connection.execute(query).fetchall()
    assert [(row[1], row[4]) for row in first] == [
        ("1", "own"),
        ("2", "declared"),
        ("3", "own"),
        ("4", "own"),
    ]
    with duckdb.connect(str(warehouse)) as connection:
        assert connection.execute("from raw_flowgauge.ambiguous_accounts").fetchall() == []
        connection.execute("update raw_flowgauge.runs set started_at = timestamp '2026-04-01'")
    resolve_identities(warehouse, SIGN)
    with duckdb.connect(str(warehouse)) as connection:
        assert connection.execute(query).fetchall() == first
