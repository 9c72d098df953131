"""What is evidence of an assistant, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion import markers


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fix\n\nCo-Authored-By: Claude <noreply@anthropic.com>", "trailer:claude_code"),
        (
            "Fix\n\nCo-authored-by: Claude Opus 4.5 <NoReply@Anthropic.com>\n\nSigned-off-by: A <a@x>",
            "trailer:claude_code",
        ),
        (
            "Squashed (#12)\n\n* One\n\nCo-authored-by: Cursor <cursoragent@cursor.com>\n\n* Two",
            "trailer:cursor",
        ),
        ("Fix\n\n* Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>", "trailer:copilot"),
        ("Fix\n\nco-authored-by: aider (some/model) <aider@aider.chat>", "trailer:aider"),
        ("Fix\n\nCo-authored-by: codex <noreply@openai.com>", "trailer:codex"),
        ("Fix\n\nAssisted-by: Claude:claude-opus-4 coccinelle sparse", "trailer:claude_code"),
        ("Fix\n\nAssisted-by: GitHub Copilot", "trailer:copilot"),
        ("Fix\n\nAssisted-by: NewAgent:model-1 [tool]", "trailer:other"),
        ("Fix\n\nGenerated-by: Cursor Agent", "trailer:cursor"),
        ("Fix\n\nReplit-Commit-Author: Agent", "trailer:replit"),
        ("Fix\n\nEntire-Checkpoint: 0123456789ab", "trailer:entire"),
        ("Add\n\n🤖 Generated with [Claude Code](https://claude.com/claude-code)", "body:claude_code"),
        ("aider: Rename a class", "body:aider"),
    ],
)
def test_texts_that_are_evidence(message: str, expected: str) -> None:
    assert markers.joined(markers.from_text(message)) == expected


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Ask Claude Code, Copilot, Cursor and aider: which is best?",
        "Document how commits are Generated with Claude Code",
        "Reply\n\n> Co-authored-by: Claude <noreply@anthropic.com>\n> 🤖 Generated with [Claude Code](x)",
        "Fix\n\nCo-authored-by: Claude Dupont <claude.dupont@acme.example>",
        "Fix\n\nAssisted-by: Claude Dupont <claude.dupont@acme.example>",
        "Fix\n\nAssisted-by: Ada Lovelace",
        "Fix\n\nReviewed-by: Claude <noreply@anthropic.com>",
        "By CodeRabbit\n\nCo-authored-by: x[bot] <136622811+coderabbitai[bot]@users.noreply.github.com>",
        "Fix\n\nReplit-Commit-Author: a person",
    ],
)
def test_texts_that_are_no_evidence(message: str) -> None:
    assert markers.joined(markers.from_text(message)) is None


@pytest.mark.parametrize(
    ("email", "name", "login", "expected"),
    [
        ("198982749+Copilot@users.noreply.github.com", "Copilot", None, "author:copilot"),
        (None, None, "copilot-swe-agent[bot]", "author:copilot"),
        ("158243242+devin-ai-integration[bot]@users.noreply.github.com", None, None, "author:devin"),
        ("ada@acme.example", "Ada Lovelace (aider)", None, "author:aider"),
        ("ada@acme.example", "Ada Lovelace", "ada", None),
        ("136622811+coderabbitai[bot]@users.noreply.github.com", "CodeRabbit", "coderabbitai[bot]", None),
        ("49699333+dependabot[bot]@users.noreply.github.com", "dependabot[bot]", "dependabot[bot]", None),
        (None, None, "claude", None),
    ],
)
def test_authors_who_are_agents(
    email: str | None, name: str | None, login: str | None, expected: str | None
) -> None:
    assert markers.joined(markers.from_author(email, name, login)) == expected


@pytest.mark.parametrize(
    ("address", "assistant"),
    [
        ("noreply@anthropic.com", "claude_code"),
        ("209825114+claude[bot]@users.noreply.github.com", "claude_code"),
        ("cursoragent@cursor.com", "cursor"),
        ("206951365+cursor[bot]@users.noreply.github.com", "cursor"),
        ("copilot@github.com", "copilot"),
        ("198982749+Copilot@users.noreply.github.com", "copilot"),
        ("175728472+Copilot@users.noreply.github.com", "copilot"),
        ("noreply@aider.chat", "aider"),
        ("aider@aider.chat", "aider"),
        ("noreply@openai.com", "codex"),
        ("215057067+openai-codex[bot]@users.noreply.github.com", "codex"),
        ("158243242+devin-ai-integration[bot]@users.noreply.github.com", "devin"),
    ],
)
def test_every_address_of_an_agent_counts_as_author_and_as_co_author(address: str, assistant: str) -> None:
    assert markers.joined(markers.from_author(address)) == f"author:{assistant}"
    text = f"Fix\n\nCo-authored-by: somebody <{address}>"
    assert markers.joined(markers.from_text(text)) == f"trailer:{assistant}"


@pytest.mark.parametrize("assistant", ["codex", "claude", "copilot", "cursor", "devin"])
def test_a_branch_prefix_is_the_weakest_evidence(assistant: str) -> None:
    (marker,) = markers.from_branch(f"{assistant}/fix")
    assert markers.joined([marker], ["body:aider"]) == f"body:aider,{marker}"


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("claude/issue-1", "branch:claude_code"),
        ("Codex/x", "branch:codex"),
        ("feature/claude/x", None),
        (None, None),
    ],
)
def test_branches_named_by_agents(branch: str | None, expected: str | None) -> None:
    assert markers.joined(markers.from_branch(branch)) == expected


def note(attested: str, metadata: str = "{}") -> str:
    return f"src/a.py\n{attested}\n---\n{metadata}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            note("  s_1::t_1 1-10,12", '{"sessions": {"s_1": {"agent_id": {"tool": "cursor"}}}}'),
            "note:cursor",
        ),
        (
            note(
                "  abcdef0123456789 1-10",
                '{"prompts": {"abcdef0123456789": {"agent_id": {"tool": "claude"}}}}',
            ),
            "note:claude_code",
        ),
        (note("  s_1::t_1 1-10", '{"sessions": {"s_1": {"agent_id": {"tool": "brand-new"}}}}'), "note:other"),
        (note("  s_1::t_1 1-10", "no json"), "note:other"),
        (note("  h_1::t_1 1-10", '{"humans": {"h_1": {}}}'), None),
        (note("  h_1 1-2", '{"sessions": {"s_9": {"agent_id": {"tool": "cursor"}}}}'), None),
        ("", None),
        (None, None),
    ],
)
def test_notes_are_evidence_where_they_attest_lines_to_an_agent(
    text: str | None, expected: str | None
) -> None:
    assert markers.joined(markers.from_note(text)) == expected


def test_markers_stand_strongest_first_and_once() -> None:
    found = markers.joined(
        {"branch:codex", "trailer:claude_code"},
        {"trailer:claude_code", "author:copilot"},
        {"note:aider"},
        {"body:aider"},
    )
    assert found == "author:copilot,note:aider,trailer:claude_code,body:aider,branch:codex"


def test_a_rank_that_is_not_its_evidences_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "markers.csv"
    wrong.write_text(
        "assistant,evidence,evidence_rank,found_in,value\naider,body,1,text,x\n", encoding="utf-8"
    )
    monkeypatch.setattr(markers, "MARKERS_FILE", wrong)
    with pytest.raises(ValueError, match="rank"):
        markers.marker_table.__wrapped__()


def test_values_of_the_table_are_written_as_they_are_compared() -> None:
    assert all(marker.value == marker.value.lower().strip() for marker in markers.marker_table())
