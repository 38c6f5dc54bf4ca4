"""The whole functional atlas: read from an optional package that is never imported, asked for when it is missing."""

from __future__ import annotations

import importlib.util
import sys

import h5py
import numpy as np
import pytest

from wormsim.data.optional import soma_positions
from wormsim.errors import InputError, UnknownNameError
from wormsim.readers import load_connectome
from wormsim.readers.randi2023 import read_atlas

INSTALLED = importlib.util.find_spec("wormneuroatlas") is not None


@pytest.fixture
def small_atlas(tmp_path, monkeypatch):
    """A package of the same name with three neurons, which fails when it is imported."""
    folder = tmp_path / "wormneuroatlas"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('the package calls a web site when it is used')")
    nan = np.nan
    with h5py.File(folder / "data" / "funatlas.h5", "w") as file:
        file["neuron_ids"] = [b"AVAL", b"AWCOF", b"RIML"]
        for strain, shift in (("wt", 0.0), ("unc31", 1.0)):
            group = file.create_group(strain)
            # [responder, stimulated]: AWC-off answers AVAL; RIML was never stimulated
            group["dFF"] = np.array([[2.0, 0.1, nan], [0.5 + shift, 1.0, nan], [0.2, nan, nan]])
            group["q"] = np.array([[0.0, 0.7, nan], [0.01, 0.0, nan], [0.04, nan, nan]])
            group["q_eq"] = np.ones((3, 3))
            group["occ1"] = np.array([[4, 3, 0], [5, 2, 0], [6, 0, 0]])
            trials = group.create_dataset("dFF_all", (3, 3), dtype=h5py.vlen_dtype(float))
            trials[1, 0] = np.array([0.25, 0.75])
    with open(folder / "data" / "anatlas_neuron_positions.txt", "w") as file:
        file.write("#AVAL RIML\n0.1 2.0 0.3\n-0.1 3.0 0.2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "wormneuroatlas", raising=False)
    return folder


def test_atlas_is_read_without_importing_the_package(small_atlas):
    atlas = read_atlas("wt")
    assert atlas.cells == ("AVAL", "AWCL", "RIML")
    assert "wormneuroatlas" not in sys.modules
    # not-a-number is not measured; a neuron's answer to its own stimulation is no pair
    assert atlas.measured.tolist() == [[False, True, False], [True, False, False], [True, False, False]]
    assert atlas.detected().sum() == 2
    assert atlas.detected(0.02).sum() == 1


def test_pre_is_the_stimulated_neuron(small_atlas):
    pairs = read_atlas("wt").pairs().set_index(["pre", "post"])
    assert set(pairs.index) == {("AVAL", "AWCL"), ("AVAL", "RIML"), ("AWCL", "AVAL")}
    assert pairs.loc[("AVAL", "AWCL")].tolist() == [0.5, 0.01, 5]


def test_strains_and_trials(small_atlas):
    assert read_atlas("unc31").amplitude[1, 0] == 1.5
    assert read_atlas("wt").trials("AWCL", "AVAL").tolist() == [0.25, 0.75]
    with pytest.raises(UnknownNameError, match="unknown strain 'unc-31'; closest: unc31"):
        read_atlas("unc-31")
    with pytest.raises(UnknownNameError, match="unknown neuron of the atlas 'AVAR'"):
        read_atlas("wt").trials("AVAR", "AVAL")


def test_a_broken_file_says_how_to_mend_it(small_atlas):
    (small_atlas / "data" / "funatlas.h5").write_bytes(b"not an HDF5 file")
    with pytest.raises(InputError, match=r"is not the atlas of wormneuroatlas 0\.0\.7\.3.*reinstall"):
        read_atlas("wt")


def test_without_the_package_the_message_says_what_to_install(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec",
                        lambda name, *rest: None if name == "wormneuroatlas" else find(name, *rest))
    with pytest.raises(InputError, match=r'pip install "wormsim-circuits\[atlas\]"'):
        read_atlas("wt")
    with pytest.raises(InputError, match=r'pip install "wormsim-circuits\[atlas\]"'):
        soma_positions("atlas")


def test_shipped_positions_run_from_head_to_tail():
    shipped = soma_positions()
    assert list(shipped.columns) == ["x_um", "y_um", "z_um"]
    assert len(shipped) == 39
    for family, n in (("DB", 7), ("VB", 11), ("VD", 13), ("DD", 6)):
        along = shipped.loc[[f"{family}{i}" for i in range(3, n + 1)], "y_um"]
        assert (along.diff().dropna() > 0).all()
    with pytest.raises(UnknownNameError, match="unknown source of positions"):
        soma_positions("neuropal")


def test_positions_of_the_package(small_atlas):
    assert soma_positions("atlas").loc["RIML"].tolist() == [-0.1, 3.0, 0.2]


@pytest.mark.skipif(not INSTALLED, reason="wormneuroatlas is not installed (extra `atlas`)")
def test_the_real_atlas_holds_what_is_shipped():
    atlas = read_atlas("wt")
    assert len(atlas.cells) == 300
    assert atlas.measured.sum() == 23902
    assert atlas.detected().sum() == 1151
    pairs = atlas.pairs()
    found = pairs[(pairs["q"] < 0.05) & pairs["amplitude"].notna()].set_index(["pre", "post"])["amplitude"]
    ours = load_connectome("randi2023").edges.set_index(["pre", "post"])["amplitude"]
    assert found.sort_index().to_dict() == ours.sort_index().to_dict()
    assert read_atlas("unc31").measured.sum() == 9119
