"""The demo: the simulated organisation through the whole pipeline, summed up, nothing left running."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import COMMAND, environment_of, flowgauge
from support.published import query

from orchestration.demo import DemoError, DemoOptions, sandbox


def is_running(home: Path) -> bool:
    command = ["ps", "-ww", "-eo", "args"]
    processes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return str(home) in processes


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_demo_publishes_sums_up_and_leaves_nothing_running(tmp_path: Path) -> None:
    outcome = flowgauge("demo", "--weeks", "1", cwd=tmp_path, seconds=500)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    for title in ("Where changes spend", "Largest queues", "Delivery, by service", "Freshness"):
        assert title in outcome.stdout
    home = tmp_path / ".flowgauge" / "demo" / "balanced-small-1-1-github"
    stages = query(
        home, "select distinct stage from marts.fct_stage_visits join marts.dim_stage using (stage_key)"
    )
    assert {"build", "review_wait", "review", "release_wait", "deploy"} <= {row["stage"] for row in stages}
    assert "flowgauge init" in outcome.stdout
    assert f"FLOWGAUGE_HOME={home} flowgauge metric change_lead" in outcome.stdout
    named = {"FLOWGAUGE_HOME": str(home)}
    assert "change_lead  p50 p75 p90" in flowgauge("metric", cwd=tmp_path, environment=named).stdout
    status = flowgauge("status", cwd=tmp_path, environment=named)
    assert (status.returncode, "acme-github" in status.stdout) == (0, True), status.stderr
    assert not is_running(home)


def test_a_sandbox_that_cannot_start_says_why(tmp_path: Path) -> None:
    options = DemoOptions("no_such_scenario", "small", 1, 1, "github")
    with pytest.raises(DemoError, match="no_such_scenario"), sandbox(options, tmp_path):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_demo_that_is_stopped_while_loading_leaves_nothing_running(
    tmp_path: Path, number: signal.Signals
) -> None:
    home = tmp_path / ".flowgauge" / "demo" / "balanced-small-1-1-github"
    told = tmp_path / "told"
    with (
        told.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            [str(COMMAND), "demo", "--weeks", "1"],
            cwd=tmp_path,
            env=environment_of(tmp_path),
            stdout=file,
            stderr=file,
        ) as demo,
    ):
        wait_until(lambda: "organisation facts" in told.read_text(encoding="utf-8"))
        assert is_running(home)
        demo.send_signal(number)
        assert demo.wait(240) != 0
    assert not (home / "published").exists()
    wait_until(lambda: not is_running(home))
