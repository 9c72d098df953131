"""The demo: the simulated organisation through the whole pipeline, summed up, nothing left running."""

import subprocess
from pathlib import Path

import pytest
from support.command import flowgauge
from support.published import query

from orchestration.demo import DemoError, DemoOptions, sandbox


def test_a_demo_publishes_sums_up_and_leaves_nothing_running(tmp_path: Path) -> None:
    outcome = flowgauge("demo", "--weeks", "2", cwd=tmp_path, seconds=500)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    for title in ("Where changes spend", "Largest queues", "Delivery, by service", "Freshness"):
        assert title in outcome.stdout
    home = tmp_path / ".flowgauge" / "demo" / "balanced-small-2-1"
    stages = query(
        home, "select distinct stage from marts.fct_stage_visits join marts.dim_stage using (stage_key)"
    )
    assert {"build", "review_wait", "review", "release_wait", "deploy"} <= {row["stage"] for row in stages}
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(home) not in processes


def test_a_sandbox_that_cannot_start_says_why(tmp_path: Path) -> None:
    options = DemoOptions("no_such_scenario", "small", 1, 1)
    with pytest.raises(DemoError, match="no_such_scenario"), sandbox(options, tmp_path):
        pass
