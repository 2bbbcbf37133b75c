"""Libraries that only some commands need, which an extra of the package installs."""

import importlib.util

from canigatti.files import InputError


def require_extra(extra: str, *modules: str) -> None:
    """Check that the libraries of an extra are installed, without importing them.

    Args:
        extra: its name in `pyproject.toml`, such as `serve`.
        modules: top-level modules that the command imports.

    Raises:
        InputError: one is missing; the message has the line that installs it.
    """
    if missing := [name for name in modules if importlib.util.find_spec(name) is None]:
        raise InputError(f"this command needs {', '.join(missing)}: `pip install 'canigatti[{extra}]'` installs it")
