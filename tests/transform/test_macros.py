"""What the macros compute, on DuckDB; and that each of them is spelled for the distributed engine too."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from transform.runner import DbtProject

NOON = "timestamp '2026-03-02 12:00:00'"
LATER = "timestamp '2026-03-02 12:01:30'"
NEVER = "cast(null as timestamp)"
WILSON = (
    (0, 7, 0, 0.3543),
    (0, 35, 0, 0.0989),
    (3, 7, 0.1582, 0.7495),
    (7, 7, 0.6457, 1),
    (33, 33, 0.8957, 1),
)
"""Part, whole, and the ends of Wilson's 95 % interval; where none or all count, an end is exact."""

EXPRESSIONS: dict[str, tuple[str, Any]] = {
    "parts_are_escaped_so_that_keys_cannot_collide": (
        """{{ surrogate_key('x', "'a|b'", "'c'") }} = {{ surrogate_key('x', "'a'", "'b|c'") }}""",
        False,
    ),
    "an_escape_in_a_part_cannot_hide_a_separator": (
        r"""{{ surrogate_key('x', "'a\\\\'", "'b'") }} = {{ surrogate_key('x', "'a'", "'\\\\|b'") }}""",
        False,
    ),
    "equal_parts_give_equal_keys": (
        """{{ surrogate_key('x', "'a'", "'b'") }} = {{ surrogate_key('x', "'a'", "'b'") }}""",
        True,
    ),
    "the_type_is_part_of_the_key": (
        """{{ surrogate_key('x', "'a'") }} = {{ surrogate_key('y', "'a'") }}""",
        False,
    ),
    "a_key_without_a_part_is_null": ("""{{ surrogate_key('x', "'a'", 'null') }}""", None),
    "a_null_key_becomes_the_unknown_one": ("{{ known_key('null') }} = {{ unknown_key() }}", True),
    "a_login_is_compared_without_case_and_bot_mark": (
        """{{ plain_login("'DependaBot[bot]'") }}""",
        "dependabot",
    ),
    "offsets_are_turned_into_utc_whole_seconds": (
        """cast({{ to_utc("timestamptz '2026-03-02 13:00:00.999+01:00'") }} as string)""",
        "2026-03-02 12:00:00",
    ),
    "seconds_are_counted_forwards": (f"""{{{{ seconds_between("{NOON}", "{LATER}") }}}}""", 90),
    "seconds_are_negative_backwards": (f"""{{{{ seconds_between("{LATER}", "{NOON}") }}}}""", -90),
    "seconds_to_an_unknown_instant_are_unknown": (
        f"""{{{{ seconds_between("{NOON}", "{NEVER}") }}}}""",
        None,
    ),
    "seconds_can_be_added": (f"""{{{{ add_seconds("{NOON}", 90) }}}} = {LATER}""", True),
    "the_later_of_an_unknown_instant_is_unknown": (f"""{{{{ later_of("{NOON}", "{NEVER}") }}}}""", None),
    "the_later_of_two": (f"""{{{{ later_of("{NOON}", "{LATER}") }}}} = {LATER}""", True),
    "the_earlier_of_two": (f"""{{{{ earlier_of("{NOON}", "{LATER}") }}}} = {NOON}""", True),
    "json_lists_become_lists": ("""{{ json_string_list("'[\\"a\\", \\"b\\"]'") }}""", ["a", "b"]),
    "a_null_json_list_stays_null": ("""{{ json_string_list("null") }}""", None),
    "json_fields_become_text": ("""{{ json_text("'{\\"a\\": \\"b\\"}'", 'a') }}""", "b"),
    "lists_know_their_elements": ("""{{ list_contains("['a', 'b']", "'b'") }}""", True),
    "lists_know_their_length": ("""{{ list_length("['a', 'b']") }}""", 2),
    "texts_split_at_the_literal_separator": ("""{{ split_list("'a.b'", '.') }}""", ["a", "b"]),
    "patterns_match_a_part": ("""{{ matches("'production-eu'", '^prod') }}""", True),
    "integers_divide_towards_zero": ("{{ integer_division(-7, 2) }}", -3),
    "sums_are_divided_as_a_whole": ("{{ integer_division('5 + 9', 7) }}", 2),
    "division_by_zero_is_unknown": ("{{ integer_division(7, 0) }}", None),
    **{
        f"a_share_of_{part}_of_{whole}_lies_between_its_ends": (
            f"[{{{{ share_low({part}, {whole}) }}}}, {{{{ share_high({part}, {whole}) }}}}]",
            [pytest.approx(low, abs=5e-5) if low else 0, pytest.approx(high, abs=5e-5) if high < 1 else 1],
        )
        for part, whole, low, high in WILSON
    },
    "a_share_of_fewer_than_five_has_no_ends": (
        "[{{ share_low(0, 4) }}, {{ share_high(4, 4) }}, {{ share_low(0, 'null') }}]",
        [None, None, None],
    ),
}

