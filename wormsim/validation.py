"""Validation: settings from a TOML checked by a pydantic model, mistakes said in the user's own terms."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from .errors import InputError, closest

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)

# A key may end in a scope: model.parameters.g_leak_nS[AVA]=0.02
_OVERRIDE = re.compile(r"([\w-]+(?:\.[\w-]+)*(?:\[.+\])?)\s*=\s*(.*)")
_BARE_WORD = re.compile(r"[A-Za-z_][\w./*\[\]-]*")


def read_toml(path: str | Path) -> tuple[dict[str, Any], str]:
    """Settings and text of a TOML file.

    Raises
    ------
    InputError
        If there is no such file, it is not UTF-8, or it is not TOML (line and column are named).
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8")
        return tomllib.loads(text), text
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error


def parse_overrides(overrides: Mapping[str, Any] | Iterable[str]) -> dict[str, Any]:
    """Overrides as dotted key: value.

    Parameters
    ----------
    overrides : mapping or iterable of str
        ``{"screen.samples": 128}``, or ``["screen.samples=128"]`` where the value is TOML; a bare word, or the path of
        a file that is there, is a string.

    Raises
    ------
    InputError
        If a text is not ``key=value``, a value is not TOML, or a key is given twice.
    """
    if isinstance(overrides, Mapping):
        return dict(overrides)
    parsed: dict[str, Any] = {}
    for text in overrides:
        match = _OVERRIDE.fullmatch(text.strip())
        if match is None:
            raise InputError(f"--set {text}: write it as key=value, as in --set ensemble.samples=128")
        key, value = match.groups()
        if key in parsed:
            raise InputError(f"--set {key} is given twice")
        try:
            parsed[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError as error:
            if not _BARE_WORD.fullmatch(value) and not os.path.isfile(os.path.expanduser(value)):
                raise InputError(f"--set {text}: {value!r} is not a TOML value (number, \"text\", true, "
                                 f"[1, 2], ...): {error}") from error
            parsed[key] = value
    return parsed


def apply_overrides(settings: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `settings` with dotted keys replaced; tables on the way are made when they are not there."""
    result = _copy_tables(settings)
    for dotted, value in overrides.items():
        dotted, bracket, scope = dotted.partition("[")
        *tables, last = dotted.split(".")
        last += bracket + scope
        place = result
        for i, key in enumerate(tables):
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise InputError(f"--set {dotted}: {'.'.join(tables[:i + 1])} is a value, not a table")
        place[last] = value
    return result


def _copy_tables(value: Any) -> Any:
    return {k: _copy_tables(v) for k, v in value.items()} if isinstance(value, dict) else value


def validate(model: type[Model], settings: Mapping[str, Any], source: str, text: str = "",
             overridden: Sequence[str] = (), prefix: str = "") -> Model:
    """`settings` as an instance of a pydantic model.

    Parameters
    ----------
    model : type
        With ``extra="forbid"``.
    settings : mapping
        Nested settings as read from TOML.
    source : str
        The file, for the message.
    text : str
        The file's text, to name lines.
    overridden : sequence of str
        Dotted keys that come from overrides and have no line in the file.
    prefix : str
        Table that `settings` was taken from.

    Raises
    ------
    InputError
        One line for each mistake: key path, line, value, what is allowed, the closest known name.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(dict(settings))
    except InputError as error:  # raised by a validator of the model
        raise InputError(f"{source}: {error}") from error
    except ValidationError as error:
        problems = [_describe(e, model, text, set(overridden), prefix) for e in error.errors()]
        head = f"{source}: " + ("" if len(problems) == 1 else f"{len(problems)} problems\n  ")
        raise InputError(head + "\n  ".join(problems)) from error


def _describe(error: Mapping[str, Any], model: type[BaseModel], text: str, overridden: set[str],
              prefix: str) -> str:
    location = [str(part) for part in error["loc"]]
    path = ".".join(([prefix] if prefix else []) + location)
    value = error.get("input")
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return f"{path} is missing"
    shown = path if isinstance(value, Mapping) or not location else f"{path} = {_as_toml(value)}"
    if path in overridden:
        shown = f"--set {shown}"
    elif (line := line_of(text, path)) is not None:
        shown = f"line {line}, {shown}"
    if kind == "extra_forbidden":
        known = _keys_at(model, location[:-1])
        return f"{shown}: no such key; {_near(location[-1], known)}keys here: {', '.join(known) or 'none'}"
    if kind in ("literal_error", "enum"):
        expected = context.get("expected", "")
        allowed = re.findall(r"'([^']*)'", expected)
        return f"{shown}: {_near(str(value), allowed)}allowed: {', '.join(allowed) or expected}"
    if kind == "value_error" and "error" in context:
        return f"{shown}: {context['error']}"
    return f"{shown}: {error['msg'].removeprefix('Input ')}"


def _near(name: str, known: Iterable[str]) -> str:
    near = closest(name, known)
    return f"closest: {', '.join(near)}; " if near else ""


def _as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def _keys_at(model: type[BaseModel], location: Sequence[str]) -> list[str]:
    """Keys of the model that sits at `location` below `model`; list positions and union tags do not count."""
    for part in location:
        if part in model.model_fields:
            inner = _model_in(model.model_fields[part].annotation)
            if inner is None:
                return []
            model = inner
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for a in get_args(annotation) if (found := _model_in(a)) is not None), None)


def line_of(text: str, dotted: str) -> int | None:
    """Line (from 1) of the TOML text on which a dotted key stands, or None when it is not found."""
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[?\s*([^\]\s]+)\s*\]", line):
            table = header.group(1)
            if table == dotted:
                return number
        elif assignment := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            key = assignment.group(1).replace('"', "").replace("'", "")
            if (f"{table}.{key}" if table else key) == dotted:
                return number
    return None
