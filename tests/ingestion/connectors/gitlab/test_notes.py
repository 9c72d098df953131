"""System notes: known wordings say what happened, all others that something did."""

from __future__ import annotations

import pytest

from ingestion.connectors.gitlab.notes import Said, said


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("approved this merge request", [Said("approved")]),
        ("unapproved this merge request", [Said("unapproved")]),
        ("requested changes", [Said("requested_changes")]),
        ("marked this merge request as **draft**", [Said("draft")]),
        ("marked this merge request as **draft** from acme/shop@1f2e3d", [Said("draft")]),
        ("marked this merge request as **ready**", [Said("ready")]),
        ("unmarked as a **Work In Progress**", [Said("ready")]),
        ("requested review from @ann", [Said("review_requested", "ann")]),
        (
            "requested review from @ann, @ben-x, and @cia.o",
            [Said("review_requested", name) for name in ("ann", "ben-x", "cia.o")],
        ),
        (
            "requested review from @ben and removed review request for @ann",
            [Said("review_requested", "ben"), Said("review_request_removed", "ann")],
        ),
        ("assigned to @ann and @ben", [Said("assigned", "ann"), Said("assigned", "ben")]),
        ("assigned to @ben and unassigned @ann", [Said("assigned", "ben"), Said("unassigned", "ann")]),
        ("unassigned @ann", [Said("unassigned", "ann")]),
        ("removed review request for @ann", [Said("review_request_removed", "ann")]),
        (
            "reset approvals from @ann and @ben by pushing to the branch",
            [Said("approval_reset", "ann"), Said("approval_reset", "ben")],
        ),
        ("changed target branch from `main` to `next`", [Said("target_changed", None, "main..next")]),
        ("started a merge train", [Said("train_joined")]),
        ("added this merge request to the merge train at position 12", [Said("train_joined")]),
        ("removed this merge request from the merge train", [Said("train_left", None, "removed")]),
        (
            "removed this merge request from the merge train because main was updated by hand",
            [Said("train_left", None, "aborted")],
        ),
        ("enabled an automatic merge when all merge checks for 1f2e pass", [Said("auto_merge_enabled")]),
        ("canceled the automatic merge", [Said("auto_merge_disabled")]),
        ("added 2 commits\n\n<ul><li>1f2e - Fix</li></ul>", [Said("other")]),
        ("mentioned in commit 1f2e", [Said("other")]),
    ],
)
def test_known_wordings(body: str, expected: list[Said]) -> None:
    assert list(said(body)) == expected


@pytest.mark.parametrize(
    "body",
    [
        "hat diesen Merge Request genehmigt",
        "I approved this merge request",
        "approved this merge request, I think",
        "Approved this merge request",
        "requested review from Ann",
        "assigned to Ann",
        "",
    ],
)
def test_other_words_are_unknown_and_not_kept(body: str) -> None:
    assert list(said(body)) == [Said("unknown")]
