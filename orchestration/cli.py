"""The `flowgauge` command: arguments in, sentences and exit statuses out.

Exit status 0 means that everything asked for was done, 1 that something failed, 2 that the settings or the
arguments are wrong and nothing was touched, 130 that the user stopped it. What the commands do stands in
modules of their own, imported by the command that needs them, so that help and errors come at once.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ingestion.connector import Connector
    from ingestion.settings import Settings
    from orchestration.home import Home

DEBUG_FLAG = "--debug"
DEFAULT_PORT = 3000
FAILED, WRONG_SETTINGS, STOPPED = 1, 2, 130
FULL_BYTES = 2**20

app = typer.Typer(
    help="Gauges the flow of software delivery: loads, builds, checks and publishes.",
    epilog=f"{DEBUG_FLAG} with any command shows tracebacks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
connector_app = typer.Typer(help="What can be connected.", no_args_is_help=True)
app.add_typer(connector_app, name="connector")


@app.command()
def run(
    only: Annotated[str | None, typer.Option(help="Load this connection only.", metavar="NAME")] = None,
    since: Annotated[
        str | None, typer.Option(help="Re-read from this day (YYYY-MM-DD) or instant.", metavar="DATE")
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Forget the cursors and read everything anew.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(help="Report on this day's start or this instant.", metavar="DATE")
    ] = None,
) -> None:
    """Load what is new, build what depends on it, check it, publish it."""
    from orchestration.console import Reporter
    from orchestration.run import RunOptions
    from orchestration.run import run as execute

    settings, home = _settings(), _home()
    zone = settings.reporting_timezone
    options = RunOptions(
        only=_connection_name(settings, only),
        since=_instant(since, zone, "--since"),
        is_full_refresh=full_refresh,
        as_of=_instant(as_of, zone, "--as-of"),
    )
    home.prepare()
    reporter = Reporter()
    outcome = execute(settings, home, options, reporter)
    for failure in outcome.failures:
        reporter.failure(failure)
    if DEBUG_FLAG in sys.argv:
        for detail in outcome.details:
            reporter.line(detail)
    if outcome.failures:
        raise typer.Exit(FAILED)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """How fresh each connection is, and what is published."""
    from orchestration.console import Reporter
    from orchestration.status import read_status
    from orchestration.tables import status_tables

    home, reporter = _home(), Reporter()
    found = read_status(_settings_unless_published(home), home)
    if as_json:
        reporter.json(found.as_json())
        return
    for renderable in status_tables(found):
        reporter.console.print(renderable)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Check settings, tokens and their scopes, disk, locks, versions; say what to do."""
    from orchestration.console import Reporter
    from orchestration.doctor import examine

    reporter, settings = Reporter(), _settings()
    found = []
    for subject, finding in examine(settings, _home()):
        found.append({"subject": subject, **finding._asdict()})
        if not as_json:
            remedy = f": {finding.remedy}" if finding.remedy else ""
            tell = {"ok": reporter.success, "warning": reporter.warning, "error": reporter.failure}
            tell[finding.level](f"{subject}: {finding.message}{remedy}")
    if as_json:
        reporter.json(found)
    if any(each["level"] == "error" for each in found):
        raise typer.Exit(FAILED)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = DEFAULT_PORT,
) -> None:
    """Dagster's UI and daemon on this machine, with the schedules on; stop it with Ctrl-C."""
    from orchestration.configuration import settings_path
    from orchestration.console import Reporter
    from orchestration.server import LOOPBACK
    from orchestration.server import serve as become_server

    _settings()
    home = _home()
    home.prepare()
    Reporter().line(f"http://{LOOPBACK}:{port} shows everything in a few seconds; stop it with Ctrl-C")
    sys.stdout.flush()
    become_server(settings_path(), home, port)


