"""The command that rebuilds the shipped tables: same bytes from the same packages, and these hold no surprise.

Slow, and only where the optional group `rebuild` (cect, wormneuroatlas) is installed.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wormsim.data import build_cells, build_connectomes, rebuild, tables
from wormsim.data.build_connectomes import RECIPES
from wormsim.errors import InputError

MISSING = [p for p in ("cect", "wormneuroatlas") if importlib.util.find_spec(p) is None]
needs_sources = pytest.mark.skipif(bool(MISSING), reason=f"{', '.join(MISSING)} not installed (group `rebuild`)")

# cect's reader behind each cached file; not Randi's: without its web site it falls back to the cache
READERS = {r.name: Path(r.source).stem for r in RECIPES if r.source.startswith("cache/") and r.name != "randi2023"}


# ------------------------------------------------------------------ without the packages


def test_without_the_packages_the_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None)
    assert rebuild.main(["--check"]) == 2
    assert 'cect is not installed: pip install "wormsim-circuits[rebuild]"' in capsys.readouterr().err


def test_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(rebuild.importlib.util, "find_spec", lambda name: importlib.util.spec_from_file_location(
        name, "/nowhere/__init__.py"))
    monkeypatch.setattr(rebuild.metadata, "version", lambda name: "0.2.0")
    with pytest.raises(InputError, match=r"cect is 0\.2\.0, the tables are of 0\.3\.5: pip install cect==0\.3\.5"):
        rebuild.package_folder("cect")


def test_differences_are_found(tmp_path):
    for name in tables.table_names():
        (tmp_path / f"{name}.parquet").write_bytes(tables.path_of(name).read_bytes())
    assert rebuild.differences(tmp_path) == []
    rebuild.write(tables.read_arrow("cells").slice(0, 9), tmp_path / "cells.parquet")
    (tmp_path / "members.parquet").rename(tmp_path / "limbs.parquet")
    assert rebuild.differences(tmp_path) == ["limbs.parquet: only in the rebuild", "members.parquet: no longer built",
                                             "cells.parquet: other rows"]


def test_matrices_become_edges():
    nodes = ["a", "b"]
    _, edges = build_connectomes.from_matrices(nodes, {"Generic_CS": [[0, 2], [1, 0]], "Generic_GJ": [[3, 4], [4, 0]]})
    assert [(e["pre"], e["post"], e["kind"], e["contacts"]) for e in edges] == [
        ("a", "b", "chemical", 2.0), ("b", "a", "chemical", 1.0), ("a", "a", "electrical", 3.0),
        ("a", "b", "electrical", 4.0)]
    with pytest.raises(ValueError, match="not symmetric"):
        build_connectomes.from_matrices(nodes, {"Generic_GJ": [[0, 4], [5, 0]]})
    with pytest.raises(ValueError, match="not a finite"):
        build_connectomes.from_matrices(nodes, {"Generic_CS": [[0, np.nan], [5, 0]]})


def test_transmitter_entries_are_sorted_out():
    found = build_cells.transmitters(["*ACh (new)", "GABA", "5-HTP (synthesis) and 5-HT (uptake) (new)"])
    assert found == {"transmitter": "GABA", "cotransmitters": "", "possible_transmitters": "acetylcholine + 5-HTP",
                     "uptake": "serotonin", "transmitter_certainty": "clear"}
    assert build_cells.transmitters(["*ACh"])["transmitter_certainty"] == "variable"
    assert build_cells.transmitters(["Unknown (orphan; unc-47 positive)"])["transmitter"] == "unknown"
    with pytest.raises(ValueError, match="'NO' is not known"):
        build_cells.transmitters(["NO"])


# ------------------------------------------------------------------ with them


@pytest.fixture(scope="module")
def quiet():
    """Keep what cect prints at import off the terminal."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory, quiet) -> Path:
    folder = tmp_path_factory.mktemp("rebuilt")
    rebuild.rebuild(folder)
    return folder


@pytest.mark.slow
@needs_sources
def test_rebuilt_tables_are_those_shipped(rebuilt):
    assert rebuild.differences(rebuilt) == []


@pytest.mark.slow
@needs_sources
def test_rebuilt_sources_are_those_shipped(rebuilt):
    def without_own_hashes(path: Path) -> list[str]:
        # another version of Arrow writes other bytes for the same rows; those hashes are compared by content above
        return [line for line in path.read_text().splitlines() if not line.startswith("sha256 = ")]

    assert without_own_hashes(rebuilt / "sources.toml") == without_own_hashes(tables.FOLDER / "sources.toml")


