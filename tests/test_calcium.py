"""Calcium imaging of a simulation: each stage against what it has to be, noise by the variant, mistakes with names."""

import json

import numpy as np
import pytest
import xarray as xr

from wormsim import catalog
from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.normalisation import zscore
from wormsim.observables import observe
from wormsim.observables.calcium import Calcium, Labelling
from wormsim.recorded import SIGNALS
from wormsim.recording import Recording

CELLS = ["AVAL", "AVAR", "RIML", "AIBR"]
FAST = {"tau_calcium_ms": 1e-6, "tau_nucleus_ms": 1e-6}
QUICK = {**FAST, "tau_on_ms": 1e-6, "tau_off_ms": 1e-6}


def made(v=None, spikes=None, every_ms=10.0, streams=(5, 2**40 + 1, 7), cells=CELLS) -> Recording:
    """A recording as `simulate` makes it, of potentials (variant, time, cell) given by hand."""
    if v is None:
        t = np.arange(600)[:, None] * 0.02
        v = np.stack([-50 + 10 * np.sin(t + k + np.arange(len(cells))) for k in range(len(streams))])
    data = {"v_mV": (("variant", "time", "cell"), np.asarray(v, np.float32))}
    if spikes is not None:
        data["spikes"] = (("variant", "time", "cell"), np.asarray(spikes, np.uint16))
    n = len(v)
    coords = {
        "time": np.arange(v.shape[1]) * every_ms, "cell": np.array(cells, object),
        "label": ("variant", np.array([f"case {k}" for k in range(n)], object)),
        "sample": ("variant", np.arange(n)), "stream": ("variant", np.array(streams[:n], np.uint64)),
    }
    return Recording(xr.Dataset(data, coords, {"manifest": json.dumps({})}))


def step(n=400, at=100, low=-60.0, high=-50.0):
    """One animal, one cell, a step of its potential."""
    return np.where(np.arange(n) < at, low, high)[None, :, None]


def trace(v, spikes=None, **settings) -> np.ndarray:
    """Brightness over that at rest, of one cell."""
    seen = observe(made(v, spikes, cells=CELLS[: v.shape[2]]), Calcium(signal="fluorescence", **settings))
    return seen.activity.to_numpy()[0, :, 0]


# ---------------------------------------------------------------- the stages


def test_with_nothing_slow_the_z_score_is_that_of_the_potential():
    recording = made()
    z = observe(recording, Calcium(parameters=QUICK)).activity.to_numpy()
    np.testing.assert_allclose(z, [zscore(v) for v in recording.v_mV.to_numpy()], atol=1e-5)


def test_the_default_does_not_depend_on_scales():
    """Gain, calcium at rest, affinity and brightness cancel; time constants do not."""
    plain = observe(made(), Calcium()).activity.to_numpy()
    scaled = {"calcium_per_mV_uM": 0.5, "calcium_rest_uM": 0.05, "Kd_uM": 0.9, "range": 7.0, "hill": 1.5}
    np.testing.assert_allclose(observe(made(), Calcium(parameters=scaled)).activity.to_numpy(), plain, atol=1e-9)
    assert not np.allclose(observe(made(), Calcium(compartment="cytosol")).activity.to_numpy(), plain, atol=1e-2)


@pytest.mark.parametrize(("stage", "settings"), [
    ("tau_calcium_ms", {"compartment": "cytosol", "indicator": None}),
    ("tau_nucleus_ms", {"indicator": None}),
    ("tau_on_ms", {"compartment": "cytosol"}),
])
def test_a_step_is_followed_exponentially(stage, settings):
    p = {**(FAST if settings.get("indicator", "") is None else QUICK), stage: 300.0}
    f = trace(step(), parameters=p, **settings)
    share = (f - f[99]) / (f[99 + 300] - f[99])
    np.testing.assert_allclose(share[100:300], -np.expm1(-np.arange(1, 201) * 10 / 300) / -np.expm1(-10.0), rtol=1e-4)
    assert np.ptp(f[:100]) < 1e-9  # it starts settled


