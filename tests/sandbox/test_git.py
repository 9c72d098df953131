import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.git import GitMirror
from sandbox.simulation import Simulation
from sandbox.vendor import TOKEN

WEEK = 7 * 86_400


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True, text=True)
    return done.stdout


def test_git_arrives_at_the_names_that_the_history_gave(simulation: Simulation, tmp_path: Path) -> None:
    repository = simulation.history.repositories[0]
    mirror = GitMirror(repository, tmp_path / "mirror.git")
    mirror.advance(simulation.shown_end)
    told = {push.ref: push.after for push in repository.pushes if push.at <= simulation.shown_end}
    refs = dict(
        line.split(" ")
        for line in git(mirror.path, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    )
    assert refs["refs/heads/main"] == told["refs/heads/main"]
    heads = {ref: sha for ref, sha in refs.items() if ref.startswith("refs/heads/")}
    assert heads == {ref: sha for ref, sha in told.items() if set(sha) != {"0"}}
    assert {ref for ref in refs if ref.startswith("refs/tags/")} == {
        f"refs/tags/{release.tag}"
        for release in repository.releases
        if release.created_at <= simulation.shown_end
    }
    assert "error" not in git(mirror.path, "fsck", "--strict")


def test_moving_on_step_by_step_ends_where_one_step_ends(simulation: Simulation, tmp_path: Path) -> None:
    repository = simulation.history.repositories[1]
    steps, leap = GitMirror(repository, tmp_path / "steps.git"), GitMirror(repository, tmp_path / "leap.git")
    for weeks in range(10, -1, -1):
        steps.advance(simulation.shown_end - weeks * WEEK)
    leap.advance(simulation.shown_end)
    listing = ("for-each-ref", "--format=%(refname) %(objectname)")
    assert git(steps.path, *listing) == git(leap.path, *listing)


def test_a_clone_over_http_needs_the_token(standing: Any, tmp_path: Path) -> None:
    bare = standing.sandbox.url.removeprefix("http://")
    good = f"http://x-access-token:{TOKEN}@{bare}/acme/checkout.git"
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=tree:0", good, "good.git")
    assert (
        git(tmp_path / "good.git", "rev-parse", "main").strip()
        == standing.get("/repos/acme/checkout/activity?ref=refs/heads/main&per_page=1").json()[0]["after"]
    )
    bad = subprocess.run(
        ["git", "clone", "--quiet", f"http://x:wrong@{bare}/acme/checkout.git", str(tmp_path / "bad.git")],
        capture_output=True, check=False, env={"GIT_TERMINAL_PROMPT": "0", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert bad.returncode != 0


def test_a_clone_sees_what_the_clock_has_reached(serve: Callable[..., Any], tmp_path: Path) -> None:
    client = serve()
    url = f"http://x:{TOKEN}@{client.sandbox.url.removeprefix('http://')}/acme/checkout.git"
    git(tmp_path, "clone", "--quiet", "--bare", url, "clone.git")
    before = git(tmp_path / "clone.git", "rev-list", "--count", "main")
    client.order(advance_hours=14 * 24)
    git(tmp_path / "clone.git", "fetch", "--quiet", "origin", "+refs/heads/*:refs/heads/*")
    assert int(git(tmp_path / "clone.git", "rev-list", "--count", "main")) > int(before)
