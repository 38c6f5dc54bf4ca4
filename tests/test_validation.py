"""Validation: values of overrides, and the line on which a key stands."""

import datetime

import pytest

from wormsim import validation
from wormsim.errors import InputError

TEXT = """\
top = 1
a.b = 2   # dotted

[table]
key = 3
"quoted" = 4

[table.inner]
key = 5

[[list]]
key = 6
"""


@pytest.mark.parametrize(("key", "line"), [
    ("top", 1), ("a.b", 2), ("table", 4), ("table.key", 5), ("table.quoted", 6), ("table.inner.key", 9), ("list.key", 12),
    ("key", None), ("inner.key", None)])
def test_line_of(key, line):
    assert validation.line_of(TEXT, key) == line


@pytest.mark.parametrize(("text", "value"), [
    ("3", 3), ("3.5", 3.5), ("1e-3", 1e-3), ("true", True), ('"3"', "3"), ("lif", "lif"), ("my/wiring.csv", "my/wiring.csv"),
    ("[1, 2]", [1, 2]), ('["lif", "graded"]', ["lif", "graded"]), ("{a = 1}", {"a": 1}), ('""', ""),
    ("1979-05-27", datetime.date(1979, 5, 27)), ("cells=2", None)])
def test_values_are_toml(text, value):
    if value is None:
        with pytest.raises(InputError, match="not a TOML value"):
            validation.parse_overrides([f"key={text}"])
    else:
        assert validation.parse_overrides([f"key={text}"]) == {"key": value}


def test_overriding_leaves_the_original_alone():
    settings = {"a": {"b": 1, "c": 2}}
    assert validation.apply_overrides(settings, {"a.b": 5, "d.e": 6}) == {"a": {"b": 5, "c": 2}, "d": {"e": 6}}
    assert settings == {"a": {"b": 1, "c": 2}}


def test_the_path_of_a_file_needs_no_quotes(tmp_path):
    there = tmp_path / "worms.h5"
    there.write_bytes(b"")
    assert validation.parse_overrides([f"data={there}"]) == {"data": str(there)}
    with pytest.raises(InputError, match="is not a TOML value"):
        validation.parse_overrides([f"data={tmp_path}/nowhere.h5"])