@pytest.mark.slow
@needs_sources
def test_a_second_rebuild_gives_the_same_bytes(rebuilt, tmp_path, quiet):
    rebuild.rebuild(tmp_path)
    for path in rebuilt.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.slow
@needs_sources
@pytest.mark.parametrize("name", READERS)
def test_cached_edges_are_those_of_a_fresh_read(name, quiet):
    """cect's caches are made by hand; a stale one would go unseen."""
    folder = rebuild.package_folder("cect")
    [recipe] = [r for r in RECIPES if r.name == name]
    module = importlib.import_module(f"cect.readers.{READERS[name]}")
    fresh = module.get_instance(from_cache=False)
    nodes, edges = build_connectomes.from_matrices(fresh.nodes, fresh.connections)
    cached_nodes, cached_edges = recipe.read(recipe, folder)

    def key(edge):
        # an undirected pair is written in the order of the nodes, which is that of first appearance
        ends = (edge["pre"], edge["post"])
        return edge["kind"], *(sorted(ends) if edge["kind"] in build_connectomes.SYMMETRIC else ends)

    assert sorted(nodes) == sorted(cached_nodes)
    assert {key(e): e["contacts"] for e in edges} == {key(e): e["contacts"] for e in cached_edges}


@pytest.mark.slow
@needs_sources
def test_the_two_single_animals_of_white_have_no_cache(quiet):
    """White_A and White_L4 have no cache: asking for one fails, so the lists themselves are read."""
    for reader in ("White_A", "White_L4"):
        module = importlib.import_module(f"cect.readers.{reader}")
        with pytest.raises(FileNotFoundError):
            module.get_instance(from_cache=True)


@pytest.mark.slow
@needs_sources
def test_cells_left_out_of_the_male_have_rows_but_no_synapse(quiet):
    """ADAR, BAGR and CA01 are in the headers of Cook's sheets, and every entry of theirs is empty."""
    from cect.readers.Cook2019DataReader import MALE, Cook2019DataReader

    book = Cook2019DataReader(MALE)
    for cell in ("ADAR", "BAGR", "CA01"):
        listed = 0
        for sheet, numbers in book.conn_nums.items():
            for axis, names in ((0, book.pre_cells[sheet]), (1, book.post_cells[sheet])):
                if cell in names:
                    listed += 1
                    assert not np.take(numbers, names.index(cell), axis=axis).any()
        assert listed > 0, cell
    everyone = {n for names in (*book.pre_cells.values(), *book.post_cells.values()) for n in names}
    assert not {"CP0", "CP00", "DX4", "EF4"} & everyone


@pytest.mark.slow
@needs_sources
def test_wang_reader_of_cect_still_leaves_out_spvr(quiet):
    """If this fails, cect mended it, and the note in citations.toml can go."""
    from cect.readers.Cook2019DataReader import MALE
    from cect.readers.Wang2024Reader import Wang2024Reader

    reader = Wang2024Reader(sex=MALE)
    assert "SPVL" in reader.all_neurotransmitters
    assert "SPVR" not in reader.all_neurotransmitters
    chemical = [k for k in reader.connections if k in ("Acetylcholine", "GABA")]
    row = reader.nodes.index("R2AL")
    both = np.logical_and(*(reader.connections[k][row] != 0 for k in chemical))
    assert both.any()  # the same synapse once for each transmitter


@pytest.mark.slow
@needs_sources
def test_functional_pairs_are_those_of_the_atlas_itself():
    from wormsim.readers.randi2023 import read_atlas

    pairs = read_atlas("wt").pairs()
    found = pairs[(pairs["q"] < 0.05) & pairs["amplitude"].notna()].set_index(["pre", "post"])["amplitude"]
    ours = tables.read_frame("randi2023").set_index(["pre", "post"])["amplitude"]
    assert found.sort_index().to_dict() == ours.sort_index().to_dict()


@pytest.mark.slow
@needs_sources
def test_the_rebuild_does_not_import_the_gpl_package(tmp_path):
    probe = ("import sys; from pathlib import Path; from wormsim.data.rebuild import rebuild; "
             f"rebuild(Path({str(tmp_path)!r})); print('wormneuroatlas' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"
