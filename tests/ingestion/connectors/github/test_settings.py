"""Settings of a GitHub connection, and the addresses that follow from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ingestion.connectors.github.history import place_of
from ingestion.connectors.github.settings import EXAMPLE, GitHubSettings
from ingestion.settings import load_settings

CLONE = Path("/clones/501.git")


def settings(**changes: Any) -> GitHubSettings:
    plain = {"name": "acme-github", "connector": "github", "token": "t", "repositories": ["acme/checkout"]}
    return GitHubSettings(**{**plain, **changes})


@pytest.mark.parametrize(
    ("base_url", "graphql", "clone"),
    [
        ("https://api.github.com", "https://api.github.com/graphql", "https://github.com/acme/checkout.git"),
        (
            "https://git.acme.example/api/v3",
            "https://git.acme.example/api/graphql",
            "https://git.acme.example/acme/checkout.git",
        ),
        (
            "https://git.acme.example/api/v3/",
            "https://git.acme.example/api/graphql",
            "https://git.acme.example/acme/checkout.git",
        ),
        ("http://127.0.0.1:8901", "http://127.0.0.1:8901/graphql", "http://127.0.0.1:8901/acme/checkout.git"),
    ],
)
def test_addresses_follow_from_the_base(base_url: str, graphql: str, clone: str) -> None:
    chosen = settings(base_url=base_url)
    assert chosen.graphql_url == graphql
    assert place_of(chosen, "acme/checkout", CLONE).url == clone


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"token": None}, "either token or app"),
        ({"app": {"app_id": 1, "installation_id": 2, "private_key": "k"}}, "either token or app"),
        ({"organization": "acme"}, "either repositories or organization"),
        ({"repositories": []}, "either repositories or organization"),
        ({"repositories": ["checkout"]}, "should match pattern"),
        ({"repositories": ["--upload-pack=x/y z"]}, "should match pattern"),
        ({"clone": {}}, "either url or path"),
        ({"clone": {"url": "ext::sh -c true"}}, "url must begin with"),
        ({"clone": {"url": "--upload-pack=touch /tmp/x"}}, "url must begin with"),
        ({"clone": {"url": "https://u:p@acme.example/x.git"}}, "must not hold a password"),
        ({"clone": {"path": "/x"}, "repositories": ["acme/a", "acme/b"]}, "{repository}"),
        ({"without": ["pull_requests"]}, "Input should be"),
        ({"organisation": "acme"}, "Extra inputs"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        settings(**changes)


@pytest.mark.parametrize(
    "url", ["git@acme.example:acme/x.git", "ssh://git@acme.example/x.git", "file:///x.git"]
)
def test_git_addresses_of_all_allowed_forms_are_taken(url: str) -> None:
    assert place_of(settings(clone={"url": url}), "acme/checkout", CLONE).url == url


def test_a_place_per_repository() -> None:
    both = ["acme/a", "acme/b"]
    chosen = settings(clone={"path": "/mirrors/{repository}.git"}, repositories=both)
    place = place_of(chosen, "acme/b", CLONE)
    assert (place.git.path, place.url) == (Path("/mirrors/acme/b.git"), None)
    assert place_of(settings(), "acme/b", CLONE).git.path == CLONE


@pytest.mark.parametrize(
    ("changes", "name", "is_archived", "expected"),
    [
        ({}, "acme/checkout", False, True),
        ({}, "acme/checkout", True, False),
        ({"archived": True}, "acme/checkout", True, True),
        ({"include": ["check*"]}, "acme/checkout", False, True),
        ({"include": ["check*"]}, "acme/search", False, False),
        ({"exclude": ["acme/sea*"]}, "acme/search", False, False),
    ],
)
def test_patterns_select_of_an_organisation(
    changes: dict[str, Any], name: str, is_archived: bool, expected: bool
) -> None:
    chosen = settings(organization="acme", repositories=[], **changes)
    assert chosen.selects(name, is_archived=is_archived) is expected


def test_every_key_says_what_it_means() -> None:
    own = set(GitHubSettings.model_fields) - {"name", "connector", "previous_name"}
    assert all(GitHubSettings.model_fields[name].description for name in own)


def test_the_example_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "t")
    file = tmp_path / "flowgauge.yaml"
    indented = "".join(f"  {line}\n" for line in EXAMPLE.splitlines())
    file.write_text(f"reporting_timezone: UTC\nconnections:\n{indented}", encoding="utf-8")
    (connection,) = load_settings(file).connections
    assert isinstance(connection, GitHubSettings)
    assert connection.repositories == ("acme/checkout", "acme/search")


def test_secrets_are_not_shown() -> None:
    assert "secret-value" not in repr(settings(token="secret-value"))
