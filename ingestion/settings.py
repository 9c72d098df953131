"""flowgauge.yaml as typed settings: connections by their connector's model, and the organisation's facts.

`load_settings` is all that others call. Importing this module is light: connectors are imported when a file
is loaded, and they import dlt only when they walk. How the file is read, and how errors find their lines, is
in `settings_file.py`.
"""

from __future__ import annotations

import difflib
import os
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

from ingestion.settings_file import (
    Problem,
    SettingsError,
    SettingsFile,
    SettingsMissingError,
    Where,
    literal_secret,
    nearest,
    read_settings_file,
)

if TYPE_CHECKING:
    from ingestion.connector import Connector

__all__ = [
    "BaseConnectionSettings",
    "Bot",
    "ConnectionSettings",
    "Feature",
    "PersonAccount",
    "Service",
    "Settings",
    "SettingsError",
    "SettingsMissingError",
    "Targets",
    "Team",
    "TeamMember",
    "TeamRepository",
    "Tracker",
    "beside_settings",
    "load_settings",
]

DEFAULT_CALENDAR = "default"
_SETTINGS_FOLDER = "settings_folder"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

A_TIME = 'a time such as "09:00"'
_EXPECTED = {
    ("string_type",): "text",
    ("string_pattern_mismatch",): "the form {pattern}",
    ("string_too_short",): "some text",
    ("string_too_long",): "at most {max_length} characters",
    ("bool_type", "bool_parsing"): "true or false",
    ("int_type", "int_parsing", "int_from_float"): "a whole number",
    ("float_type", "float_parsing", "finite_number"): "a number",
    ("greater_than",): "more than {gt}",
    ("greater_than_equal",): "at least {ge}",
    ("literal_error",): "one of {expected}",
    ("list_type", "tuple_type"): "a list",
    ("too_short",): "at least {min_length} of them",
    ("model_type", "model_attributes_type", "dict_type"): "keys with values",
    ("date_type", "date_parsing", "date_from_datetime_parsing"): "a date such as 2026-12-31",
    ("time_type", "time_parsing"): A_TIME,
}
"""Pydantic's kinds of error, in words of a settings file."""

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
ConnectionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        close = difflib.get_close_matches(name, available_timezones(), n=1, cutoff=0.6)
        remedy = f"did you mean {close[0]}?" if close else "use an IANA name such as Europe/Berlin or UTC"
        raise ValueError(f"{name} is no time zone; {remedy}") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_time_zone)]


def _known_holidays(code: str) -> str:
    """A country of the library, with a part of it after a hyphen, as ISO 3166-2 writes both."""
    import holidays

    country, _, part = code.partition("-")
    parts = holidays.list_supported_countries().get(country)
    if parts is None:
        raise ValueError(f"no holidays are known for {country}; use a code of ISO 3166 such as DE or US-CA")
    if part and part not in parts:
        raise ValueError(f"{country} has no part {part} with holidays of its own; {nearest(part, parts)}")
    return code


def _no_number(value: object) -> object:
    """Pydantic takes 9 for nine seconds after midnight, where nine o'clock is meant."""
    if isinstance(value, int | float):
        raise ValueError(f"expected {A_TIME}")  # noqa: TRY004 - pydantic's
    return value


TimeOfDay = Annotated[time, BeforeValidator(_no_number)]
HolidayCode = Annotated[str, AfterValidator(_known_holidays)]
TicketStage = Literal["idea", "ready", "started", "qa", "done", "rejected"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BaseConnectionSettings(_Strict):
    """What every connection has; connectors add their own keys.

    A secret is declared as `SecretStr`: it is then accepted only as `${NAME}`.
    """

    name: ConnectionName
    connector: str
    previous_name: ConnectionName | None = None

    @property
    def address(self) -> str:
        """Where the source is; empty for one that is no API."""
        return ""


class ConnectionSettings(BaseConnectionSettings):
    """What every connection to an API has."""

    base_url: str

    @property
    def address(self) -> str:
        """The API."""
        return self.base_url

    @model_validator(mode="after")
    def _has_plain_base_url(self) -> ConnectionSettings:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("base_url must be an address that begins with https:// or http://")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                "base_url must hold neither credentials nor a query; credentials have keys of their own"
            )
        return self


