"""RecordedActivity: what is wrong raises, what is left out is counted, parts of it keep their meaning."""

from contextlib import nullcontext

import numpy as np
import pytest
from recorded_fixture import TIME_S, build, traces

from wormsim.errors import DataWarning, EmptySelectionError, InputError, UnknownNameError
from wormsim.recorded import RecordedActivity
from wormsim.recordings import animals_of, load_recording


def test_what_is_there():
    recorded = build(confidence=[1.0, 0.4, np.nan, 0.8, 0.2], behaviours={"velocity": (TIME_S, "mm/s")}, rate_Hz=2.0)
    assert recorded.cells == ("AVAL", "AVAR", "RIML")
    assert recorded.rate_Hz == pytest.approx(2.0)
    assert recorded.signals == ("ratio",)
    assert recorded.behaviours == ("velocity",)
    assert recorded.behaviour("velocity").attrs["unit"] == "mm/s"
    regions = recorded.regions()
    assert list(regions["level"]) == ["cell", "cell", "none", "class", "cell"]
    assert list(regions["candidates"])[3] == "SMDVL SMDVR"
    np.testing.assert_array_equal(recorded.traces(["RIML", "AVAL"]).to_numpy(), traces()[:, [4, 0]])
    np.testing.assert_array_equal(recorded.to_frame()["AVAR"], traces()[:, 1])
    with pytest.raises(UnknownNameError, match="'AVBL'; closest: AVAL"):
        recorded.traces(["AVBL"])
    with pytest.raises(UnknownNameError, match="recorded are ratio"):
        recorded.signal("dff")
    with pytest.raises(UnknownNameError, match="recorded are velocity"):
        recorded.behaviour("speed")


def test_times_start_at_the_first_frame():
    assert build(time_s=TIME_S + 1228334.1).time_s[0] == 0.0


def test_selection_by_name_confidence_and_doubt():
    recorded = build(confidence=[1.0, 0.4, np.nan, 0.8, 0.2])
    assert recorded.select("AVA").cells == ("AVAL", "AVAR")
    assert recorded.select(min_confidence=0.3).cells == ("AVAL", "AVAR")
    assert recorded.select(doubtful=False).cells == ("AVAL", "RIML")
    with pytest.raises(EmptySelectionError, match="min_confidence = 0.9"):
        recorded.select("RIM", min_confidence=0.9)
    with pytest.raises(InputError, match="states no confidence"):
        build().select(min_confidence=0.5)


def test_cells_that_a_connectome_lacks_are_counted():
    from tiny import tiny_circuit

    with pytest.warns(DataWarning, match="1 recorded cells left out: tiny lacks them .AVAL"):
        assert build(labels=["AVAL", "AIYL", "", "1", "2"]).in_connectome(tiny_circuit().connectome).cells == ("AIYL",)
    with pytest.warns(DataWarning, match="3 recorded"), pytest.raises(EmptySelectionError, match="none of the 3"):
        build().in_connectome(tiny_circuit().connectome)


def test_missing_and_constant_traces_are_left_out_and_counted():
    x = traces()
    x[:, 0], x[:, 4] = np.nan, 7.0
    x[3, 1] = np.inf
    with pytest.warns(DataWarning) as warned:
        recorded = build({"ratio": x})
    said = [str(w.message) for w in warned]
    assert any("1 regions of the fixture left out: no finite frame (AVAL)" in s for s in said)
    assert any("1 regions of the fixture left out: constant (RIML)" in s for s in said)
    assert recorded.cells == ("AVAR",)
    assert recorded.excluded["constant"] == ["RIML"]
    assert np.isnan(recorded.traces(["AVAR"]).to_numpy()[3, 0])
    with pytest.raises(InputError, match="none of 5 regions is left"), pytest.warns(DataWarning):
        build({"ratio": np.full((40, 5), np.nan)})


def test_labels_that_no_neuron_has_are_counted_and_lose_only_their_name():
    with pytest.warns(DataWarning, match="1 labels in the fixture that no known neuron has.*AVAQ"):
        recorded = build(labels=["AVAL", "AVAQ", "", "SMDV", "RIML"])
    assert recorded.dataset.sizes["region"] == 5
    assert recorded.excluded["no known neuron"] == ["AVAQ"]


@pytest.mark.parametrize(("confidence", "kept"), [([0.2, 0.8], 1), ([0.8, 0.2], 0), (None, 0)])
def test_a_cell_named_twice_goes_to_the_surer_region(confidence, kept):
    with pytest.warns(DataWarning, match="1 regions of the fixture lost their name"):
        recorded = build(labels=["AVAL", "AVAL"], confidence=confidence)
    np.testing.assert_array_equal(recorded.traces(["AVAL"]).to_numpy()[:, 0], traces()[:, kept])
    with pytest.warns(DataWarning):
        recorded = build(labels=["AVAL?", "AVAL"], confidence=confidence)
    np.testing.assert_array_equal(recorded.traces(["AVAL"]).to_numpy()[:, 0], traces()[:, 1])


