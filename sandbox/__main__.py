"""`python -m sandbox serve|generate|scenarios`: the sandbox from the command line."""

import argparse
import gc
import json
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from sandbox.calendar import instant, isoformat
from sandbox.counterfactual import write_counterfactuals
from sandbox.scenario import ScenarioError, load_scenario, load_size, scenario_names, size_names
from sandbox.serve import Sandbox
from sandbox.simulation import Simulation, simulate
from sandbox.simulation.run import DEFAULT_END
from sandbox.vendor import STACKS, TOKEN, TOKEN_VARIABLE


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "scenarios":
        for name in scenario_names():
            sys.stdout.write(f"{name:20} {load_scenario(name).summary}\n")
        return 0
    try:
        simulation = _simulated(options)
    except ScenarioError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    folder = options.folder or Path(tempfile.mkdtemp(prefix="flowgauge-sandbox-"))
    if options.command == "generate":
        folder.mkdir(parents=True, exist_ok=True)
        if options.counterfactuals:
            write_counterfactuals(simulation)
        simulation.truth.write(folder / "truth.duckdb")
        sys.stdout.write(json.dumps({"folder": str(folder), "digest": simulation.digest()}) + "\n")
        return 0
    sandbox = Sandbox(
        simulation,
        folder,
        vendor_names=STACKS[options.stack],
        port=options.port,
        hourly_limit=options.hourly_limit,
    )
    sandbox.write_files()
    ready = {**sandbox.state(), "token_variable": TOKEN_VARIABLE, "token": TOKEN}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    sandbox.serve_until_signalled(or_eof=options.until_eof)
    return 0


def _simulated(options: argparse.Namespace) -> Simulation:
    begun = time.monotonic()
    # The history stays for as long as the process does: the cycle collector need never walk it.
    gc.disable()
    end = instant(datetime.fromisoformat(f"{options.end}T00:00:00+00:00")) if options.end else DEFAULT_END
    simulation = simulate(
        load_scenario(options.scenario),
        load_size(options.size),
        size_name=options.size,
        seed=options.seed,
        weeks=options.weeks,
        end=end,
    )
    gc.freeze()
    gc.enable()
    count = sum(len(repository.changes) for repository in simulation.history.repositories)
    seconds = time.monotonic() - begun
    until = isoformat(simulation.organisation.end)
    sys.stderr.write(f"sandbox: {options.scenario}, {count:,} changes to {until} in {seconds:.1f} s\n")
    return simulation


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("scenarios", help="list the scenarios")
    for name, text in (
        ("serve", "simulate and serve until stopped"),
        ("generate", "simulate and write the truth"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--scenario", default="balanced")
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--weeks", type=int, default=52)
        command.add_argument("--size", default="small", choices=size_names())
        command.add_argument("--end", help="last day shown at first, YYYY-MM-DD (UTC midnight)")
        command.add_argument("--folder", type=Path, help="where truth, settings and git repositories go")
        if name == "generate":
            command.add_argument(
                "--counterfactuals", action="store_true", help="find constraints and effects too"
            )
        else:
            command.add_argument("--stack", default="github", choices=STACKS, help="which vendors are served")
            command.add_argument("--until-eof", action="store_true", help="stop when the input ends")
            command.add_argument("--port", type=int, default=0, help="of the first; 0 takes a free one")
            command.add_argument(
                "--hourly-limit", type=int, default=1_000_000, help="GitHub requests per hour"
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