AGGREGATES: dict[str, tuple[str, Any]] = {
    "values_are_listed_in_the_order_given": ("{{ ordered_list('name', 'place') }}", ["c", "a", "b"]),
    "values_are_joined_sorted": ("{{ sorted_text('name', '+') }}", "a+b+c"),
}

LETTERS = "(values ('a', 2), ('b', 3), ('c', 1)) as letters (name, place)"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    folder = tmp_path_factory.mktemp("macros")
    return DbtProject(folder / "warehouse.duckdb", folder / "target", {})


def rows(project: DbtProject, sql: str) -> list[dict[str, Any]]:
    """The statement's rows, after dbt has put in the macros."""
    compiled = project.invoke(["compile", "--inline", sql]).results[0].node.compiled_code
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        cursor = connection.execute(compiled)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def results(project: DbtProject) -> dict[str, Any]:
    """All expressions in two statements: dbt takes longer for a statement than DuckDB for all of them."""
    selected = [
        ", ".join(f"{sql} as {name}" for name, (sql, _) in each.items()) for each in (EXPRESSIONS, AGGREGATES)
    ]
    single = rows(project, "select " + selected[0])[0]
    return single | rows(project, "select " + selected[1] + " from " + LETTERS)[0]


CASES = [(name, expected) for name, (_, expected) in (EXPRESSIONS | AGGREGATES).items()]


@pytest.mark.parametrize(("name", "expected"), CASES, ids=[name for name, _ in CASES])
def test_expression(name: str, expected: Any, results: dict[str, Any]) -> None:
    assert results[name] == expected


def test_lists_become_rows(project: DbtProject) -> None:
    sql = "select day.day from (select 3 as b) as span {{ cross_unnest(integer_series(1, 'b'), 'day') }}"
    assert sorted(row["day"] for row in rows(project, sql)) == [1, 2, 3]


def test_nulls_are_passed_over_in_windows(project: DbtProject) -> None:
    sql = (
        "select {{ last_known('x', 'order by n') }} as before, "
        "{{ first_known('x', 'order by n rows between 1 following and unbounded following') }} as after "
        "from (values (1, 'a'), (2, null), (3, 'c')) as letters (n, x) order by n"
    )
    assert [(row["before"], row["after"]) for row in rows(project, sql)] == [
        ("a", "c"),
        ("a", "c"),
        ("c", None),
    ]


def test_columns_can_be_left_out(project: DbtProject) -> None:
    assert rows(project, "select {{ all_but(['b']) }} from (select 1 as a, 2 as b)") == [{"a": 1}]


def test_every_dispatched_macro_is_spelled_for_spark(project: DbtProject) -> None:
    macros = {
        macro["name"] for macro in project.parse()["macros"].values() if macro["package_name"] == "flowgauge"
    }
    dispatched = {name.removeprefix("default__") for name in macros if name.startswith("default__")}
    assert len(dispatched) > 10
    assert {name for name in dispatched if f"spark__{name}" not in macros} == set()