@app.command()
def demo(
    scenario: Annotated[str, typer.Option(help="What limits the organisation.", metavar="NAME")] = "balanced",
    size: Annotated[str, typer.Option(help="small, medium or large.")] = "small",
    weeks: Annotated[int, typer.Option(help="Length of its history.", min=1)] = 52,
    seed: Annotated[int, typer.Option(help="Another seed, another history.")] = 1,
    stack: Annotated[str, typer.Option(help="Which vendors it uses.", metavar="NAME")] = "github",
) -> None:
    """A simulated organisation, end to end, through the same connectors; needs no account."""
    from ingestion.settings import load_settings
    from orchestration.configuration import how_to_get_settings, settings_path
    from orchestration.console import Reporter
    from orchestration.demo import (
        DemoOptions,
        DemoOptionsError,
        how_to_look_into,
        sandbox,
        summary,
        token_in_environment,
    )
    from orchestration.home import HOME_REMEDY, Home, HomeError
    from orchestration.run import RunOptions
    from orchestration.run import run as execute
    from orchestration.tables import summary_table

    options, reporter = DemoOptions(scenario, size, weeks, seed, stack), Reporter()
    home = Home(_home().path / "demo" / options.name)
    if problem := home.problem():
        raise HomeError(f"{problem}: {HOME_REMEDY}")
    reporter.line(f"simulating {weeks} weeks of a {size} organisation, {scenario}")
    try:
        with sandbox(options, home.path / "sandbox") as running, token_in_environment(running):
            home.prepare()
            settings = load_settings(running.settings)
            outcome = execute(settings, home, RunOptions(as_of=running.now), reporter)
    except DemoOptionsError as error:
        raise typer.BadParameter(str(error)) from None
    for failure in outcome.failures:
        reporter.failure(failure)
    if outcome.failures:
        raise typer.Exit(FAILED)
    for section in summary(home.published / "flowgauge.duckdb"):
        reporter.console.print(summary_table(section))
    reporter.success(f"the tables are in {home.published}, what was simulated in {home.path / 'sandbox'}")
    for line in how_to_look_into(home.path):
        reporter.line(line)
    if not settings_path().exists():
        reporter.line(f"\nFor figures of your own: {how_to_get_settings(settings_path())}")