def test_rise_and_fall_have_their_own_time_constants():
    v = np.concatenate([step(300, 100), step(300, 0, high=-60.0)], axis=1)
    f = trace(v, parameters={**FAST, "tau_on_ms": 50.0, "tau_off_ms": 500.0})
    assert (f[299] - f[104]) / (f[299] - f[99]) == pytest.approx(np.exp(-1), rel=0.02)
    assert (f[349] - f[599]) / (f[299] - f[599]) == pytest.approx(np.exp(-1), rel=0.02)


def test_without_an_indicator_brightness_is_calcium_over_that_at_rest():
    f = trace(step(), indicator=None, parameters={**FAST, "calcium_per_mV_uM": 0.02, "calcium_rest_uM": 0.2})
    assert f[-1] - f[0] == pytest.approx(10 * 0.02 / 0.2, rel=1e-6)


def test_saturation_is_the_hill_curve():
    p = {**QUICK, "calcium_rest_uM": 0.1, "calcium_max_uM": 0.9, "v_half_mV": 0.0, "v_slope_mV": 5.0, "Kd_uM": 0.3, "hill": 2.5,
         "range": 40.0}
    f = trace(step(low=-200.0, high=200.0), drive="sigmoid", saturation=True, parameters=p)
    h = [c**2.5 / (0.3**2.5 + c**2.5) for c in (0.1, 1.0)]
    assert f[0] == pytest.approx(1.0)
    assert f[-1] == pytest.approx((1 + 39 * h[1]) / (1 + 39 * h[0]), rel=1e-6)
    # its tangent at rest, for a small step
    small = {**p, "calcium_max_uM": 1e-5}
    curved = trace(step(low=-200.0, high=200.0), drive="sigmoid", saturation=True, parameters=small)
    straight = trace(step(low=-200.0, high=200.0), drive="sigmoid", parameters=small)
    assert straight[-1] - 1 == pytest.approx(curved[-1] - 1, rel=1e-3)
    # a cell that saturates cannot have less than no calcium
    assert np.isfinite(trace(step(low=-200.0, high=200.0), saturation=True, parameters={"calcium_per_mV_uM": 0.1})).all()


def test_each_spike_adds_the_same_and_decays():
    spikes = np.zeros((1, 400, 1))
    spikes[0, 50], spikes[0, 200] = 1, 3
    f = trace(np.full((1, 400, 1), -50.0), spikes, drive="spikes", indicator=None, compartment="cytosol",
              parameters={"tau_calcium_ms": 200.0, "calcium_per_spike_uM": 0.05, "calcium_rest_uM": 0.1})
    np.testing.assert_allclose(f[:50], 1.0)
    assert f[50] == pytest.approx(1.5)
    assert f[70] - 1 == pytest.approx(0.5 * np.exp(-1), rel=1e-6)
    assert f[200] - f[199] == pytest.approx(1.5, rel=1e-3)
    with pytest.raises(InputError, match="no spikes were recorded"):
        observe(made(), Calcium(drive="spikes"))


def test_a_frame_is_the_mean_over_its_exposure():
    recording = made(np.arange(1000.0)[None, :, None], cells=["AVAL"])
    plain = {"signal": "fluorescence", "indicator": None, "parameters": {**FAST, "calcium_per_mV_uM": 1e-4}}
    f, whole, part = (observe(recording, Calcium(**plain, **frames)) for frames in
                      ({}, {"frame_rate_Hz": 4}, {"frame_rate_Hz": 4, "exposure": 0.4}))
    np.testing.assert_allclose(whole.dataset["time"], np.arange(40) * 0.25)
    samples = f.activity.to_numpy().reshape(40, 25)
    np.testing.assert_allclose(whole.activity.to_numpy()[0, :, 0], samples.mean(axis=1))
    np.testing.assert_allclose(part.activity.to_numpy()[0, :, 0], samples[:, :10].mean(axis=1))


