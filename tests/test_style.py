"""Limits of the code's size and shape, measured on its syntax trees."""

import ast
import statistics
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "canigatti"
FILES = sorted(SOURCE.rglob("*.py"))
TREES = {str(path.relative_to(SOURCE)): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
JSON_WRITERS = {
    "__main__.py",  # the JSON schema of the configuration
    "records.py",  # all records
    "prediction/export/formats.py",  # names of classes in the metadata of an ONNX model
    "prediction/output.py",  # predictions on stdout
    "report/findings/pairs.py",  # a key that compares settings, never written
    "training/checkpoint.py",  # a key that is hashed, never written
    "training/model_files.py",  # Keras' own metadata.json, inside a .keras file
}


def functions(path: str) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(TREES[path]) if isinstance(node, ast.FunctionDef)]


def parameters(function: ast.FunctionDef) -> list[str]:
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def is_command(path: str) -> bool:
    return "commands" in Path(path).with_suffix("").parts


def length(function: ast.FunctionDef) -> int:
    """Return the number of lines of a function without its docstring."""
    docstring = function.body[0].value if ast.get_docstring(function) else None
    lines = function.end_lineno - function.lineno + 1
    return lines - (docstring.end_lineno - docstring.lineno + 1 if docstring else 0)


def test_functions_have_at_most_five_parameters_and_commands_eight():
    too_many = [
        f"{path}::{function.name} has {len(parameters(function))}"
        for path in TREES
        for function in functions(path)
        if len(parameters(function)) > (8 if is_command(path) else 5)
    ]
    assert too_many == []


def test_files_have_at_most_250_lines():
    lines = {str(path.relative_to(SOURCE)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: count for path, count in lines.items() if count > 250} == {}


def test_functions_are_short():
    lengths = sorted(length(function) for path in TREES for function in functions(path))
    assert statistics.median(lengths) <= 10
    assert lengths[len(lengths) * 9 // 10] <= 35


def test_no_module_is_called_utils_or_helpers():
    assert [path for path in TREES if Path(path).stem in ("utils", "helpers", "misc")] == []


@pytest.mark.parametrize("path", TREES)
def test_json_is_written_by_records_only(path):
    """`json.dumps` and `json.dump` are called where text must be JSON without being a record, and nowhere else."""
    calls = [
        node.lineno
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("json", "dumps"), ("json", "dump")}
    ]
    assert not calls or path in JSON_WRITERS
    assert not any(isinstance(node, ast.ImportFrom) and node.module == "json" for node in ast.walk(TREES[path]))


@pytest.mark.parametrize("path", TREES)
def test_files_are_written_as_json_by_records_and_the_schema_command_only(path):
    writers = ("write_text", "write_bytes", "write")
    calls = [node for node in ast.walk(TREES[path]) if isinstance(node, ast.Call)]
    written = [
        call.lineno
        for call in calls
        if (getattr(call.func, "id", None) or getattr(call.func, "attr", None)) in writers
        and any(isinstance(inner, ast.Attribute) and inner.attr == "dumps" for inner in ast.walk(call))
    ]
    assert not written or path in ("__main__.py", "records.py")
