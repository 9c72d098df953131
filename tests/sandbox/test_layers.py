import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIPELINE = ("ingestion", "transform", "quality", "serving", "orchestration")


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def imports_of(package: str) -> set[str]:
    return {
        name for path in (ROOT / package).rglob("*.py") for name in imported(path.read_text(encoding="utf-8"))
    }


def test_the_sandbox_imports_nothing_of_the_pipeline() -> None:
    assert not imports_of("sandbox") & set(PIPELINE)


@pytest.mark.parametrize("package", PIPELINE)
def test_the_pipeline_does_not_know_the_sandbox(package: str) -> None:
    assert "sandbox" not in imports_of(package)


def test_the_truth_is_named_nowhere_in_the_pipeline() -> None:
    files = [
        path for package in PIPELINE for path in (ROOT / package).rglob("*") if path.suffix in {".py", ".sql"}
    ]
    assert not [path for path in files if "truth.duckdb" in path.read_text(encoding="utf-8")]


def test_an_import_inside_a_function_is_found() -> None:
    assert set(imported("def f():\n    from sandbox.truth import Track\n    import os.path")) == {
        "sandbox",
        "os",
    }
