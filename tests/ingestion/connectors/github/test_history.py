"""The git history: what is read, what is read again, and what git must never do or see."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from support.git_repository import build_repository
from support.github import APP_TOKEN, TOKEN, FakeGitHub

from ingestion.git_history.command import Git, GitError

Make = Callable[..., Any]
PARTS = ["actions", "deployments", "releases", "activity"]


def git(path: Path, *arguments: str) -> str:
    command = ["git", "-C", str(path), "-c", "user.name=x", "-c", "user.email=x@acme.example", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(path: Path, parent: str, message: str = "Another") -> str:
    """A commit on top of another, with its tree, that no ref names yet."""
    return git(path, "commit-tree", f"{parent}^{{tree}}", "-p", parent, "-m", message)


def cloning(walker: Make, **changes: Any) -> Any:
    return walker(**{"clone": True, "without": PARTS, **changes})


def shas(walked: Any) -> set[str]:
    return {row["sha"] for row in walked.rows("commits")}


def test_commits_edges_and_tags_agree_with_the_forge(fake: FakeGitHub, walker: Make) -> None:
    walked = cloning(walker).walk()
    path = fake.git_path("acme/checkout")
    assert shas(walked) == set(git(path, "rev-list", "--branches", "--tags").split())
    on_default = {row["sha"] for row in walked.rows("commits") if row["is_on_default_branch"]}
    assert on_default == set(git(path, "rev-list", "main").split())
    merge = [row for row in walked.rows("commit_parents") if row["child_sha"] == fake.shas["c1m"]]
    assert [(row["position"], row["parent_sha"]) for row in merge] == [
        (1, fake.shas["c-direct"]),
        (2, fake.shas["c1b"]),
    ]
    tags = {row["name"]: (row["sha"], row["tagged_at"].isoformat()) for row in walked.rows("tags")}
    assert tags["v1.0.0"] == (fake.shas["c1m"], "2026-09-01T14:00:00+00:00")
    assert tags["v1.1.0-rc.1"] == (fake.shas["c7m"], "2026-09-07T14:30:00+00:00")


def test_a_commit_becomes_its_row_without_words_or_addresses(fake: FakeGitHub, walker: Make) -> None:
    row = cloning(walker).walk().row("commits", sha=fake.shas["c1a"])
    assert row["authored_at"].isoformat() == row["committed_at"].isoformat() == "2026-09-01T08:00:00+00:00"
    assert len(row.pop("author_email_hash")) == 32
    assert set(row) == {
        "repository_id",
        "sha",
        "authored_at",
        "committed_at",
        "author_id",
        "assistant_markers",
        "is_on_default_branch",
    }


def test_accounts_are_found_in_no_reply_addresses(fake: FakeGitHub, walker: Make) -> None:
    walked = cloning(walker).walk()
    assert walked.row("commits", sha=fake.shas["c12m"])["author_id"] == "102"
    assert walked.row("commits", sha=fake.shas["c1a"])["author_id"] is None


def test_assistants_are_seen_in_trailers_notes_and_authors(fake: FakeGitHub, walker: Make) -> None:
    walked = cloning(walker).walk()
    markers = {row["sha"]: row["assistant_markers"] for row in walked.rows("commits")}
    assert markers[fake.shas["c9m"]] == "trailer:claude_code"
    assert markers[fake.shas["c11a"]] == "note:cursor"
    assert markers[fake.shas["c15a"]] == "author:copilot"
    assert markers[fake.shas["c1a"]] is None


def test_the_clone_has_no_trees_no_token_and_no_hooks(walker: Make) -> None:
    walking = cloning(walker)
    walking.walk()
    (clone,) = walking.workspace.rglob("*.git")
    kinds = git(clone, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
    assert kinds.count("tree") < 3 < kinds.count("commit")
    for file in walking.workspace.rglob("*"):
        if file.is_file():
            assert TOKEN.encode() not in file.read_bytes()
    assert TOKEN not in git(clone, "remote", "-v")


def test_the_token_is_on_no_command_line(walker: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    run = subprocess.run

    def watched(command: list[str], **details: Any) -> Any:
        commands.append(command)
        return run(command, **details)

    monkeypatch.setattr(subprocess, "run", watched)
    cloning(walker).walk()
    assert any("clone" in command for command in commands)
    assert not any(TOKEN in word for command in commands for word in command)


def test_an_app_clones_with_a_token_of_its_installation(
    fake: FakeGitHub, walker: Make, private_key: str
) -> None:
    app = {"app_id": 7, "installation_id": 8, "private_key": private_key}
    walked = cloning(walker, token=None, app=app).walk()
    assert fake.shas["c1m"] in shas(walked)
    assert any("access_tokens" in request for request in walked.new)
    assert APP_TOKEN not in " ".join(walked.said)


def test_without_news_nothing_is_read_again(walker: Make) -> None:
    walking = cloning(walker)
    walking.walk()
    assert not walking.walk().rows("commits")


def test_only_new_commits_are_read(fake: FakeGitHub, walker: Make) -> None:
    walking = cloning(walker)
    walking.walk()
    path = fake.git_path("acme/checkout")
    new = commit(path, git(path, "rev-parse", "main"))
    git(path, "update-ref", "refs/heads/main", new)
    again = walking.walk()
    assert [(row["sha"], row["is_on_default_branch"]) for row in again.rows("commits")] == [(new, True)]
    assert [row["child_sha"] for row in again.rows("commit_parents")] == [new]


def test_a_merged_branch_comes_onto_the_default_branch(fake: FakeGitHub, walker: Make) -> None:
    walking = cloning(walker)
    assert walking.walk().row("commits", sha=fake.shas["c14a"])["is_on_default_branch"] is False
    path = fake.git_path("acme/checkout")
    tip = git(path, "rev-parse", "main")
    merge = git(path, "commit-tree", f"{tip}^{{tree}}", "-p", tip, "-p", fake.shas["c14a"], "-m", "Merge")
    git(path, "update-ref", "refs/heads/main", merge)
    again = walking.walk()
    assert {row["sha"] for row in again.rows("commits") if row["is_on_default_branch"]} == {
        merge,
        fake.shas["c14a"],
    }


def test_a_force_push_takes_commits_off_the_default_branch(fake: FakeGitHub, walker: Make) -> None:
    walking = cloning(walker)
    walking.walk()
    path = fake.git_path("acme/checkout")
    lost = git(path, "rev-parse", "main")
    kept = git(path, "rev-parse", "main~1")
    new = commit(path, kept, "Instead")
    git(path, "update-ref", "refs/heads/main", new)
    again = walking.walk()
    assert {row["sha"]: row["is_on_default_branch"] for row in again.rows("commits")} == {
        new: True,
        lost: False,
    }


def test_a_lost_clone_is_made_anew_and_reads_only_what_is_new(fake: FakeGitHub, walker: Make) -> None:
    walking = cloning(walker)
    walking.walk()
    walking.workspace = walking.workspace.with_name("another")
    path = fake.git_path("acme/checkout")
    new = commit(path, git(path, "rev-parse", "main"))
    git(path, "update-ref", "refs/heads/main", new)
    assert shas(walking.walk()) == {new}


def test_a_clone_that_was_killed_halfway_is_made_anew(fake: FakeGitHub, walker: Make) -> None:
    walking = cloning(walker)
    half = walking.workspace / "acme-github" / "501.git.partial"
    half.mkdir(parents=True)
    (half / "HEAD").write_text("ref: refs/heads/main\n")
    assert fake.shas["c1m"] in shas(walking.walk())


def test_a_note_that_comes_later_changes_its_commit(fake: FakeGitHub, walker: Make) -> None:
    walking = cloning(walker)
    walking.walk()
    facts = fake.repository()
    note = facts["notes"][fake.shas["c11a"]]
    git(fake.git_path("acme/checkout"), "notes", "--ref=ai", "add", "-m", note, fake.shas["c2m"])
    again = {row["sha"]: row for row in walking.walk().rows("commits")}
    assert again[fake.shas["c2m"]]["assistant_markers"] == "note:cursor"
    assert again[fake.shas["c2m"]]["is_on_default_branch"] is True


def test_tags_are_complete_each_time_so_that_deleted_ones_go(fake: FakeGitHub, walker: Make) -> None:
    walking = cloning(walker)
    walking.walk()
    path = fake.git_path("acme/checkout")
    git(path, "tag", "-d", "v1.0.0")
    git(path, "tag", "-f", "v1.1.0-rc.1", fake.shas["c9m"])
    (page,) = [page for page in walking.walk().pages if page.table == "tags"]
    assert {row["name"]: row["sha"] for row in page.rows} == {
        "v1.1.0-rc.1": fake.shas["c9m"],
        "v1.1.0": fake.shas["c12m"],
    }
    assert page.parents == [("501",)]


def test_an_existing_local_repository_is_only_read(fake: FakeGitHub, walker: Make) -> None:
    path = fake.git_path("acme/checkout")
    before = {file: file.stat().st_mtime_ns for file in path.rglob("*")}
    walked = cloning(walker, clone={"path": str(path)}).walk()
    assert fake.shas["c1m"] in shas(walked)
    assert {file: file.stat().st_mtime_ns for file in path.rglob("*")} == before
    assert not any(".git/" in request for request in walked.new)


def test_a_working_clone_is_as_new_as_what_it_fetched(fake: FakeGitHub, walker: Make, tmp_path: Path) -> None:
    path, working = fake.git_path("acme/checkout"), tmp_path / "working"
    git(tmp_path, "clone", "--quiet", str(path), str(working))
    new = commit(path, git(path, "rev-parse", "main"))
    git(path, "update-ref", "refs/heads/main", new)
    git(working, "fetch", "--quiet")
    walked = cloning(walker, clone={"path": str(working)}).walk()
    assert walked.row("commits", sha=new)["is_on_default_branch"] is True


def test_any_git_address_will_do_and_sees_no_token(fake: FakeGitHub, walker: Make) -> None:
    url = f"file://{fake.directory}/{{repository}}.git"
    walked = cloning(walker, clone={"url": url}).walk()
    assert fake.shas["c1m"] in shas(walked)
    assert not any(".git/" in request for request in walked.new)


def test_hooks_of_the_clone_are_not_run(walker: Make, tmp_path: Path) -> None:
    walking = cloning(walker)
    walking.walk()
    (clone,) = walking.workspace.rglob("*.git")
    ran = tmp_path / "ran"
    hook = clone / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    git(clone, "update-ref", "refs/heads/other", git(clone, "rev-parse", "main"))
    assert ran.exists(), "the hook works where hooks are run"
    ran.unlink()
    walking.walk()
    assert not ran.exists()


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% /tmp/x", "git://127.0.0.1/x.git", "ftp://127.0.0.1/x.git"]
)
def test_other_protocols_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(GitError, match="not allowed"):
        Git(tmp_path / "clone.git").fetch(url)


def test_a_refused_token_is_one_clear_error_without_it(fake: FakeGitHub, tmp_path: Path) -> None:
    secret = SecretStr("a-wrong-token")
    with pytest.raises(GitError) as caught:
        Git(tmp_path / "clone.git", secret, fake.base_url).fetch(f"{fake.base_url}/acme/checkout.git")
    assert "git clone failed" in str(caught.value)
    assert "a-wrong-token" not in str(caught.value)


def test_the_token_goes_to_its_origin_only(fake: FakeGitHub, tmp_path: Path) -> None:
    with pytest.raises(GitError):
        Git(tmp_path / "clone.git", SecretStr(TOKEN), "http://127.0.0.1:1").fetch(
            f"{fake.base_url}/acme/checkout.git"
        )


def test_an_empty_repository_has_no_history(walker: Make, tmp_path: Path) -> None:
    empty = tmp_path / "empty.git"
    facts = {
        "default_branch": "main",
        "commits": [],
        "branches": {},
        "tags": [],
        "notes": {},
        "created_at": "",
    }
    build_repository(facts, {}, empty)
    walked = cloning(walker, clone={"path": str(empty)}).walk()
    assert not walked.rows("commits")
    assert walked.rows("pull_requests")


def test_messages_of_any_form_are_told_apart(fake: FakeGitHub, walker: Make) -> None:
    path = fake.git_path("acme/checkout")
    tip = git(path, "rev-parse", "main")
    message = "commit 0000\n\nTwo lines\n\x1e and a separator\n\nCo-authored-by: aider (m) <aider@aider.chat>"
    first = commit(path, tip, message)
    second = commit(path, first, "Ünïcode 🤖")
    git(path, "update-ref", "refs/heads/main", second)
    walked = cloning(walker).walk()
    assert walked.row("commits", sha=first)["assistant_markers"] == "trailer:aider"
    assert walked.row("commits", sha=second)["assistant_markers"] is None


def test_a_clone_that_cannot_be_read_fails_the_walk(walker: Make, tmp_path: Path) -> None:
    with pytest.raises(GitError):
        cloning(walker, clone={"path": str(tmp_path / "nowhere")}).walk()
