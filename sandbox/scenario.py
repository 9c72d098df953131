"""Scenarios as typed data: what the YAML files in `scenarios/` may say, and raising one stage's capacity.

Each file overlays `balanced.yaml`. Durations are medians in hours of work (of the clock where nobody works on
it); shares are between 0 and 1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from sandbox.randomness import Spread

FOLDER = Path(__file__).parent / "scenarios"
BASE = "balanced"


class ScenarioError(ValueError):
    """A scenario that does not exist or says something unknown."""


@dataclass(frozen=True, slots=True)
class Product:
    """Ideas, and the people who decide on them."""

    ideas_per_developer_week: float
    decision_hours: Spread
    rejected_share: float
    backlog_per_developer: float
    tickets_without_change_share: float
    tickets_per_feature: int


@dataclass(frozen=True, slots=True)
class Build:
    """How developers build and rework."""

    effort_hours: Spread
    push_hours: float
    open_changes_limit: int
    unplanned_share: float
    draft_share: float
    back_to_draft_share: float
    abandoned_share: float
    reopened_share: float
    rework_hours: Spread
    force_push_share: float


@dataclass(frozen=True, slots=True)
class Review:
    """How much attention reviewers have and how they judge; `attention` is the share of their time."""

    attention: float
    hours: Spread
    reviewer_share: float
    team_request_share: float
    second_reviewer_share: float
    changes_requested_share: float
    comment_share: float
    unreviewed_share: float
    bot_review_share: float


@dataclass(frozen=True, slots=True)
class Ci:
    """The runner pool and what runs on it."""

    runners_per_developer: float
    job_hours: Mapping[str, Spread]
    required_jobs: tuple[str, ...]
    flaky_share: float
    failed_share: float
    lost_runner_share: float


@dataclass(frozen=True, slots=True)
class Merge:
    """Merging, its queue, and what reaches trunk by other ways."""

    queue_share: float
    auto_merge_share: float
    conflict_share: float
    revert_share: float
    direct_commits_per_week: float


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """Trains with approval gates for some services, deployment of each merge for the others.

    A train takes so many changes on board and leaves the rest to the next.
    """

    train_share: float
    train_days: int
    changes_per_train: int
    gate_hours: Spread
    gate_rejected_share: float
    deploy_hours: Spread
    failed_share: float


@dataclass(frozen=True, slots=True)
class Incidents:
    """How often deployments break something, and how that is met."""

    share_of_deployments: float
    unrelated_per_week: float
    detect_hours: Spread
    acknowledge_hours: Spread
    mitigate_hours: Spread
    resolve_hours: Spread
    rollback_share: float
    revert_share: float
    echo_share: float
    handed_on_share: float
    reopened_share: float
    reopened_hours: Spread


@dataclass(frozen=True, slots=True)
class Adoption:
    """Rollout in steps and the customers' own pace; onboardings are what customer success can help with."""

    customers_per_developer: int
    rollout_wait_hours: Spread
    step_hours: Spread
    adopting_share: float
    first_use_hours: Spread
    onboardings_per_week: float


@dataclass(frozen=True, slots=True)
class Assistant:
    """Coding assistants: who adopts, when (as a share of the time), and what it does to building."""

    adoption_share: float
    adoption_week_share: float
    build_factor: float
    marker_share: float
    agent_share: float
    review_factor: float
    capacity_follows: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One organisation's habits."""

    name: str
    summary: str
    product: Product
    build: Build
    review: Review
    ci: Ci
    merge: Merge
    release: ReleasePolicy
    incidents: Incidents
    adoption: Adoption
    assistant: Assistant
    skew_seconds: int

    def with_capacity(self, stage: str, factor: float) -> "Scenario":
        """Return the scenario in which `stage` can do `factor` times as much; the rest is untouched."""
        try:
            return _CAPACITIES[stage](self, factor)
        except KeyError:
            raise ScenarioError(
                f"no capacity to raise in stage {stage!r}: one of {', '.join(_CAPACITIES)}"
            ) from None

    def without_assistant(self) -> "Scenario":
        """Return the same organisation had nobody adopted an assistant."""
        return replace(
            self, assistant=replace(self.assistant, build_factor=1.0, review_factor=1.0, capacity_follows=1.0)
        )


_CAPACITIES: dict[str, Callable[[Scenario, float], Scenario]] = {
    "decide": lambda s, f: replace(
        s, product=replace(s.product, decision_hours=s.product.decision_hours.scaled(1 / f))
    ),
    "build": lambda s, f: replace(s, build=replace(s.build, effort_hours=s.build.effort_hours.scaled(1 / f))),
    "review_wait": lambda s, f: replace(
        s, review=replace(s.review, attention=min(0.9, s.review.attention * f), hours=s.review.hours)
    ),
    "ci": lambda s, f: replace(s, ci=replace(s.ci, runners_per_developer=s.ci.runners_per_developer * f)),
    "release_wait": lambda s, f: replace(
        s, release=replace(s.release, train_days=max(1, round(s.release.train_days / f)))
    ),
    "approval_wait": lambda s, f: replace(
        s, release=replace(s.release, gate_hours=s.release.gate_hours.scaled(1 / f))
    ),
    "adoption": lambda s, f: replace(
        s,
        adoption=replace(
            s.adoption,
            first_use_hours=s.adoption.first_use_hours.scaled(1 / f),
            onboardings_per_week=s.adoption.onboardings_per_week * f,
        ),
    ),
}
STAGES_WITH_CAPACITY = tuple(_CAPACITIES)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the organisation is."""

    teams: int
    developers_per_team: int


def scenario_names() -> list[str]:
    """Return the names of all scenarios, the base first."""
    return sorted((path.stem for path in FOLDER.glob("*.yaml")), key=lambda name: (name != BASE, name))


def size_names() -> list[str]:
    """Return the names of the sizes, smallest first."""
    return list(_read("sizes.yml"))


def load_size(name: str) -> Size:
    """Return the size of that name; raises ScenarioError if there is none."""
    sizes = _read("sizes.yml")
    if name not in sizes:
        raise ScenarioError(f"no size {name!r}: one of {', '.join(sizes)}")
    return Size(**sizes[name])


def load_scenario(name: str) -> Scenario:
    """Return the scenario of that name; raises ScenarioError if it is missing or says something unknown."""
    if name not in scenario_names():
        raise ScenarioError(f"no scenario {name!r}: one of {', '.join(scenario_names())}")
    content = _read(f"{BASE}.yaml")
    if name != BASE:
        content = _overlaid(content, _read(f"{name}.yaml"))
    scenario = _typed(Scenario, {"name": name, **content}, name)
    assert isinstance(scenario, Scenario)  # noqa: S101
    return scenario


def _read(file: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / file).read_text(encoding="utf-8"))
    return content


def _overlaid(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = base.get(key)
        merged[key] = (
            _overlaid(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
        )
    return merged


def _typed(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        names = [item.name for item in fields(kind)]
        if wrong := sorted(set(value) ^ set(names)):
            raise ScenarioError(f"{where}: unknown or missing: {', '.join(wrong)}")
        return kind(**{name: _typed(hints[name], value[name], f"{where}.{name}") for name in names})
    if isinstance(value, Mapping):
        return {key: _typed(Spread, item, f"{where}.{key}") for key, item in value.items()}
    return tuple(value) if isinstance(value, list) else value