def test_bleaching_and_drift():
    flat = np.full((1, 600, 1), -50.0)
    np.testing.assert_allclose(trace(flat, bleach_tau_s=2.0), np.exp(-np.arange(600) * 0.01 / 2))
    many = made(np.full((1, 4000, 4), -50.0), every_ms=1000.0)
    log = np.log(observe(many, Calcium(signal="fluorescence", drift=0.2, drift_tau_s=20.0)).activity.to_numpy()[0])
    assert log.std() == pytest.approx(0.2, rel=0.15)
    r = np.mean([np.corrcoef(x[:-20], x[20:])[0, 1] for x in log.T])
    assert r == pytest.approx(np.exp(-1), abs=0.12)
    # a gain that both channels share is no gain of their ratio
    moving = observe(made(), Calcium(signal="ratio", drift=0.5)).activity.to_numpy()
    np.testing.assert_allclose(moving, observe(made(), Calcium(signal="ratio")).activity.to_numpy())


def test_the_stages_together_are_the_equations():
    """Against SciPy's solver, with everything that is not linear switched on."""
    from scipy.integrate import solve_ivp

    every_ms = 2.0
    p = {"tau_calcium_ms": 300.0, "tau_nucleus_ms": 700.0, "tau_on_ms": 100.0, "tau_off_ms": 400.0, "calcium_rest_uM": 0.08,
         "calcium_max_uM": 0.6, "v_half_mV": -30.0, "v_slope_mV": 6.0, "Kd_uM": 0.2, "hill": 2.5, "range": 20.0}

    def v(t):
        return -40 + 20 * np.sin(t / 400)

    def share(c):
        return c**2.5 / (0.2**2.5 + c**2.5)

    def slope(t, y):
        c, n, b = y
        target = 0.08 + 0.6 / (1 + np.exp(-(v(t) + 30) / 6))
        return (target - c) / 300, (c - n) / 700, (share(n) - b) / (100 if share(n) > b else 400)

    t = np.arange(0, 6000, every_ms)
    start = 0.08 + 0.6 / (1 + np.exp(-(v(0) + 30) / 6))
    exact = solve_ivp(slope, (0, t[-1]), (start, start, share(start)), t_eval=t, rtol=1e-8, atol=1e-10).y[2]
    seen = observe(made(v(t)[None, :, None], every_ms=every_ms, cells=["AVAL"]),
                   Calcium(drive="sigmoid", saturation=True, signal="fluorescence", parameters=p)).activity.to_numpy()[0, :, 0]
    expected = (1 + 19 * exact) / (1 + 19 * share(0.08))
    np.testing.assert_allclose(seen, expected, atol=0.01 * np.ptp(expected))


# ---------------------------------------------------------------- noise


@pytest.mark.parametrize(("photons", "read_noise"), [(100.0, 0.0), (400.0, 15.0)])
def test_shot_noise_has_the_variance_of_its_mean(photons, read_noise):
    flat = made(np.full((3, 5000, 4), -50.0))
    counts = observe(flat, Calcium(signal="fluorescence", photons=photons, read_noise=read_noise)).activity.to_numpy()
    assert counts.mean() == pytest.approx(photons, rel=0.01)
    assert counts.var() == pytest.approx(photons + read_noise**2, rel=0.03)
    flat_counts = counts.transpose(0, 2, 1).reshape(12, -1)
    np.testing.assert_allclose(np.corrcoef(flat_counts), np.eye(12), atol=0.07)
    assert abs(np.corrcoef(flat_counts[0, 1:], flat_counts[0, :-1])[0, 1]) < 0.07


def test_the_two_channels_of_a_ratio_have_noise_and_bleaching_of_their_own():
    flat = made(np.full((3, 3000, 4), -50.0))
    r = observe(flat, Calcium(signal="ratio", photons=1000)).activity.to_numpy()
    assert r.var() == pytest.approx(2 / 1000, rel=0.06)
    r = observe(flat, Calcium(signal="ratio", bleach_tau_s=10.0, reference_bleach_tau_s=20.0)).activity.to_numpy()
    np.testing.assert_allclose(r[0, :, 0], np.exp(-np.arange(3000) * 0.01 * (1 / 10 - 1 / 20)))


NOISY = Calcium(photons=200, drift=0.1, frame_rate_Hz=10, labelling=Labelling(0.2, 0.1, 0.2, 0.3), signal="ratio")


