"""simulate(): what goes in is checked, what comes out is named, and a recording survives the disk."""

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.errors import InputError, SimulationError, UnknownNameError
from wormsim.model import Model
from wormsim.perturbations import Ablate, Stimulate
from wormsim.recording import Recording
from wormsim.simulation import simulate
from wormsim.variants import Variants


@pytest.fixture(scope="module")
def model():
    strong = {"w_contact_pA": 10.0, "v_threshold_mV": -45.0}
    return Model.build(tiny_circuit(), "lif", parameters=strong).perturbed(
        Stimulate("sense", start_ms=10, current_pA=30)
    )


@pytest.fixture(scope="module")
def recording(model):
    cases = {"intact": (), "no interneuron": (Ablate("AIYL"),)}
    variants = Variants.cross(model.sample(2, seed=0), cases)
    return simulate(model, variants, duration_ms=100, every_ms=1, spikes=True)


def test_dims_names_and_units(recording):
    assert recording.v_mV.dims == ("variant", "time", "cell")
    assert recording.v_mV.shape == (4, 100, 5)
    assert recording.time_ms.to_numpy()[:3].tolist() == [0, 1, 2]
    assert recording.dataset["label"].to_numpy().tolist() == ["intact", "no interneuron"] * 2
    assert recording.manifest["engine"] == "numba"
    assert recording.manifest["perturbations"][0]["name"] == "Stimulate"


def test_the_drive_crosses_the_circuit_and_ablation_stops_it(recording):
    intact, lesioned = recording.variant("intact"), recording.variant("no interneuron")
    assert intact.spikes.sel(cell="ASEL").sum() > 5
    assert (intact.v_mV.sel(cell="MVL20").max("time") > -51).all()
    assert np.isnan(lesioned.v_mV.sel(cell="AIYL")).all()
    assert (lesioned.v_mV.sel(cell="MVL20").max("time") <= -52).all(), "what is left of the drive is inhibition"
    assert (recording.v_mV.sel(cell="MDL20") == -52).all(), "a muscle without input stays at rest"


def test_cells_and_variants_by_name(recording):
    assert recording.cells(["MVL20", "ASEL"]).v_mV.shape == (4, 100, 2)
    with pytest.raises(UnknownNameError, match="MVL20"):
        recording.cells(["MVL2"])
    with pytest.raises(UnknownNameError, match="intact"):
        recording.variant("inact")
    assert set(recording.to_frame().columns) >= {"label", "sample", "time_ms", "cell", "v_mV"}


def test_a_recording_survives_the_disk(recording, tmp_path):
    path = recording.save(tmp_path / "runs" / "r.nc")
    again = Recording.load(path)
    assert np.array_equal(again.v_mV.to_numpy(), recording.v_mV.to_numpy(), equal_nan=True)
    assert again.manifest == recording.manifest
    assert [p.name for p in path.parent.iterdir()] == ["r.nc"], "nothing half-written is left"
    with pytest.raises(InputError, match="no such recording"):
        Recording.load(tmp_path / "none.nc")
    (tmp_path / "bad.nc").write_text("not netCDF")
    with pytest.raises(InputError, match=r"bad\.nc"):
        Recording.load(tmp_path / "bad.nc")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"duration_ms": 0}, "duration_ms"),
        ({"duration_ms": float("nan")}, "duration_ms"),
        ({"duration_ms": 10, "every_ms": 0.15}, "every_ms"),
        ({"duration_ms": 10, "dt_ms": -0.1}, "dt_ms"),
        ({"duration_ms": 10, "dtype": "float16"}, "float16"),
        ({"duration_ms": 1e9, "every_ms": 0.1}, "GiB"),
    ],
)
def test_bad_arguments_are_named(model, arguments, message):
    with pytest.raises(InputError, match=message):
        simulate(model, **arguments)


def test_a_graded_model_has_no_spikes_to_count():
    with pytest.raises(InputError, match="does not spike"):
        simulate(Model.build(tiny_circuit(), "graded"), duration_ms=10, spikes=True)


def test_unknown_engine_and_cell(model):
    with pytest.raises(UnknownNameError, match="numba"):
        simulate(model, duration_ms=10, engine="nunba")
    with pytest.raises(UnknownNameError, match="ASEL"):
        simulate(model, duration_ms=10, record=["ASEX"])


def test_a_runaway_names_its_cell_or_is_marked(model):
    wild = model.perturbed(Stimulate("MVL20", current_pA=1e39))
    with pytest.raises(SimulationError, match="MVL20"):
        simulate(wild, duration_ms=20)
    cases = {"fine": (), "wild": (Stimulate("MDL20", current_pA=1e39),)}
    kept = simulate(model, Variants.cross(model.nominal(), cases), duration_ms=20, on_failure="mark")
    assert np.isnan(kept.variant("wild").v_mV).all()
    assert np.isfinite(kept.variant("fine").v_mV).all()
    assert kept.manifest["failed_variants"] == {"1": {"cell": "MDL20", "between_ms": [0.0, 0.1]}}


def test_brian2_quantities_at_the_boundary(model):
    from brian2 import ms, second

    a, b = simulate(model, duration_ms=0.02 * second, dt_ms=0.1 * ms), simulate(model, duration_ms=20, dt_ms=0.1)
    assert np.array_equal(a.v_mV, b.v_mV)
