import json
import os
import subprocess
import sys
from pathlib import Path

from sandbox.scenario import load_scenario, load_size
from sandbox.simulation import simulate

ROOT = Path(__file__).parents[2]


def digest_in_another_process(folder: Path, hash_seed: str, seed: int) -> str:
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "generate",
        "--weeks",
        "4",
        "--seed",
        str(seed),
        "--folder",
        str(folder),
    ]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    return str(json.loads(done.stdout)["digest"])


def test_equal_seeds_give_equal_histories_whatever_the_process(tmp_path: Path) -> None:
    first = digest_in_another_process(tmp_path / "first", "1", seed=3)
    assert first == digest_in_another_process(tmp_path / "second", "2", seed=3)
    assert first != digest_in_another_process(tmp_path / "third", "1", seed=4)


def test_looking_further_ahead_leaves_the_past_as_it_was() -> None:
    scenario, size = load_scenario("balanced"), load_size("small")
    near = simulate(scenario, size, weeks=4, weeks_ahead=0)
    far = simulate(scenario, size, weeks=4, weeks_ahead=2)
    for before, after in zip(near.history.repositories, far.history.repositories, strict=True):
        assert [push for push in after.pushes if push.at < near.shown_end] == before.pushes
