"""flowgauge.yaml: what it may say, and what is told where it is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest
from support.toy_connector import ToySettings, toy, yielding

from ingestion.connector import Connector
from ingestion.settings import Settings, SettingsError, SettingsMissingError, load_settings

SECRET = "s3cr3t-value-from-the-environment"
ENVIRONMENT = {"TOY_TOKEN": SECRET, "PORT": "8901"}
MINIMAL = """\
connections:
  - name: acme
    connector: toy
    base_url: https://toy.example
"""

Load = Callable[[str], Settings]
Refuse = Callable[[str], str]


def register() -> dict[str, Connector]:
    return {"toy": toy(yielding())}


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_text(text: str) -> Settings:
        path = tmp_path / "flowgauge.yaml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, environment=ENVIRONMENT, register=register)

    return load_text


@pytest.fixture
def refuse(load: Load) -> Refuse:
    """Load a wrong file and give what is told, without the directory."""

    def refuse_text(text: str) -> str:
        with pytest.raises(SettingsError) as raised:
            load(text)
        assert SECRET not in str(raised.value)
        return str(raised.value).replace(f"{raised.value.path.parent}/", "")

    return refuse_text


def test_the_minimum_is_a_connection(load: Load) -> None:
    settings = load(MINIMAL)
    assert [connection.name for connection in settings.connections] == ["acme"]
    assert settings.reporting_timezone == "UTC"
    assert settings.targets.review_sla_hours == 8


def test_everything_can_be_said(load: Load) -> None:
    settings = load(
        """\
reporting_timezone: Europe/Berlin
connections:
  - name: acme-toy
    connector: toy
    base_url: http://127.0.0.1:${PORT}
    token: ${TOY_TOKEN}
    projects: [a, b]
teams:
  - name: checkout
    members: [alice, {login: bob, connection: acme-toy, valid_from: 2026-01-01}]
    repositories: [acme/checkout, {repository: acme/search, valid_to: 2026-06-30}]
    time_zone: America/New_York
    working_days: [monday, sunday]
    working_hours: [09:00, 17:30]
    holidays: [2026-12-25]
    holidays_of: US-NY
    valid_from: 2025-01-01
services:
  - name: checkout
    repository: acme/checkout
    paths: [services/checkout/]
    production_environments: [production]
    team: checkout
    required_approvals: 1
    required_checks: [test]
    branch: main
trackers:
  - project: ACME
    connection: acme-toy
    team: checkout
    statuses: {idea: [Backlog], ready: [Selected], started: [Doing], qa: [Testing], done: [Done]}
    valid_from: 2025-01-01
features:
  - {name: quick-pay, flag: quick_pay, key_event: paid, times: 2, within_days: 14, tickets: [ACME-1]}
identities:
  - [alice, {login: alice-s, connection: acme-toy}]
