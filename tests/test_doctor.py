"""Doctor: tells versions and cache, and finds what is wrong."""

import pytest
from typer.testing import CliRunner

from wormsim import cache, doctor, manifest
from wormsim.cli import app


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))


def test_examination_of_a_sound_installation():
    found = doctor.examine()
    assert all(f.ok for f in found.findings), found.findings
    facts = dict(found.facts)
    assert facts["numpy"] == __import__("numpy").__version__
    assert "cores" in facts["machine"]


def test_a_missing_package_is_found(monkeypatch):
    versions = {**manifest.package_versions(), "numba": "absent"}
    monkeypatch.setattr(manifest, "package_versions", lambda: versions)
    finding = next(f for f in doctor.examine().findings if f.name == "packages")
    assert not finding.ok
    assert "numba" in finding.detail


def test_a_cache_that_cannot_be_written_is_found(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file" / "cache"))
    finding = next(f for f in doctor.examine().findings if f.name == "cache")
    assert not finding.ok
    assert cache.VARIABLE in finding.detail


def test_a_damaged_table_is_found(monkeypatch):
    import wormsim.readers

    def broken(name):
        raise OSError("cook2019_male.parquet is cut short")

    monkeypatch.setattr(wormsim.readers, "load_connectome", broken)
    finding = next(f for f in doctor.examine().findings if f.name == "connectomes")
    assert not finding.ok
    assert "cut short" in finding.detail


def test_the_engines_agree():
    for finding in doctor.self_check():
        assert finding.ok, finding


def test_engines_that_differ_are_found(monkeypatch):
    from wormsim.engines import conformance

    real = conformance.compare
    monkeypatch.setattr(conformance, "compare", lambda *a, **k: real(*a, **k).assign(max_difference_mV=0.1))
    assert not any(finding.ok for finding in doctor.self_check())


def test_the_command_says_how_it_is_and_exits_accordingly(monkeypatch):
    result = CliRunner().invoke(app, ["doctor", "--no-check"])
    assert result.exit_code == 0
    assert "All is well." in result.output
    monkeypatch.setattr(doctor, "self_check", lambda: [doctor.Finding("engines", False, "apart")])
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "FAILED" in result.output