def test_a_variant_has_the_same_bits_whatever_else_is_there():
    whole = observe(made(), NOISY)
    for k in range(3):
        alone = observe(Recording(made().dataset.isel(variant=[k])), NOISY)
        assert alone.activity[0].to_numpy().tobytes() == whole.activity[k].to_numpy().tobytes()
        np.testing.assert_array_equal(alone.dataset["written"][0], whole.dataset["written"][k])
    noise = Calcium(photons=200, signal="fluorescence")
    fewer = observe(Recording(made().dataset.isel(cell=[2, 0])), noise).activity.to_numpy()
    np.testing.assert_array_equal(fewer, observe(made(), noise).activity.to_numpy()[:, :, [2, 0]])
    assert not np.array_equal(observe(made(), Calcium(photons=200, seed=1)).activity, observe(made(), Calcium(photons=200)).activity)


def test_variants_of_one_stream_share_their_noise():
    recording = made(np.full((2, 50, 4), -50.0), streams=(9, 9))
    counts = observe(recording, Calcium(photons=100, signal="fluorescence")).activity.to_numpy()
    np.testing.assert_array_equal(counts[0], counts[1])


# ---------------------------------------------------------------- names


MANY = [c + s for c in ("ADA", "ADE", "ADF", "ADL", "AIA", "AIB", "AIM", "AIN", "AIY", "AIZ", "ASE", "ASG", "ASH", "ASI", "ASJ", "ASK",
                        "AUA", "AVA", "AVB", "AVD", "AVE", "AVF", "AVH", "AVJ", "AVK") for s in "LR"]


def written(labelling, n=200) -> tuple[np.ndarray, np.ndarray]:
    both = [labelling.names(MANY, stream, 0) for stream in range(n)]
    return np.array([b[0] for b in both]), np.array([b[1] for b in both])


def test_names_go_wrong_as_often_as_they_should():
    true = np.array(MANY)
    labels, recorded = written(Labelling())
    assert (labels == true).all()
    assert recorded.all()
    assert (~written(Labelling(p_missing=0.3))[1]).mean() == pytest.approx(0.3, abs=0.02)
    assert (written(Labelling(p_unlabelled=0.3))[0] == "").mean() == pytest.approx(0.3, abs=0.02)
    labels, _ = written(Labelling(p_wrong=0.2))
    assert (labels != true).mean() == pytest.approx(0.2, abs=0.02)
    assert all(len(set(row)) == len(row) for row in labels), "a wrong name is somebody else's, who has another one"
    labels, recorded = written(Labelling(p_wrong=0.2, p_missing=0.3))
    assert (labels == true)[~recorded].all(), "nobody carries the name of a cell that is not recorded"
    lone, _ = Labelling(p_wrong=1.0).names(["AVAL"], 3, 0)
    assert lone.tolist() == ["AVAL"], "there is nobody whose name it could have"
    labels, _ = written(Labelling(p_sides_swapped=0.25))
    pairs = labels.reshape(200, -1, 2)
    swapped = pairs != true.reshape(-1, 2)
    assert (swapped[..., 0] == swapped[..., 1]).all()
    assert swapped.mean() == pytest.approx(0.25, abs=0.02)
    assert all(a[:-1] == b[:-1] for a, b in zip(labels.ravel(), np.tile(true, 200), strict=True))


def test_an_animal_is_a_recording_with_the_truth_beside_it():
    v = made().v_mV.to_numpy().copy()
    v[1, :, 0] = np.nan
    seen = observe(made(v), Calcium(labelling=Labelling(p_sides_swapped=1.0)))
    first, second, _ = seen
    assert first.cells == ("AVAR", "AVAL", "RIML", "AIBR")
    np.testing.assert_array_equal(first.dataset["true_cell"], CELLS)
    assert second.cells == ("AVAL", "RIML", "AIBR"), "an ablated cell is not recorded, and keeps its partner's name from it"
    np.testing.assert_array_equal(second.dataset["true_cell"], CELLS[1:])
    assert "p_sides_swapped=1.0" in first.about.notes[0]
    assert np.isnan(seen.activity[1, :, 0]).all()
    with pytest.raises(InputError, match="no variant 3: they are 0 to 2"):
        seen.animal(3)


