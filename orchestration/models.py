"""The dbt project as Dagster assets, its tests as asset checks, and the two steps that build it.

`canonical` builds what connectors deliver in common words, `marts` everything else; between them the commit
containment is computed. dbt runs inside this process; its results become Dagster's events by dagster-dbt's
own conversion, which reads dbt's structured log messages.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from ingestion.connector import Connector
from orchestration.keys import AS_OF, BUILD_WITH_THE_REST, CLOCK_TAG, RawTables
from orchestration.ledger import Build, Part
from orchestration.metrics import FINAL, WEEK, final_column, reason_column, shown_columns
from orchestration.resources import Warehouse
from transform.runner import DbtProject, TransformError

if TYPE_CHECKING:
    from dagster_dbt import DagsterDbtTranslator

# By name and not by path: dbt resolves a path against the working directory.
CANONICAL = "+fqn:flowgauge.canonical"
METRICS = "fqn:flowgauge.intermediate.metrics fqn:flowgauge.metrics"
EVERYTHING = "fqn:*"
OVERVIEW = "doc.flowgauge.__overview__"
WORD = re.compile(r"^- \*\*(.+?)\*\*: (.+)$", re.MULTILINE)
LOW_AND_HIGH = "low, high"
INTERVALS = {
    "estimate": "95 %, by log(-log) of the estimated curve, with the delta method's (Greenwood's) variance",
    "share": "95 %, Wilson's score interval",
    "none": "none",
}
REASON_BESIDE = "the reason stands beside it: "
WEEK_OF_LATENCIES = " An item belongs to the week in which its clock starts (arrivals)."
TEST_RESULT = "LogTestResult"
RESULT_EVENTS = frozenset({"LogModelResult", "LogSeedResult", "LogSnapshotResult", TEST_RESULT})


def provided_by(used: Iterable[Connector]) -> dict[str, list[str]]:
    """Canonical entities that each connector in use provides, as dbt is told them."""
    return {each.name: sorted(each.provides) for each in sorted(used, key=lambda each: each.name)}


class Models:
    """The parsed project together with what Dagster must know of it."""

    def __init__(self, project: DbtProject, raw: RawTables) -> None:
        self.project = project
        self.manifest = project.parse()
        self.translator = _translator(raw)

    def keys_of(self, schema: str) -> list[dg.AssetKey]:
        """Assets of all models of a schema."""
        return [
            self.translator.get_asset_key(node)
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "model" and node["schema"] == schema
        ]

    def descriptions(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Relation ("schema.table") of each model → its description and those of its columns."""
        return {
            f"{node['schema']}.{node['name']}": (
                node["description"],
                {column["name"]: column["description"] for column in node["columns"].values()},
            )
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "model"
        }

    def metrics(self, targets: Mapping[str, float], zone: str) -> list[dict[str, Any]]:
        """The definition of each metric of the semantic models, as readers get them, by name.

        Parts of ratios are metrics of MetricFlow, too; they have no definition of their own. What holds for
        the whole table (its grain, scopes, weeks) is told in the table's own words, as are why a figure is
        empty and when it is final, unless the metric has words of its own for it; of the targets those in
        force that the definition names. `zone` is the one whose weeks are told.
        """
        explained = dict(WORD.findall(self.manifest["docs"][OVERVIEW]["block_contents"]))
        return [
            self._metric(metric, explained, targets, zone)
            for metric in sorted(self.manifest["metrics"].values(), key=lambda metric: str(metric["name"]))
            if metric["config"]["meta"]
        ]

    def _metric(
        self,
        metric: Mapping[str, Any],
        explained: Mapping[str, str],
        targets: Mapping[str, float],
        zone: str,
    ) -> dict[str, Any]:
        definition = metric["config"]["meta"]
        mart = self.manifest["nodes"][f"model.flowgauge.{definition['mart']}"]
        columns = {name: str(column["description"]).strip() for name, column in mart["columns"].items()}
        table = table_in_words(mart["description"], columns, is_latency="estimate" in definition)
        told = {"description": metric["description"], **limits(definition, columns), **definition, **table}
        told |= {"time_zone": zone} if WEEK in columns else {}
        named = {name: value for name, value in targets.items() if name in str(told)}
        return {
            "name": metric["name"],
            "label": metric["label"],
            **told,
            **({"targets": named} if named else {}),
            "words": words_in(told, shown_columns(definition, columns), explained),
        }

    def steps(self, pool: str | None) -> list[dg.AssetsDefinition]:
        """The steps `build_canonical`, `build_marts` and `build_metrics`.

        Metrics are a step of their own because they stand behind the marts' checks, also where only what
        depends on the clock is built.
        """
        parts: dict[Part, tuple[str, str | None]] = {
            "canonical": (CANONICAL, None),
            "marts": (EVERYTHING, f"{CANONICAL} {METRICS}"),
            "metrics": (METRICS, None),
        }
        return [self._step(part, select, exclude, pool) for part, (select, exclude) in parts.items()]

    def _step(self, part: Part, select: str, exclude: str | None, pool: str | None) -> dg.AssetsDefinition:
        from dagster_dbt import dbt_assets

        @dbt_assets(
            manifest=self.manifest,
            name=f"build_{part}",
            select=select,
            exclude=exclude,
            dagster_dbt_translator=self.translator,
            pool=pool,
        )
        def build(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[Any]:
            yield from self._build(context, warehouse, part, select, exclude)

        return build

    def _build(
        self,
        context: dg.AssetExecutionContext,
        warehouse: Warehouse,
        part: Part,
        select: str,
        exclude: str | None,
    ) -> Iterator[Any]:
        warehouse.claim(context)
        with warehouse.changing_ledger() as ledger:
            ledger.unverified.add(part)
        arguments = self._arguments(context, select, exclude)
        results: list[Any] = []
        try:
            self.project.invoke(["build", *arguments], callbacks=[_collector(results, context)])
        except TransformError as error:
            yield from self._events(results, context)
            raise dg.Failure(str(error), allow_retries=False) from error
        with warehouse.changing_ledger() as ledger:
            if self._is_all_that_is_due(context, ledger.build):
                ledger.unverified.discard(part)
        tests = sum(result.info.name == TEST_RESULT for result in results)
        context.log.info(f"{part}: {len(results) - tests} models built, {tests} tests passed")
        yield from self._events(results, context)

    def _arguments(self, context: dg.AssetExecutionContext, select: str, exclude: str | None) -> list[str]:
        """What the run's selection of assets and checks is in dbt's words.

        `buildable` leaves tests that also read a model of the other step to that step.
        """
        from dagster_dbt.asset_utils import get_subset_selection_for_context

        selection, indirect = get_subset_selection_for_context(
            context, self.manifest, select, exclude, None, self.translator, None
        )
        return [*selection, "--indirect-selection", indirect or "buildable"]

    def _is_all_that_is_due(self, context: dg.AssetExecutionContext, build: Build | None) -> bool:
        """Whether this run makes and tests all of the step's models that the build begun last has to make.

        Outside of a build, say for one model from the UI, nothing is ever complete: the next run builds anew.
        """
        if build is None or build.run != context.run.run_id:
            return False
        tags = context.assets_def.tags_by_key
        every = set(context.assets_def.node_keys_by_output_name.values())
        due = every if build.scope == "all" else {key for key in every if CLOCK_TAG in tags.get(key, {})}
        tests = {spec.key for spec in context.assets_def.node_check_specs_by_output_name.values()}
        due_tests = {key for key in tests if key.asset_key in due}
        return due <= set(context.selected_asset_keys) and due_tests <= set(context.selected_asset_check_keys)

    def _events(self, results: Sequence[Any], context: dg.AssetExecutionContext) -> Iterator[Any]:
        from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
        from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

        for result in results:
            message = DbtCoreCliEventMessage(
                raw_event=MessageToDict(result, preserving_proto_field_name=True), event_history_metadata={}
            )
            for event in message.to_default_asset_events(self.manifest, self.translator, context):
                # Observations stand for tests of sources, or of models that this run did not select.
                if not isinstance(event, dg.AssetObservation):
                    yield event


def table_in_words(description: str, columns: Mapping[str, str], *, is_latency: bool) -> dict[str, str]:
    """What a metric's definition says of its table: a row's grain, the scopes and weeks where it has them."""
    told = {"rows": " ".join(description.split())}
    if "scope" in columns:
        told["scopes"] = columns["scope"]
    if WEEK in columns:
        told["week"] = columns[WEEK] + (WEEK_OF_LATENCIES if is_latency else "")
    return told


def limits(definition: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, str]:
    """What the columns of a metric's table say: why its figure is empty, its interval, when it is final."""
    reason, final = reason_column(definition), final_column(definition, columns)
    told = {"empty": REASON_BESIDE + columns[reason]} if reason in columns else {}
    told["interval"] = INTERVALS[_kind_of_interval(definition, columns)]
    return told | ({"final": columns[final]} if final in columns else {})


def _kind_of_interval(definition: Mapping[str, Any], columns: Collection[str]) -> str:
    if "estimate" in definition:
        return "estimate"
    return "share" if f"{definition['column']}_low" in columns else "none"


def words_in(
    definition: Mapping[str, Any], columns: Collection[str], explained: Mapping[str, str]
) -> dict[str, str]:
    """The explained words that a definition, or the columns of its figures, use."""
    told = [f"{key} {value}" for key, value in definition.items()]
    names = [name.replace("_", " ") for name in columns]
    names += [FINAL] if any(name.endswith(FINAL) for name in columns) else []
    interval = [LOW_AND_HIGH] if any("_low" in name for name in columns) else []
    text = " ".join([*told, *columns, *names, *interval])
    return {word: meaning for word, meaning in explained.items() if re.search(rf"\b{word}s?\b", text)}


def _collector(results: list[Any], context: dg.AssetExecutionContext) -> Callable[[Any], None]:
    def collect(event: Any) -> None:
        if event.info.name in RESULT_EVENTS:
            results.append(event)
            if event.info.name != TEST_RESULT:
                context.log.info(f"built {event.data.node_info.node_name}")

    return collect


def _translator(raw: RawTables) -> "DagsterDbtTranslator":
    from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

    class Translator(DagsterDbtTranslator):
        """Groups by layer, raw tables of every connection upstream, and one build for all that was loaded."""

        def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
            return str(dbt_resource_props["schema"])

        def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
            return str(dbt_resource_props.get("description") or "")

        def get_automation_condition(
            self,
            dbt_resource_props: Mapping[str, Any],  # noqa: ARG002
        ) -> dg.AutomationCondition | None:  # type: ignore[type-arg]
            return BUILD_WITH_THE_REST

        def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
            spec = super().get_asset_spec(manifest, unique_id, project)
            properties = self.get_resource_props(manifest, unique_id)
            if properties["resource_type"] == "source":
                return spec
            return spec.replace_attributes(deps=_dependencies(manifest, properties, spec, raw))

        def get_asset_check_spec(
            self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
        ) -> dg.AssetCheckSpec | None:
            check = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
            if check is None:
                return None
            described = manifest["nodes"][unique_id].get("description") or _test_in_words(
                manifest["nodes"][unique_id]
            )
            return check._replace(description=described)

    return Translator(DagsterDbtTranslatorSettings(enable_source_metadata=False))


def _dependencies(
    manifest: Mapping[str, Any], properties: Mapping[str, Any], spec: dg.AssetSpec, raw: RawTables
) -> list[dg.AssetDep]:
    """The spec's dependencies, with sources replaced by the assets that fill them.

    A model without a model above it, and each that depends on the clock, also waits for the build's first
    step, so that nothing is built before the instant to report on is known.
    """
    sources = [manifest["sources"][each] for each in _parents(properties) if each.startswith("source.")]
    named = {dg.AssetKey([source["source_name"], source["name"]]) for source in sources}
    models = [dep for dep in spec.deps if dep.asset_key not in named]
    filled = {key for source in sources for key in raw.keys(source["schema"], source["name"])}
    if sources or not models or CLOCK_TAG in spec.tags:
        filled.add(AS_OF)
    return [*models, *(dg.AssetDep(key) for key in sorted(filled))]


def _parents(properties: Mapping[str, Any]) -> list[str]:
    parents: list[str] = properties.get("depends_on", {}).get("nodes", [])
    return parents


def _test_in_words(properties: Mapping[str, Any]) -> str:
    """A generic test says what it tests by its name and column, a singular one by its name."""
    metadata = properties.get("test_metadata") or {}
    column = properties.get("column_name") or "the table"
    return f"dbt test {metadata['name']} on {column}" if metadata else f"dbt test {properties['name']}"
