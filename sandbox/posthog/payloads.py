"""The history's features as flags with their activity log, as PostHog shows them now.

A flag is made a day before its first step, switched on and reaching nobody; each step is one change of its
filters by the team's product person.
"""

from typing import Any

from sandbox.calendar import DAY, moment
from sandbox.history import Account, Feature
from sandbox.vendor import Scene

Payload = dict[str, Any]


def flags(scene: Scene) -> list[Payload]:
    """All flags that were made by now, newest first."""
    now = scene.clock.now
    return [
        {
            "id": feature.id,
            "key": feature.flag,
            "name": feature.name,
            "active": True,
            "deleted": False,
            "filters": _filters(_share_at(feature, now)),
            "created_at": _text(_made_at(feature)),
            "created_by": {"id": author.id, **_user(author)},
            "ensure_experience_continuity": False,
            "version": 1 + sum(at <= now for at, _ in feature.steps),
        }
        for feature, author in reversed(_made(scene))
    ]


def activity(scene: Scene) -> list[Payload]:
    """The log of all flags by now, newest first."""
    entries = [
        entry
        for feature, author in _made(scene)
        for entry in (_entry(feature, author, _made_at(feature), "created", []), *_steps(feature, author))
        if entry["created_at"] <= _text(scene.clock.now)
    ]
    return sorted(entries, key=lambda entry: entry["created_at"], reverse=True)


def _steps(feature: Feature, author: Account) -> list[Payload]:
    shares = [0.0, *(share for _, share in feature.steps)]
    return [
        _entry(
            feature,
            author,
            at,
            "updated",
            [
                {
                    "type": "FeatureFlag",
                    "action": "changed",
                    "field": "filters",
                    "before": _filters(shares[number]),
                    "after": _filters(share),
                }
            ],
        )
        for number, (at, share) in enumerate(feature.steps)
    ]


def _entry(feature: Feature, author: Account, at: int, activity_name: str, changes: list[Payload]) -> Payload:
    return {
        "user": _user(author),
        "activity": activity_name,
        "scope": "FeatureFlag",
        "item_id": str(feature.id),
        "detail": {"id": None, "changes": changes or None, "name": feature.flag, "short_id": None},
        "created_at": _text(at),
    }


def _made(scene: Scene) -> list[tuple[Feature, Account]]:
    authors = {team.name: team.product.account for team in scene.organisation.teams}
    return [
        (feature, authors[feature.team])
        for feature in scene.history.features
        if feature.steps and _made_at(feature) <= scene.clock.now
    ]


def _made_at(feature: Feature) -> int:
    return feature.steps[0][0] - DAY


def _share_at(feature: Feature, now: int) -> float:
    return max((share for at, share in feature.steps if at <= now), default=0.0)


def _filters(share: float) -> Payload:
    group = {"properties": [], "rollout_percentage": round(100 * share), "variant": None}
    return {"groups": [group], "payloads": {}, "multivariate": None}


def _user(account: Account) -> Payload:
    first_name = account.signature.name.partition(" ")[0]
    return {"first_name": first_name, "email": f"{account.login.lower()}@acme.example"}


def _text(at: int) -> str:
    return moment(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def drifted(rows: list[Payload]) -> list[Payload]:
    """Change the shape of the first flag: a new field, and a time that is none."""
    return [{**row, "introduced_yesterday": [1], "created_at": "soon"} for row in rows[:1]] + rows[1:]