def test_constant_cells_are_left_out_of_the_animal_and_names_of_other_species_stay():
    v = made().v_mV.to_numpy().copy()
    v[0, :, 1] = -50
    seen = observe(made(v, cells=["LP", "PY", "ABPD", "AIBR"]), Calcium(signal="fluorescence"))
    with pytest.warns(DataWarning, match="1 regions .* left out: constant .PY"):
        animal = seen.animal(0)
    assert animal.cells == ("LP", "ABPD", "AIBR")
    assert animal.select("A*").cells == ("ABPD", "AIBR")
    assert animal.about.indicator == "jgcamp7f, nucleus"
    np.testing.assert_array_equal(animal.dataset["true_cell"], ["LP", "ABPD", "AIBR"])
    with pytest.warns(DataWarning, match="1 regions .* left out: no finite frame .AVAR"):
        animal = observe(made(v), Calcium(parameters=QUICK)).animal(0)
    np.testing.assert_array_equal(animal.dataset["true_cell"], animal.cells)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(("settings", "message"), [
    ({"drive": "current"}, "unknown drive 'current'"),
    ({"signal": "F"}, "unknown signal 'F'"),
    ({"indicator": "gcamp6"}, "unknown calcium indicator 'gcamp6'; closest: gcamp6"),
    ({"exposure": 0.0}, "share of the frame"),
    ({"photons": 5}, "at least 20"),
    ({"read_noise": 2.0}, "needs photons"),
    ({"bleach_tau_s": -1.0}, "must be above 0"),
    ({"drift": -1.0}, "must not be negative"),
    ({"parameters": {"tau_calcium": 3.0}}, "closest: tau_calcium_ms"),
    ({"parameters": {"tau_calcium_ms": 0.0}}, "finite and above 0"),
])
def test_settings_that_cannot_be(settings, message):
    with pytest.raises((InputError, UnknownNameError), match=message):
        Calcium(**settings)


@pytest.mark.parametrize(("settings", "message"), [
    ({"frame_rate_Hz": 200.0}, "frames 5 ms apart, but the simulation was recorded every 10 ms"),
    ({"frame_rate_Hz": 0.2}, "lasts 6000 ms, which makes 1 frames"),
    ({"frame_rate_Hz": 66.0, "exposure": 0.1}, "no sample of the simulation falls into the exposure of frame 1"),
    ({"labelling": Labelling(p_missing=1.0)}, "variant 0 has no recorded cell left"),
    ({"indicator": None, "saturation": True}, "saturation needs an indicator"),
    ({"signal": "dff", "parameters": {"calcium_per_mV_uM": 0.05}}, r"brightness of 4 cells would fall below zero \(AVAL.*\(now 0.05\)"),
    ({"photons": 100, "parameters": {"calcium_per_mV_uM": 0.05}}, "Switch saturation on"),
])
def test_recordings_that_cannot_be_seen_so(settings, message):
    with pytest.raises(InputError, match=message):
        observe(made(), Calcium(**settings))


def test_probabilities_are_checked_and_samples_are_even():
    with pytest.raises(InputError, match="p_wrong = 2 is not a probability"):
        Labelling(p_wrong=2)
    uneven = made().dataset.isel(time=[0, 1, 3, 7])
    with pytest.raises(InputError, match="not evenly spaced"):
        observe(Recording(uneven), Calcium())


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_scale_of_a_recording_can_be_observed(signal):
    seen = observe(made(), Calcium(signal=signal))
    assert seen.signal == signal
    assert seen.animal(0).signals == (signal,)
    assert np.isfinite(seen.activity.to_numpy()).all()


@pytest.mark.parametrize("name", catalog.names("indicators"))
def test_every_indicator_brightens_and_decays(name):
    f = trace(step(), indicator=name, saturation=True)
    assert f[-1] > f[0] > 0
    values = catalog.load("indicators", name).INDICATOR.values()
    assert values["tau_off_ms"] > values["tau_on_ms"]
