"""The commands, from their own help."""

import inspect
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from reference_pages.entries import Entry, Section


def command_sections() -> list[Section]:
    """Return the commands, with their arguments and options."""
    from canigatti.__main__ import app

    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return [
        Section(name, _panels_of(command), _command_help(command), tuple(map(_parameter, _parameters(command))))
        for name, command in commands.items()
    ]


def _panels_of(command: Any) -> tuple[str, ...]:
    """Return the heading under which `canigatti --help` lists a command; none without headings."""
    panel = getattr(command, "rich_help_panel", None)
    return (panel,) if isinstance(panel, str) else ()


def _command_help(command: Any) -> str:
    return inspect.cleandoc(command.help or "")


def _parameters(command: Any) -> list[Any]:
    visible = (parameter for parameter in command.params if not getattr(parameter, "hidden", False))
    return [parameter for parameter in visible if parameter.name != "help"]


def _parameter(parameter: Any) -> Entry:
    is_argument = parameter.param_type_name == "argument"
    name = (parameter.metavar or parameter.name.upper()) if is_argument else ", ".join(parameter.opts)
    default = parameter.default
    is_text = isinstance(default, str | int | float | Path) and not isinstance(default, bool)
    shown = "required" if parameter.required else f"`{default}`" if is_text else ""
    return Entry(name, _option_type(parameter), shown, parameter.help or "")


def _option_type(parameter: Any) -> str:
    if getattr(parameter, "is_flag", False):
        return "flag"
    annotation = parameter.type_descriptor.annotation
    is_list = get_origin(annotation) is list
    (kind,) = get_args(annotation) if is_list else (annotation,)
    words = {Path: "path", str: "text", int: "integer", float: "number"}
    if get_origin(kind) is Literal:
        name = ", ".join(f"`{choice}`" for choice in get_args(kind))
    elif issubclass(kind, Enum):
        name = ", ".join(f"`{choice.value}`" for choice in kind)
    else:
        name = words.get(kind, kind.__name__)
    return f"{name}, repeatable" if is_list else name