bots: [golangcibot, {login: helper, connection: acme-toy, kind: ai_agent}]
targets: {review_sla_hours: 4}
"""
    )
    connection = settings.connections[0]
    assert isinstance(connection, ToySettings)
    assert connection.base_url == "http://127.0.0.1:8901"
    assert connection.token is not None
    assert connection.token.get_secret_value() == SECRET
    team = settings.teams[0]
    assert [member.login for member in team.members] == ["alice", "bob"]
    assert team.members[1].valid_from == date(2026, 1, 1)
    assert team.repositories[1].valid_to == date(2026, 6, 30)
    assert team.working_hours == (time(9), time(17, 30))
    assert settings.services[0].required_checks == ("test",)
    assert [(bot.login, bot.kind) for bot in settings.bots] == [
        ("golangcibot", "service"),
        ("helper", "ai_agent"),
    ]
    assert settings.trackers[0].statuses["ready"] == ("Selected",)
    assert settings.features[0].within_days == 14
    assert [account.login for account in settings.identities[0]] == ["alice", "alice-s"]
    assert settings.targets.review_sla_hours == 4


def test_secrets_are_not_shown(load: Load) -> None:
    settings = load(MINIMAL + "    token: ${TOY_TOKEN}\n")
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_words_that_old_yaml_took_for_something_else_stay_words(load: Load) -> None:
    settings = load(MINIMAL + "bots: [on, no, 12:30]\n")
    assert [bot.login for bot in settings.bots] == ["on", "no", "12:30"]


class TestRefusals:
    """Each error names the line, the key, what is wrong and the remedy."""

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsMissingError):
            load_settings(tmp_path / "flowgauge.yaml", register=register)

    def test_a_directory(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="it cannot be read: Is a directory; put a file there that"):
            load_settings(tmp_path, register=register)

    def test_a_file_in_another_encoding(self, tmp_path: Path) -> None:
        path = tmp_path / "flowgauge.yaml"
        path.write_text(MINIMAL + "bots: [zoë]\n", encoding="utf-16")
        with pytest.raises(SettingsError, match="it is no text in UTF-8; save it as UTF-8"):
            load_settings(path, register=register)

    @pytest.mark.parametrize("text", ["", "connections: []\n", "connections: acme\n", "bots: [a]\n"])
    def test_no_connections(self, refuse: Refuse, text: str) -> None:
        assert "connections: expected a list of at least one connection" in refuse(text)

    def test_no_mapping(self, refuse: Refuse) -> None:
        assert refuse("- a\n") == "flowgauge.yaml:1: expected keys with values; start from `flowgauge init`"

    def test_no_yaml(self, refuse: Refuse) -> None:
        assert refuse("connections:\n  - {name: a\n").startswith("flowgauge.yaml:3: not YAML")

    @pytest.mark.parametrize(
        "text", ["connections: &a\n  - *a\n", "a: \x07\n", "a: !!python/name:os.system\n", "? [a]\n: b\n"]
    )
    def test_yaml_that_means_no_good(self, refuse: Refuse, text: str) -> None:
        assert refuse(text).startswith("flowgauge.yaml:")

    def test_a_day_that_does_not_exist(self, refuse: Refuse) -> None:
        told = refuse(MINIMAL + "teams:\n  - {name: a, holidays: [2026-02-30]}\n")
        assert told == "flowgauge.yaml:6: teams[0].holidays[0]: 2026-02-30 is no date"

    def test_a_key_twice(self, refuse: Refuse) -> None:
        told = refuse(MINIMAL + "    name: other\n")
        assert (
            told == "flowgauge.yaml:5: connections[0].name: is given twice, first in line 2; keep one of them"
        )

    @pytest.mark.parametrize("connector", ["[toy]", "{toy: x}"])
    def test_a_connector_that_is_no_word(self, refuse: Refuse, connector: str) -> None:
        told = refuse(MINIMAL.replace("toy\n", f"{connector}\n"))
        assert told.startswith("flowgauge.yaml:3: connections[0].connector: ")
        assert told.endswith(("is no known connector; use one of: toy", "did you mean toy?"))

    def test_an_unknown_connector(self, refuse: Refuse) -> None:
        told = refuse(MINIMAL.replace("toy\n", "tyo\n"))
        assert (
            told == "flowgauge.yaml:3: connections[0].connector: tyo is no known connector; did you mean toy?"
        )

    def test_a_connector_unlike_any(self, refuse: Refuse) -> None:
        assert "bugzilla is no known connector; use one of: toy" in refuse(
            MINIMAL.replace("toy\n", "bugzilla\n")
        )

    def test_no_connector(self, refuse: Refuse) -> None:
        assert "connections[0]: connector is missing; add it: toy" in refuse("connections:\n  - name: acme\n")

    def test_a_connection_that_is_none(self, refuse: Refuse) -> None:
        assert "flowgauge.yaml:2: connections[0]: expected keys with values" in refuse(
            "connections:\n  - acme\n"
        )

    def test_a_misspelt_key_of_a_connection(self, refuse: Refuse) -> None:
        told = refuse(MINIMAL + "    project: [a]\n")
        assert told == "flowgauge.yaml:5: connections[0].project: is no known key; did you mean projects?"

    def test_a_misspelt_key_of_the_file(self, refuse: Refuse) -> None:
        assert (
            refuse(MINIMAL + "team: []\n") == "flowgauge.yaml:5: team: is no known key; did you mean teams?"
        )

    def test_a_misspelt_key_within_a_list(self, refuse: Refuse) -> None:
        told = refuse(
            MINIMAL + "teams:\n  - name: a\n    members:\n      - {login: x, valid_form: 2026-01-01}\n"
        )
        assert (
            told
            == "flowgauge.yaml:8: teams[0].members[0].valid_form: is no known key; did you mean valid_from?"
        )

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("projects: a", "connections[0].projects: expected a list"),
            ("projects: [{a: b}]", "connections[0].projects[0]: expected text"),
            ("previous_name: A B", "connections[0].previous_name: expected the form ^[a-z][a-z0-9-]*$"),
            ("archive: perhaps", "connections[0].archive: expected true or false, or keys with values"),
            ("archive: {path: 1}", "connections[0].archive.path: expected text"),
            ("archive: {pth: a}", "connections[0].archive.pth: is no known key; did you mean path?"),
        ],
    )
    def test_a_value_of_another_kind(self, refuse: Refuse, line: str, told: str) -> None:
        assert f"flowgauge.yaml:5: {told}" in refuse(f"{MINIMAL}    {line}\n").splitlines()

    def test_a_missing_key(self, refuse: Refuse) -> None:
        told = refuse("connections:\n  - name: acme\n    connector: toy\n")
        assert told == "flowgauge.yaml:2: connections[0].base_url: is missing; add it"

    @pytest.mark.parametrize(
        ("value", "wrong"),
        [
            ("example.org", "must be an address that begins with https://"),
            ("ftp://example.org", "must be an address that begins with https://"),
            ("https://example.org?key=1", "must hold neither credentials nor a query"),
            ("https://ann@example.org", "must hold neither credentials nor a query"),
        ],
    )
    def test_a_wrong_address(self, refuse: Refuse, value: str, wrong: str) -> None:
        assert wrong in refuse(MINIMAL.replace("https://toy.example", value))

    def test_a_variable_that_is_not_set(self, refuse: Refuse) -> None:
        told = refuse(MINIMAL + "    token: ${NO_SUCH}\n")
        assert told == (
            "flowgauge.yaml:5: connections[0].token: the environment variable NO_SUCH is not set; "
            "set it: export NO_SUCH=…"
        )

    @pytest.mark.parametrize(
        "line",
        [
            "    token: ghp_0123456789abcdefghij",
            "    token: plain-words",
            "    token: prefix-${TOY_TOKEN}",
            "    tokn: ghp_0123456789abcdefghij",
            "    api_key: plain-words",
            "    projects: [github_pat_0123456789abcdefghij]",
            "    previous_name: https://ann:password@host",
            '    token: "-----BEGIN RSA PRIVATE KEY-----"',
        ],
    )
    def test_a_secret_in_plain_text(self, refuse: Refuse, line: str) -> None:
        told = refuse(f"{MINIMAL}{line}\n")
        assert told.startswith("flowgauge.yaml:5: connections[0].")
        assert "holds a secret in plain text; put it into an environment variable" in told
        for secret in ("0123456789", "plain-words", "password@", "BEGIN"):
            assert secret not in told

    def test_a_secret_by_its_declaration_only(self, tmp_path: Path) -> None:
        """A field that is declared secret is one, whatever its name."""
        from pydantic import SecretStr

        class Odd(ToySettings):
            passepartout: SecretStr

        path = tmp_path / "flowgauge.yaml"
        path.write_text(MINIMAL + "    passepartout: open-sesame\n")
        connector = toy(yielding())
        odd = Connector(**{**vars(connector), "settings": Odd})
        with pytest.raises(SettingsError, match=r"5: connections\[0\]\.passepartout: holds a secret"):
            load_settings(path, environment={}, register=lambda: {"toy": odd})

    def test_credentials_from_the_environment_in_an_address(self, refuse: Refuse) -> None:
        told = refuse(MINIMAL.replace("https://toy", "https://ann:${TOY_TOKEN}@toy"))
        assert "connections[0]" in told

    def test_two_connections_of_one_name(self, refuse: Refuse) -> None:
        told = refuse(MINIMAL + "  - name: acme\n    connector: toy\n    base_url: https://other.example\n")
        assert told == (
            "flowgauge.yaml:5: connections[1].name: the name acme is taken by the connection in line 2; "
            "give each connection a name of its own"
        )

    def test_a_previous_name_that_is_in_use(self, refuse: Refuse) -> None:
        told = refuse(
            MINIMAL + "  - {name: b, connector: toy, base_url: https://other.example, previous_name: acme}\n"
        )
        assert "connections[1].previous_name: acme is a connection of its own" in told

    def test_one_repository_in_two_connections(self, refuse: Refuse) -> None:
        told = refuse(
            MINIMAL
            + "    projects: [acme/a]\n"
            + "  - {name: b, connector: toy, base_url: https://toy.example/, projects: [Acme/A]}\n"
        )
        assert "flowgauge.yaml:6: connections[1]: Acme/A is read by connection acme already" in told

    def test_one_repository_on_two_servers_is_two(self, load: Load) -> None:
        settings = load(
            MINIMAL
            + "    projects: [acme/a]\n"
            + "  - {name: b, connector: toy, base_url: https://other.example, projects: [acme/a]}\n"
        )
        assert len(settings.connections) == 2

    @pytest.mark.parametrize("name", ["Acme", "a_b", "1a", "a b", ""])
    def test_a_name_that_is_none(self, refuse: Refuse, name: str) -> None:
        assert "flowgauge.yaml:2: connections[0].name" in refuse(MINIMAL.replace("acme", f"'{name}'"))

    def test_a_bad_time_zone(self, refuse: Refuse) -> None:
        told = refuse("reporting_timezone: Europe/Berln\n" + MINIMAL)
        assert told == (
            "flowgauge.yaml:1: reporting_timezone: Europe/Berln is no time zone; did you mean Europe/Berlin?"
        )

    @pytest.mark.parametrize("zone", ["Nowhere", "../../etc/passwd", "/etc/localtime"])
    def test_a_time_zone_unlike_any(self, refuse: Refuse, zone: str) -> None:
        told = refuse(MINIMAL + f"teams:\n  - {{name: a, time_zone: {zone}}}\n")
        assert f"flowgauge.yaml:6: teams[0].time_zone: {zone} is no time zone; " in told

    @pytest.mark.parametrize(
        ("line", "wrong"),
        [
            ("working_days: [mon]", "teams[0].working_days[0]"),
            ("working_hours: ['17:00', '09:00']", "working_hours must be two times of one day"),
            ("working_hours: ['9 to 5']", "teams[0].working_hours"),
            ("working_hours: [9, 17]", 'teams[0].working_hours[0]: expected a time such as "09:00"'),
            ("holidays: [christmas]", "teams[0].holidays[0]"),
            ("valid_from: 2026-02-01, valid_to: 2026-01-01", "valid_to is before valid_from"),
            ("members: [{connection: nowhere, login: a}]", "there is no connection nowhere"),
        ],
    )
    def test_a_team_that_makes_no_sense(self, refuse: Refuse, line: str, wrong: str) -> None:
        told = refuse(MINIMAL + f"teams:\n  - {{name: a, {line}}}\n")
        assert told.startswith("flowgauge.yaml:6: ")
        assert wrong in told

    def test_the_default_calendars_name_is_taken(self, refuse: Refuse) -> None:
        assert "the name default is taken" in refuse(MINIMAL + "teams: [{name: default}]\n")

    def test_a_team_twice_on_the_same_days(self, refuse: Refuse) -> None:
        told = refuse(
            MINIMAL + "teams:\n  - {name: a, valid_to: 2026-06-30}\n  - {name: a, valid_from: 2026-06-30}\n"
        )
        assert "flowgauge.yaml:7: teams[1].name: the team a is given twice for the same days" in told

    def test_a_team_may_change_from_a_day_on(self, load: Load) -> None:
        settings = load(
            MINIMAL + "teams:\n  - {name: a, valid_to: 2026-06-30}\n  - {name: a, valid_from: 2026-07-01}\n"
        )
        assert len(settings.teams) == 2

    def test_a_service_of_an_unknown_team(self, refuse: Refuse) -> None:
        told = refuse(
            MINIMAL + "teams: [{name: web}]\nservices:\n  - {name: s, repository: a/b, team: wbe}\n"
        )
        assert told == "flowgauge.yaml:7: services[0].team: there is no team wbe; did you mean web?"

    def test_services_that_contradict_each_other(self, refuse: Refuse) -> None:
        told = refuse(
            MINIMAL
            + "services:\n"
            + "  - {name: s, repository: a/b, required_approvals: 1}\n"
            + "  - {name: t, repository: a/b, required_approvals: 2}\n"
        )
        assert "flowgauge.yaml:7: services[1]: another service gives other required approvals" in told

    @pytest.mark.parametrize(
        ("code", "told"),
        [
            ("Germany", "no holidays are known for Germany; use a code of ISO 3166 such as DE or US-CA"),
            ("DE-XX", "DE has no part XX with holidays of its own"),
        ],
    )
    def test_holidays_of_nowhere(self, refuse: Refuse, code: str, told: str) -> None:
        where = "flowgauge.yaml:5: teams[0].holidays_of: "
        assert refuse(MINIMAL + f"teams: [{{name: a, holidays_of: {code}}}]\n").startswith(where + told)

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            (
                "{project: A, statuses: {ready: [Next], qa: [next]}}",
                "trackers[0]: the status next is given as ready and as qa",
            ),
            ("{project: A, statuses: {reddy: [Next]}}", "trackers[0].statuses.reddy: expected one of"),
            ("{project: A, team: web}", "trackers[0].team: there is no team web"),
            ("{project: A, connection: acne}", "there is no connection acne; did you mean acme?"),
            ("{project: A}, {project: a}", "the project a is given twice for the same days; end one"),
        ],
    )
    def test_a_tracker_that_contradicts_itself(self, refuse: Refuse, text: str, told: str) -> None:
        refusal = refuse(MINIMAL + f"trackers: [{text}]\n")
        assert refusal.startswith("flowgauge.yaml:5: trackers[")
        assert told in refusal

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("{name: a}, {name: a}", "features[1].name: the name a is that of another feature"),
            ("{name: a, flag: f}, {name: b, flag: f}", "features[1].flag: the flag f is that of another"),
            ("{name: a, times: 0}", "features[0].times: expected at least 1"),
        ],
    )
    def test_features_that_cannot_be_told_apart(self, refuse: Refuse, text: str, told: str) -> None:
        assert refuse(MINIMAL + f"features: [{text}]\n").startswith(f"flowgauge.yaml:5: {told}")

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("[ada]", "identities[0]: expected at least 2 of them"),
            ("[ada, bob], [cyd, ada]", "identities[1][1]: ada is an account of another person already"),
            (
                "[ada, {login: b, connection: acne}]",
                "identities[0][1].connection: there is no connection acne",
            ),
        ],
    )
    def test_identities_that_are_none(self, refuse: Refuse, text: str, told: str) -> None:
        assert refuse(MINIMAL + f"identities: [{text}]\n").startswith(f"flowgauge.yaml:5: {told}")

    @pytest.mark.parametrize(
        "line", ["{review_sla_hour: 4}", "{review_sla_hours: 0}", "{review_sla_hours: inf}"]
    )
    def test_a_target_that_is_none(self, refuse: Refuse, line: str) -> None:
        assert refuse(f"{MINIMAL}targets: {line}\n").startswith("flowgauge.yaml:5: targets.review_sla_hour")

    def test_all_that_is_wrong_is_told_at_once_in_the_order_of_lines(self, refuse: Refuse) -> None:
        told = refuse("reporting_timezone: Mars\n" + MINIMAL + "    tokne: x\nteam: []\n")
        lines = [line.split(":")[1] for line in told.splitlines()]
        assert lines == ["1", "6", "7"]

    def test_a_flood_of_errors_is_cut(self, refuse: Refuse) -> None:
        told = refuse(MINIMAL + "".join(f"key{number}: 1\n" for number in range(30)))
        assert len(told.splitlines()) == 11
        assert told.endswith("and 20 more")


def test_a_connection_is_found_by_name_or_the_names_are_told(load: Load) -> None:
    settings = load(MINIMAL)
    assert settings.connection("acme") is settings.connections[0]
    with pytest.raises(KeyError, match="did you mean acme"):
        settings.connection("amce")


def test_settings_are_light_to_import() -> None:
    """`flowgauge status` must not wait for the libraries of a load."""
    heavy = ("dlt", "duckdb", "pyarrow", "dagster", "dbt", "great_expectations")
    code = (
        "import sys; import ingestion.settings; from ingestion.connector import connectors; connectors(); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