@app.command()
def metric(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Of a metric, or of all its percentiles (change_lead); without it, all are listed."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """What a metric means, and its latest figures."""
    from orchestration.console import Reporter
    from orchestration.docs import definitions, nothing_published
    from orchestration.metrics import Figures, by_name, latest_figures, metrics_named, published_metrics
    from orchestration.tables import metric_page, metrics_table

    reporter, home = Reporter(), _home()
    published = published_metrics(home.published)
    metrics = published.metrics if published else by_name(definitions(_settings_if_any(), home))
    if name is None:
        reporter.json([*metrics.values()]) if as_json else reporter.console.print(metrics_table(metrics))
        return
    chosen = metrics_named(metrics, name)
    figures = [latest_figures(home.published, each) if published else Figures() for each in chosen]
    if as_json:
        told = [{**each, "figures": found.by_name()} for each, found in zip(chosen, figures, strict=True)]
        reporter.json(told[0] if name in metrics else told)
        return
    known = f"as of {published.as_of}" if published else nothing_published(home)
    for renderable in metric_page(name, chosen, figures, known):
        reporter.console.print(renderable)


@app.command()
def docs() -> None:
    """Write dbt's docs of all tables, columns and metrics as one page to open in a browser; needs no run."""
    from orchestration.console import Reporter
    from orchestration.docs import write_docs

    Reporter().success(f"wrote {write_docs(_settings_if_any(), _home())}: open it in a browser")


@app.command()
def init() -> None:
    """Write a commented flowgauge.yaml to begin with."""
    from orchestration.configuration import write_example
    from orchestration.console import Reporter

    path = write_example()
    Reporter().success(f"wrote {path}: put in what is yours, then `flowgauge doctor` and `flowgauge run`")


@app.command()
def version() -> None:
    """The installed version."""
    from importlib.metadata import version as installed

    typer.echo(installed("flowgauge"))


@connector_app.command("list")
def connector_list(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """What can be connected, what each provides and needs."""
    from ingestion.connector import connectors
    from orchestration.console import Reporter
    from orchestration.tables import connector_table, describe_connector

    described = [describe_connector(each) for each in connectors().values()]
    reporter = Reporter()
    if as_json:
        reporter.json(described)
    else:
        reporter.console.print(connector_table(described))


@connector_app.command("show")
def connector_show(name: Annotated[str, typer.Argument(help="Of the connector.")]) -> None:
    """A connector's page: what it provides, its settings and raw tables, in Markdown."""
    from ingestion.page import page

    typer.echo(page(_connector(name)))


@connector_app.command("new")
def connector_new(
    name: Annotated[str, typer.Argument(help="Of the new connector, in snake_case.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be written.")] = False,
) -> None:
    """Write the skeleton of a connector, one that works, into this checkout."""
    from ingestion.conformance.example import TREE
    from ingestion.scaffold import ScaffoldError, planned, write
    from orchestration.console import Reporter

    reporter = Reporter()
    try:
        paths = list(planned(name, TREE) if dry_run else write(name, TREE))
    except ScaffoldError as error:
        raise typer.BadParameter(str(error)) from None
    for path in paths:
        reporter.line(f"{'would write' if dry_run else 'wrote'} {path}")
    if not dry_run:
        reporter.success(
            f"it reads a vendor of its own making, and `flowgauge connector check {name}` finds it good: "
            "put the real one in its place, the example first, as ingestion/README.md says"
        )


@connector_app.command("check")
def connector_check(
    name: Annotated[str, typer.Argument(help="Of the connector.")],
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Run the conformance suite over a connector's example, and say what it does wrong."""
    from tempfile import TemporaryDirectory

    from ingestion.conformance import ExampleError, examine, load_example
    from orchestration.console import Reporter
    from orchestration.tables import tell_verdict

    reporter = Reporter()
    try:
        example = load_example(_connector(name).name)
    except ExampleError as error:
        reporter.failure(str(error))
        raise typer.Exit(FAILED) from None
    with TemporaryDirectory() as folder:
        found = []
        for verdict in examine(example, Path(folder)):
            found.append(verdict)
            if not as_json:
                tell_verdict(reporter, verdict)
    broken = [verdict for verdict in found if verdict.problems]
    if as_json:
        reporter.json([{"rule": each.rule.name, "problems": each.problems} for each in found])
    elif not broken:
        reporter.success(f"{name} keeps all of {sum(each.problems is not None for each in found)} rules")
    if broken:
        raise typer.Exit(FAILED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a mark that the terminal does not know ends no run
            stream.reconfigure(errors="replace")
    status = _status_of([each for each in given if each != DEBUG_FLAG], is_debug=DEBUG_FLAG in given)
    if status == STOPPED:
        typer.echo("stopped: what was finished stays, the next run goes on from there", err=True)
        sys.stdout.flush()
        # dbt leaves its threads at work; to end in their midst, the interpreter would abort.
        os._exit(STOPPED)
    sys.exit(status)


def _status_of(arguments: Sequence[str], *, is_debug: bool) -> int:
    try:
        app(list(arguments), prog_name="flowgauge")
    except SystemExit as ended:  # what typer ends with, its own sentence about wrong arguments printed
        return ended.code if isinstance(ended.code, int) else FAILED
    except Exception as error:
        if is_debug:
            traceback.print_exc()
        return _tell(error, is_debug=is_debug)
    return 0


def _tell(error: Exception, *, is_debug: bool) -> int:
    """Say what is wrong in one sentence and return the exit status that it means."""
    from ingestion.settings import SettingsError, SettingsMissingError
    from orchestration.configuration import ExampleError, how_to_get_settings
    from orchestration.demo import DemoError
    from orchestration.home import HOME_REMEDY, HomeError
    from orchestration.lock import WarehouseBusyError
    from orchestration.metrics import MetricError
    from orchestration.server import ServeError

    if isinstance(error, SettingsMissingError):
        typer.echo(how_to_get_settings(error.path), err=True)
        return WRONG_SETTINGS
    if isinstance(error, SettingsError):
        typer.echo(str(error), err=True)
        return WRONG_SETTINGS
    home = _home()
    if home.free_bytes < FULL_BYTES:
        typer.echo(f"the disk of {home.path} is full: free some, then run again, it goes on", err=True)
    told = (WarehouseBusyError, ServeError, ExampleError, DemoError, MetricError, HomeError, OSError)
    expected = isinstance(error, told)
    hint = "" if is_debug or expected else f" (the traceback: again with {DEBUG_FLAG})"
    sentence = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.filename:
        sentence = f"{error.filename}: {error.strerror}: {HOME_REMEDY}"
    typer.echo(f"{sentence}{hint}", err=True)
    return FAILED


def _settings() -> Settings:
    from ingestion.settings import load_settings
    from orchestration.configuration import settings_path

    return load_settings(settings_path())


def _settings_if_any() -> Settings | None:
    """The settings; none where there is no file."""
    from ingestion.settings import SettingsMissingError

    try:
        return _settings()
    except SettingsMissingError:
        return None


def _settings_unless_published(home: Home) -> Settings | None:
    """The settings; none where there is no file and what was published needs none, as after a demo."""
    return _settings_if_any() if home.published.exists() else _settings()


def _home() -> Home:
    from orchestration.home import Home

    return Home.from_environment()


def _connection_name(settings: Settings, name: str | None) -> str | None:
    if name is None:
        return None
    try:
        return settings.connection(name).name
    except KeyError as error:
        raise typer.BadParameter(str(error.args[0]), param_hint="--only") from None


def _connector(name: str) -> Connector:
    from ingestion.connector import connectors

    known = connectors()
    if name not in known:
        raise typer.BadParameter(f"{name} is no connector; there are {', '.join(sorted(known))}")
    return known[name]


def _instant(text: str | None, zone: str, option: str) -> datetime | None:
    """The instant that was meant: a day's start or a time, of the reporting zone if it names none."""
    from zoneinfo import ZoneInfo

    from orchestration.times import now

    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text} is neither a day (2026-11-20) nor an instant (2026-11-20T09:00:00+01:00)",
            param_hint=option,
        ) from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zone))
    if instant > now():
        raise typer.BadParameter(f"{text} is in the future", param_hint=option)
    return instant


if __name__ == "__main__":
    main()
