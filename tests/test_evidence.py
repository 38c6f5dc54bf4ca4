"""The table of published ablations, and one's own."""

import pytest

from wormsim.circuit import load_circuit
from wormsim.errors import InputError, UnknownNameError
from wormsim.evidence import COLUMNS, perturbation, read_evidence, selectors

ROW = {
    "id": "X1",
    "behaviour": "turning",
    "cells": "AVA",
    "manipulation": "ablate",
    "reported": "lost",
    "role": "needed",
    "basis": "reported",
    "confidence": "high",
    "provenance": "found",
    "source": "a paper",
    "note": "",
}


def write(path, **changes):
    row = ROW | changes
    path.write_text(",".join(COLUMNS) + "\n" + ",".join(row[c] for c in COLUMNS) + "\n")
    return path


def test_every_packaged_row_resolves_and_has_a_source():
    table = read_evidence("male_mating_ablations")
    circuit = load_circuit("whole_male")
    for _, row in table.iterrows():
        assert row["source"]
        if row["role"] in ("needed", "not needed", "by construction"):
            assert perturbation(row).resolve(circuit).resolved
        else:
            assert row["note"], "a row that is not scored says why"


def test_uncertain_rows_are_never_scored():
    table = read_evidence("male_mating_ablations")
    assert not ((table["confidence"] == "low") & table["role"].isin(["needed", "not needed"])).any()


def test_selectors_are_split_but_attributes_stand_alone():
    assert selectors("HOA HOB") == ("HOA", "HOB")
    assert selectors('transmitter="GABA"') == ('transmitter="GABA"',)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "important"}, r"line 2: role 'important'"),
        ({"manipulation": "zap"}, r"line 2: manipulation 'zap'"),
        ({"cells": ""}, r"line 2: role 'needed' needs cells"),
    ],
)
def test_a_bad_row_is_named(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        read_evidence(write(tmp_path / "mine.csv", **changes))


def test_missing_column_doubled_id_and_unknown_table(tmp_path):
    path = write(tmp_path / "mine.csv")
    assert list(read_evidence(path).index) == ["X1"]
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(InputError, match="'X1' stands more than once"):
        read_evidence(path)
    path.write_text("id,cells\nX1,AVA\n")
    with pytest.raises(InputError, match=r"missing column.*behaviour"):
        read_evidence(path)
    with pytest.raises(UnknownNameError, match="male_mating_ablations"):
        read_evidence("male_mating_ablation")
    with pytest.raises(InputError, match="no such file"):
        read_evidence(tmp_path / "none.csv")