def beside_settings(path: str, info: ValidationInfo) -> Path:
    """A path of the settings: `~` is the user's home, and what is relative lies beside flowgauge.yaml."""
    folder: Path = (info.context or {}).get(_SETTINGS_FOLDER, Path())
    return (folder / Path(path).expanduser()).resolve()


def _from_word(key: str) -> BeforeValidator:
    """Lists take plain words where only the main key matters."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


class _Valid(_Strict):
    """Something that holds from a day to a day, both included; without them, always."""

    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> _Valid:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self

    def overlaps(self, other: _Valid) -> bool:
        """Whether there is a day on which both hold."""
        return (self.valid_from or date.min) <= (other.valid_to or date.max) and (
            other.valid_from or date.min
        ) <= (self.valid_to or date.max)


class TeamMember(_Valid):
    """A login's membership; `connection` where the same login is another person elsewhere."""

    login: Name
    connection: str | None = None


class TeamRepository(_Valid):
    """A repository (owner/name) that a team owns."""

    repository: Name


class Team(_Valid):
    """A team with its people, repositories and calendar; one entry per version of the calendar."""

    name: Name
    members: tuple[Annotated[TeamMember, _from_word("login")], ...] = ()
    repositories: tuple[Annotated[TeamRepository, _from_word("repository")], ...] = ()
    time_zone: TimeZone | None = None
    working_days: tuple[Weekday, ...] = WEEKDAYS[:5]  # type: ignore[assignment]
    working_hours: tuple[TimeOfDay, TimeOfDay] = (time(9), time(17))
    holidays: tuple[date, ...] = ()
    holidays_of: HolidayCode | None = None

    @model_validator(mode="after")
    def _works(self) -> Team:
        if self.name == DEFAULT_CALENDAR:
            raise ValueError(f"the name {DEFAULT_CALENDAR} is taken by the calendar of people without a team")
        if self.working_hours[0] >= self.working_hours[1]:
            raise ValueError('working_hours must be two times of one day, as ["09:00", "17:00"]')
        return self


class Service(_Valid):
    """What is deployed: paths of a repository, and where production is."""

    name: Name
    repository: Name
    paths: tuple[Name, ...] = ()
    production_environments: tuple[Name, ...] = ("production",)
    other_environments: tuple[Name, ...] = ()
    team: str | None = None
    branch: str | None = None
    required_approvals: Annotated[int, Field(ge=0)] | None = None
    required_checks: tuple[Name, ...] | None = None


class Bot(_Strict):
    """A login that the vendor calls a user although it is none."""

    login: Name
    connection: str | None = None
    kind: Literal["ai_agent", "dependency_bot", "ci_bot", "service"] = "service"


class PersonAccount(_Strict):
    """One of the accounts of a person; without `connection`, that login of any connection."""

    login: Name
    connection: str | None = None


