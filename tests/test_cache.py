"""Cache: only a folder that wormsim made is ever cleared."""

import pytest
from typer.testing import CliRunner

from wormsim import cache
from wormsim.cli import app
from wormsim.errors import InputError


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_clear_removes_what_is_in_it(place):
    assert cache.clear() == (0, 0)
    assert not place.exists()
    kernels = cache.folder() / "kernels" / "deep"
    kernels.mkdir(parents=True)
    (kernels / "a.py").write_bytes(b"12345")
    (place / "single").write_bytes(b"123")
    assert cache.contents() == {"kernels": (1, 5), "single": (1, 3)}
    assert "kernels" in CliRunner().invoke(app, ["cache", "show"]).output
    assert "2 files removed" in CliRunner().invoke(app, ["cache", "clear"]).output
    assert [p.name for p in place.iterdir()] == ["CACHEDIR.TAG"]


def test_a_folder_of_somebody_else_is_left_alone(place):
    place.mkdir()
    (place / "thesis.tex").write_text("years of work")
    for action in (cache.clear, cache.folder):
        with pytest.raises(InputError):
            action()
    result = CliRunner().invoke(app, ["cache", "clear"])
    assert result.exit_code == 2
    assert (place / "thesis.tex").exists()


def test_kernels_that_the_engine_put_there_first_make_it_ours(place):
    (place / "kernels").mkdir(parents=True)
    assert cache.folder() == place
    assert (place / "CACHEDIR.TAG").is_file()


def test_the_engine_keeps_its_kernels_in_it(place):
    from wormsim.engines import cache as kernels

    assert kernels.folder() == place / "kernels"


def test_a_link_out_of_the_cache_is_removed_and_not_followed(place, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    (cache.folder() / "link").symlink_to(outside)
    cache.clear()
    assert (outside / "kept").exists()
    assert not (place / "link").exists()
