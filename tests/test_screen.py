"""Candidates and removals on the real male, small."""

import numpy as np
import pandas as pd
import pytest

from wormsim.ensemble import accept, screen, summarise, verdict
from wormsim.runner import Runner
from wormsim.screen import FRESH, INTACT, circuit_of, find_samples, remove_cells

REAL = {"kind": "real", "seed": 0}
SETTING = {
    "assay": "mating_turn",
    "circuit": "male_turning",
    "wiring": REAL,
    "neuron": "lif",
    "parameters": {},
    "seed": 5,
}


@pytest.fixture(scope="module")
def candidates():
    return find_samples({**SETTING, "first": 0, "n": 128})


def test_a_sample_is_accepted_if_it_turns_with_the_stimulus_and_not_without(candidates):
    turned = candidates["response_mV"] >= 2.0
    assert (candidates["responds"] == turned).all()
    assert candidates["spontaneous_mV"].notna().equals(turned)
    quiet = candidates["spontaneous_mV"] < 0.5 * candidates["response_mV"]
    assert (candidates["accepted"] == (candidates["reliable"] & quiet)).all()
    assert (turned | ~candidates["reliable"]).all()
    assert 0 < candidates["accepted"].sum() < len(candidates), (
        "a filter that takes all or none filters nothing"
    )


def test_candidates_do_not_depend_on_their_chunk(candidates):
    late = find_samples({**SETTING, "first": 8, "n": 8})
    pd.testing.assert_frame_equal(late, candidates.iloc[8:16].reset_index(drop=True))


def test_removing_cells_is_paired_with_the_intact_animal(candidates):
    numbers = [int(x) for x in candidates.loc[candidates["accepted"], "sample"]][:2]
    rays = list(circuit_of("male_turning", REAL).select("rays_all"))
    cases = {"no rays": ["ablate", rays], "one ray silent": ["block_release", ["R1AL"]]}
    table = remove_cells({**SETTING, "samples": numbers, "cases": cases})
    wide = table.pivot(index="sample", columns="case", values="keep")
    assert (wide[INTACT] == 1).all()
    assert (wide["no rays"] < 0.5).all(), "without its drive nothing turns"
    assert (wide[FRESH] != 1).all(), "other noise is other noise"
    response = table[table["case"] == INTACT].set_index("sample")["response_mV"]
    expected = candidates.set_index("sample").loc[numbers, "response_mV"]
    assert np.allclose(response, expected), "the intact animal is the very one that was accepted"


def test_without_wiring_between_neurons_only_muscle_input_is_left():
    none = circuit_of("whole_male", {"kind": "none", "seed": 0}).connectome
    kind = none.cells["kind"]
    between = (kind.reindex(none.edges["pre"]).to_numpy() == "neuron") & (
        kind.reindex(none.edges["post"]).to_numpy() == "neuron"
    )
    assert not between.any()
    assert len(none.edges) > 500


def test_the_first_accepted_are_kept_whatever_the_batches(tmp_path, monkeypatch):
    runner = Runner(tmp_path, jobs=1, progress=False)
    whole = accept(SETTING, 3, 192, runner, "x").accepted
    monkeypatch.setattr("wormsim.ensemble.CHUNK_CANDIDATES", 5)
    assert accept(SETTING, 3, 192, Runner(tmp_path / "b", jobs=1, progress=False), "x").accepted == whole
    table = screen(accept(SETTING, 3, 192, runner, "x"), {"HOA": ("ablate", ["HOA"])}, runner, "y")
    assert list(table.columns) == [INTACT, FRESH, "HOA"]
    assert list(table.index) == whole


def test_summary_counts_runaways_as_lost():
    keep = pd.DataFrame({"a": [1.0, 0.2, np.nan, 0.9], "b": [1.0, 1.1, 0.9, 1.2]})
    table = summarise(keep, 0.5)
    assert table.loc["a", "p_lost"] == 0.5
    assert table.loc["a", "ran_away"] == 1
    assert table.loc["b", "p_lost"] == 0
    assert table.loc["b", "low"] == 0 < table.loc["b", "high"] < 0.6


@pytest.mark.parametrize(
    ("share", "scale", "said"),
    [(0.0, 1, "lost"), (0.7, 1, "impaired"), (1.0, 1, "normal"), (1.0, 1.4, "enhanced")],
)
def test_verdicts(share, scale, said):
    n = 100
    keep = np.where(np.arange(n) < share * n, 1.0 * scale, 0.1)
    assert verdict(keep, np.ones(n), 0.5)[0] == said


def test_too_few_samples_predict_nothing():
    said, numbers = verdict(np.zeros(5), np.ones(5), 0.5)
    assert said == "no prediction"
    assert numbers["ablated"]["value"] == 0