class Tracker(_Valid):
    """What the statuses of a tracker's project mean, by name or id, and whose team its tickets are."""

    project: Name
    connection: str | None = None
    team: str | None = None
    statuses: dict[TicketStage, tuple[Name, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _maps_each_status_once(self) -> Tracker:
        stages: dict[str, str] = {}
        for stage, names in self.statuses.items():
            for name in names:
                if stages.setdefault(name.lower(), stage) != stage:
                    raise ValueError(f"the status {name} is given as {stages[name.lower()]} and as {stage}")
        return self


class Feature(_Strict):
    """Something that customers get: behind a flag, and adopted by whoever does `key_event` often enough.

    A customer adopted it after `times` key events within `within_days` of being shown it.
    """

    name: Name
    flag: Name | None = None
    key_event: Name | None = None
    times: Annotated[int, Field(ge=1)] = 1
    within_days: Annotated[int, Field(ge=1)] = 28
    tickets: tuple[Name, ...] = ()


PositiveNumber = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Targets(_Strict):
    """What the organisation aims at, and when a figure is final; the unit is the last word of the key."""

    review_sla_hours: PositiveNumber = 8.0
    incident_attribution_hours: PositiveNumber = 24.0
    failure_maturity_days: PositiveNumber = 7.0
    adoption_maturity_days: PositiveNumber = 28.0
    idle_days: PositiveNumber = 14.0


class Settings(_Strict):
    """The whole file."""

    reporting_timezone: TimeZone = "UTC"
    connections: tuple[BaseConnectionSettings, ...]
    teams: tuple[Team, ...] = ()
    services: tuple[Service, ...] = ()
    trackers: tuple[Tracker, ...] = ()
    features: tuple[Feature, ...] = ()
    bots: tuple[Annotated[Bot, _from_word("login")], ...] = ()
    identities: tuple[
        Annotated[tuple[Annotated[PersonAccount, _from_word("login")], ...], Field(min_length=2)], ...
    ] = ()
    targets: Targets = Targets()

    @property
    def zone(self) -> ZoneInfo:
        """The reporting time zone."""
        return ZoneInfo(self.reporting_timezone)

    def connection(self, name: str) -> BaseConnectionSettings:
        """The connection of that name.

        Raises:
            KeyError: there is none; the message names those there are.
        """
        for connection in self.connections:
            if connection.name == name:
                return connection
        raise KeyError(f"no connection {name}; {nearest(name, (each.name for each in self.connections))}")


def load_settings(
    path: Path,
    *,
    environment: Mapping[str, str] = os.environ,
    register: Callable[[], Mapping[str, Connector]] | None = None,
) -> Settings:
    """Read, substitute and check a settings file.

    Args:
        path: of flowgauge.yaml.
        environment: where `${NAME}` is looked up.
        register: connectors by name, all that are registered by default.

    Raises:
        SettingsMissingError: there is no such file.
        SettingsError: anything is wrong with it; all that was found is told, in the order of lines.
    """
    from ingestion.connector import connectors

    known = (register or connectors)()
    file = read_settings_file(path, environment)
    connections, problems = _connections(file, known)
    try:
        settings = Settings.model_validate({**file.values, "connections": connections})
    except ValidationError as error:
        raise SettingsError(path, [*problems, *_problems(file, error, Settings, ())]) from None
    if not problems:
        problems = [*_disagreements(file, settings, known), *_literal_secrets(file, settings)]
    if problems:
        raise SettingsError(path, problems)
    return settings


def _connections(
    file: SettingsFile, known: Mapping[str, Connector]
) -> tuple[list[BaseConnectionSettings], list[Problem]]:
    """Each connection by the model of its connector."""
    entries = file.values.get("connections")
    if not isinstance(entries, list) or not entries:
        return [], [
            file.problem(("connections",), "expected a list of at least one connection", "see README.md")
        ]
    connections: list[BaseConnectionSettings] = []
    problems: list[Problem] = []
    for index, entry in enumerate(entries):
        where: Where = ("connections", index)
        name = entry.get("connector") if isinstance(entry, dict) else None
        if not isinstance(entry, dict):
            problems.append(file.problem(where, "expected keys with values", "see README.md"))
        elif name is None:
            problems.append(
                file.problem(where, "connector is missing", f"add it: {', '.join(sorted(known))}")
            )
        elif not isinstance(name, str) or name not in known:
            where = (*where, "connector")
            problems.append(file.problem(where, f"{name} is no known connector", nearest(str(name), known)))
        else:
            model = known[name].settings
            try:
                connections.append(model.model_validate(entry, context={_SETTINGS_FOLDER: file.path.parent}))
            except ValidationError as error:
                problems.extend(_problems(file, error, model, where))
    return connections, problems


def _problems(
    file: SettingsFile, error: ValidationError, model: type[BaseModel], base: Where
) -> list[Problem]:
    """Pydantic's errors as ours: at lines of the file, without the values."""
    found: dict[Where, Problem] = {}
    for detail in error.errors(include_url=False, include_input=False):
        problem = _problem(file, detail, model, base)
        earlier = found.get(problem.where)
        if earlier and earlier.message != problem.message:
            # A union is refused once for each of its members.
            message = f"{earlier.message}, or {problem.message.removeprefix('expected ')}"
            problem = file.problem(problem.where, message, earlier.remedy)
        found[problem.where] = problem
    return list(found.values())


def _problem(file: SettingsFile, detail: ErrorDetails, model: type[BaseModel], base: Where) -> Problem:
    location, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        where = (*_in_file(file, base, location[:-1]), location[-1])
        return file.problem(where, "is no known key", nearest(str(location[-1]), _keys(model, location[:-1])))
    if kind == "missing":
        return file.problem((*_in_file(file, base, location[:-1]), location[-1]), "is missing", "add it")
    where = _in_file(file, base, location)
    if kind == "value_error":
        message, _, remedy = str(context["error"]).partition("; ")
        return file.problem(where, message, remedy)
    for kinds, expected in _EXPECTED.items():
        if kind in kinds:
            return file.problem(where, f"expected {expected.format(**context)}")
    return file.problem(where, f"is refused: {detail['msg']}")


def _in_file(file: SettingsFile, base: Where, location: tuple[int | str, ...]) -> Where:
    """The path in the file: pydantic's also names members of unions, which the file does not know."""
    where = base
    for part in location:
        if (*where, part) in file.lines:
            where = (*where, part)
    return where


def _keys(model: type[BaseModel], location: tuple[int | str, ...]) -> Iterable[str]:
    """The keys that a model knows at a location."""
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            inner = next(_models(model.model_fields[part].annotation), None)
            model = inner or model
    return model.model_fields


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Models within an annotation such as `tuple[Model, ...] | None`."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from _models(argument)


def _literal_secrets(file: SettingsFile, settings: Settings) -> Iterator[Problem]:
    """Fields that are declared secret, whatever they are called, come from the environment."""
    for index, connection in enumerate(settings.connections):
        for where in _secret_places(connection, ("connections", index)):
            if where not in file.substituted:
                yield literal_secret(where, file.line(where))


def _secret_places(value: Any, where: Where) -> Iterator[Where]:
    if isinstance(value, SecretStr):
        yield where
    elif isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield from _secret_places(getattr(value, name), (*where, name))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _secret_places(item, (*where, name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _secret_places(item, (*where, index))


def _disagreements(
    file: SettingsFile, settings: Settings, known: Mapping[str, Connector]
) -> Iterator[Problem]:
    """What is right by itself and wrong together."""
    yield from _repeated_connections(file, settings)
    yield from _shared_identities(file, settings, known)
    yield from _overlapping_teams(file, settings)
    yield from _overlapping_trackers(file, settings)
    yield from _repeated_features(file, settings)
    yield from _shared_accounts(file, settings)
    yield from _unknown_references(file, settings)
    yield from _contradicting_rules(file, settings)


def _repeated_connections(file: SettingsFile, settings: Settings) -> Iterator[Problem]:
    names: dict[str, int] = {}
    for index, connection in enumerate(settings.connections):
        where: Where = ("connections", index, "name")
        if connection.name in names:
            line = file.line(("connections", names[connection.name], "name"))
            message = f"the name {connection.name} is taken by the connection in line {line}"
            yield file.problem(where, message, "give each connection a name of its own")
        names.setdefault(connection.name, index)
    for index, connection in enumerate(settings.connections):
        if connection.previous_name in names:
            where = ("connections", index, "previous_name")
            message = f"{connection.previous_name} is a connection of its own"
            yield file.problem(where, message, "a previous name is one that is not used any more")


def _shared_identities(
    file: SettingsFile, settings: Settings, known: Mapping[str, Connector]
) -> Iterator[Problem]:
    owners: dict[tuple[str, str, str], str] = {}
    for index, connection in enumerate(settings.connections):
        for identity in known[connection.connector].identities(connection):
            thing = connection.connector, connection.address.rstrip("/").lower(), identity.lower()
            owner = owners.setdefault(thing, connection.name)
            if owner != connection.name:
                message = f"{identity} is read by connection {owner} already"
                remedy = "name it in one of them only, else all its facts count twice"
                yield file.problem(("connections", index), message, remedy)


def _overlapping_teams(file: SettingsFile, settings: Settings) -> Iterator[Problem]:
    for index, team in enumerate(settings.teams):
        for other in settings.teams[:index]:
            if team.name == other.name and team.overlaps(other):
                message = f"the team {team.name} is given twice for the same days"
                yield file.problem(
                    ("teams", index, "name"), message, "end one with valid_to before the other starts"
                )


def _overlapping_trackers(file: SettingsFile, settings: Settings) -> Iterator[Problem]:
    for index, tracker in enumerate(settings.trackers):
        for other in settings.trackers[:index]:
            is_same = tracker.project.lower() == other.project.lower()
            if is_same and tracker.connection == other.connection and tracker.overlaps(other):
                message = f"the project {tracker.project} is given twice for the same days"
                remedy = "end one with valid_to before the other starts"
                yield file.problem(("trackers", index, "project"), message, remedy)


def _repeated_features(file: SettingsFile, settings: Settings) -> Iterator[Problem]:
    """A flag or name that two features have could not be told apart."""
    for key, plural in (("name", "names"), ("flag", "flags")):
        seen: set[str] = set()
        for index, feature in enumerate(settings.features):
            value = getattr(feature, key)
            if value in seen:
                message = f"the {key} {value} is that of another feature"
                yield file.problem(("features", index, key), message, f"features have {plural} of their own")
            seen |= {value} - {None}


def _shared_accounts(file: SettingsFile, settings: Settings) -> Iterator[Problem]:
    owners: dict[PersonAccount, int] = {}
    for index, accounts in enumerate(settings.identities):
        for position, account in enumerate(accounts):
            if owners.setdefault(account, index) != index:
                message = f"{account.login} is an account of another person already"
                where: Where = ("identities", index, position)
                yield file.problem(where, message, "list all accounts of a person together")


def _unknown_references(file: SettingsFile, settings: Settings) -> Iterator[Problem]:
    teams = {team.name for team in settings.teams}
    connections = {connection.name for connection in settings.connections}
    for where, name, known in _references(settings, teams, connections):
        if name is not None and name not in known:
            kind = str(where[-1])
            yield file.problem(where, f"there is no {kind} {name}", nearest(name, known))


def _references(
    settings: Settings, teams: set[str], connections: set[str]
) -> Iterator[tuple[Where, str | None, set[str]]]:
    """Each place that names a team or a connection, with what it names and what there is."""
    for index, service in enumerate(settings.services):
        yield ("services", index, "team"), service.team, teams
    for index, tracker in enumerate(settings.trackers):
        yield ("trackers", index, "team"), tracker.team, teams
        yield ("trackers", index, "connection"), tracker.connection, connections
    for index, team in enumerate(settings.teams):
        for position, member in enumerate(team.members):
            yield ("teams", index, "members", position, "connection"), member.connection, connections
    for index, bot in enumerate(settings.bots):
        yield ("bots", index, "connection"), bot.connection, connections
    for index, accounts in enumerate(settings.identities):
        for position, account in enumerate(accounts):
            yield ("identities", index, position, "connection"), account.connection, connections


def _contradicting_rules(file: SettingsFile, settings: Settings) -> Iterator[Problem]:
    """Rules belong to a branch of a repository, so its services must say the same."""
    rules: dict[tuple[str, str | None], tuple[Any, Any]] = {}
    for index, service in enumerate(settings.services):
        rule = service.required_approvals, service.required_checks
        if rule == (None, None):
            continue
        if rules.setdefault((service.repository, service.branch), rule) != rule:
            message = f"another service gives other required approvals or checks for {service.repository}"
            yield file.problem(("services", index), message, "they hold for the repository: give them once")