@pytest.mark.parametrize(("change", "message"), [
    ({"time_s": TIME_S[::-1]}, "do not ascend at frame 1: 19.5 s is followed by 19 s"),
    ({"time_s": np.where(TIME_S == 2, np.nan, TIME_S)}, "1 frames have no time, the first is frame 4"),
    ({"time_s": TIME_S[:1]}, "at least two"),
    ({"rate_Hz": 4.0}, r"stated rate of 4 Hz does not match its times, which are 0.5 s apart \(2 Hz\)"),
    ({"signals": {"ratio": traces().T}}, "looks transposed"),
    ({"signals": {"volts": traces()}}, "unknown signal 'volts'"),
    ({"signals": {}}, "no activity"),
    ({"confidence": [1, 2, 3, 4, 5]}, "the confidence 2 of region 1 .'AVAR.'. is not between 0 and 1"),
    ({"confidence": [1]}, "5 labels, but confidences"),
    ({"behaviours": {"v": (TIME_S[:3], "")}}, "behaviour v has shape"),
    ({"behaviours": {"ratio": (TIME_S, "")}}, "both a signal and a behaviour"),
])
def test_bad_input(change, message):
    with pytest.raises(InputError, match=message):
        build(**change)


def gappy():
    """Frames 10 to 19 were not taken."""
    keep = np.r_[0:10, 20:40]
    with pytest.warns(DataWarning, match="1 gaps between frames in the fixture, 5.5 s in all.*5.5 s after frame 9"):
        return build({"ratio": traces()[keep]}, TIME_S[keep])


@pytest.mark.parametrize("rate_Hz", [2.0, 4.0, 1.0])
def test_gaps_stay_missing_on_a_regular_grid(rate_Hz):
    again = gappy().resample(rate_Hz)
    time_s, missing = again.time_s, np.isnan(again.signal().to_numpy()).all(axis=1)
    np.testing.assert_allclose(np.diff(time_s), 1 / rate_Hz)
    half = 0.5 / rate_Hz if rate_Hz < 2 else 0.0
    np.testing.assert_array_equal(missing, (time_s > 4.5 + half) & (time_s < 10.0 - half))


def test_a_higher_rate_interpolates_and_a_lower_one_averages():
    recorded = build()
    fine = recorded.resample(4.0).signal().to_numpy()
    np.testing.assert_allclose(fine[1], (traces()[0] + traces()[1]) / 2)
    np.testing.assert_allclose(fine[::2], traces())
    x = np.tile([0.0, 1.0], 20)[:, None] * np.ones(5)
    x += np.arange(40)[:, None] * 1e-9  # not constant
    coarse = build({"ratio": x}).resample(1.0).signal().to_numpy()
    np.testing.assert_allclose(coarse[1:-1], 0.5, atol=1e-6)  # picking frames would give all zeros
    with pytest.raises(InputError, match="must be above 0"):
        recorded.resample(0.0)
    with pytest.raises(InputError, match="at least two frames of 19.5 s"):
        recorded.resample(0.05)


def test_zscore_is_over_the_frames_that_are_there():
    part = gappy().window(0.0, 4.0).zscored()
    assert part.signals == ("z",)
    z = part.signal().to_numpy()
    assert z.shape == (8, 5)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0), 1)
    with pytest.raises(EmptySelectionError, match="runs from 0 to 19.5 s"):
        build().window(30, 40)


def test_dff_is_over_a_baseline_of_each_trace():
    recorded = build({"fluorescence": traces() * [1, 10, 100, 2, 3]}).dff(percentile=50)
    assert recorded.signals == ("dff",)
    f0 = np.median(traces(), axis=0)
    np.testing.assert_allclose(recorded.signal().to_numpy(), traces() / f0 - 1)


def test_saved_and_loaded_it_is_the_same(tmp_path):
    recorded = build(confidence=[1.0, 0.4, np.nan, 0.8, 0.2], behaviours={"body_angle": (traces(40, 3), "rad")})
    again = RecordedActivity.load(recorded.save(tmp_path / "a.nc"))
    assert again.dataset.identical(recorded.dataset)
    assert again.about == recorded.about
    assert again.cells == recorded.cells
    (tmp_path / "bad.nc").write_text("no")
    with pytest.raises(InputError, match="not a recording that wormsim wrote"):
        RecordedActivity.load(tmp_path / "bad.nc")
    with pytest.raises(InputError, match="no such recording"):
        RecordedActivity.load(tmp_path / "none.nc")


def test_real_recordings_have_the_levels_that_were_measured(recorded_data):
    """Named regions, and correlations that Dag et al. 2023 and many others report (see the folder's README)."""
    path = recorded_data / "calcium" / "dag2023_named_5animals.h5"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    animals = animals_of(path)
    assert len(animals) == 5
    with pytest.raises(InputError, match="holds 5 animals: choose one"):
        load_recording(path)
    r = {"AVE": [], "SMDV": [], "RMDD": []}
    for animal in animals:
        with pytest.warns(DataWarning) if animal == "2022-07-27-38" else nullcontext():
            recorded = load_recording(path, animal=animal)
        assert 1.6 < recorded.rate_Hz < 1.7
        assert 85 <= len(recorded.cells) <= 110
        for group, channel in (("AVE", "reversal_vec"), ("SMDV", "head_angle"), ("RMDD", "head_angle")):
            for cell in (c for c in recorded.cells if c.startswith(group)):
                r[group].append(np.corrcoef(recorded.traces([cell]).to_numpy()[:, 0], recorded.behaviour(channel))[0, 1])
    assert np.mean(r["AVE"]) == pytest.approx(0.28, abs=0.05)
    assert np.mean(r["SMDV"]) == pytest.approx(0.39, abs=0.08)
    assert np.mean(r["RMDD"]) == pytest.approx(-0.39, abs=0.08)

