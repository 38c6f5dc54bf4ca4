"""Readers of recordings, on files that are made here in the true layouts."""

import h5py
import numpy as np
import pytest
import recording_files as files

from wormsim import catalog
from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.recordings import animals_of, load_recording

X, NAMES = files.activity(), files.NAMES


def values(recorded, cell, signal=None) -> np.ndarray:
    return recorded.traces([cell], signal).to_numpy()[:, 0]


def test_dag2023(tmp_path):
    path = files.dag2023(tmp_path / "a.h5")
    assert animals_of(path) == ("2022-07-26-31", "2022-07-26-38")
    with pytest.raises(InputError, match="holds 2 animals: choose one with animal=, of 2022-07-26-31, 2022-07-26-38"):
        load_recording(path)
    with pytest.raises(UnknownNameError, match="closest: 2022-07-26-38"):
        load_recording(path, animal="2022-07-26-39")
    recorded = load_recording(path, animal="2022-07-26-38")
    assert recorded.about.format == "dag2023"
    assert recorded.cells == ("AVAL", "RIMR")
    np.testing.assert_allclose(recorded.dataset["confidence"], [1, 0.6, 0, 0.5])
    np.testing.assert_allclose(values(recorded, "AVAL"), X[:, 0])
    np.testing.assert_allclose(values(recorded, "RIMR", "ratio"), 2 * X[:, 1])
    assert recorded.behaviour("body_angle").shape == (files.N, 30)
    assert "not for redistribution" in recorded.about.licence


@pytest.mark.parametrize(("change", "message"), [
    (lambda g: g.pop("t_s"), "animal 2022-07-26-31 lacks the data set 't_s'; it has"),
    (lambda g: g["confidence"].write_direct(np.full(4, 7, np.float32)), "confidence reaches 7, but the scale"),
])
def test_dag2023_that_lacks_or_breaks_something(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        load_recording(files.dag2023(tmp_path / "a.h5", change), animal="2022-07-26-31")


@pytest.mark.parametrize("later", [False, True])
def test_kato2015(tmp_path, later):
    path = files.kato2015(tmp_path / "WT_NoStim.mat", later=later)
    assert animals_of(path) == ("TS20140715e", "TS20140715f")
    recorded = load_recording(path, animal="TS20140715f")
    np.testing.assert_allclose(values(recorded, "AVAL"), X[:, 0] + 1)
    assert recorded.signals == ("dff",)
    assert list(recorded.regions()["level"]) == ["cell", "cell" if later else "ambiguous", "none", "none"]
    assert later or recorded.regions()["candidates"][1] == "RIBR RIMR"
    assert recorded.behaviour("state_fwd").sum() == 9
    first = load_recording(path, animal="TS20140715f", first_candidate=True).select("RIM")
    assert (first.cells, first.dataset["doubtful"].item()) == (("RIMR",), not later)
    assert "2395t" in (catalog.load("recordings", "kato2015").__doc__ or "")


def test_kato2015_whose_rate_does_not_match_its_times(tmp_path):
    path = files.kato2015(tmp_path / "WT_NoStim.mat", fps=2.9)
    with pytest.raises(InputError, match=r"stated rate of 2.9 Hz does not match its times, which are 0.6 s apart \(1.667 Hz\)"):
        load_recording(path, animal="TS20140715e")


@pytest.mark.parametrize("transposed", [False, True])
def test_wormwideweb_hdf5(tmp_path, transposed):
    path = files.wormwideweb_h5(tmp_path / "2022-06-14-01-data.h5", transposed)
    assert load_recording(path).cells == ()
    names = files.neuropal_labels(tmp_path / "neuropal_label.json.bz2", "2022-06-14-01")
    recorded = load_recording(path, labels=names)
    assert recorded.cells == ("AVAL", "RIMR")
    np.testing.assert_allclose(recorded.dataset["confidence"][:2], [1.0, 0.4])
    np.testing.assert_allclose(values(recorded, "RIMR"), X[:, 1])
    np.testing.assert_allclose(values(recorded, "RIMR", "ratio"), 2 * X[:, 1])
    assert recorded.behaviour("body_angle").shape == (files.N, 30)
    with pytest.raises(InputError, match="has no names for animal 2022-06-14-01; it has other"):
        load_recording(path, labels=files.neuropal_labels(tmp_path / "b.json.bz2", "other"))
    names.write_bytes(names.read_bytes()[:40])
    with pytest.raises(InputError, match="not a whole file of names"):
        load_recording(path, labels=names)


def test_wormwideweb_json(tmp_path):
    recorded = load_recording(files.wormwideweb_json(tmp_path / "2022-06-14-01.json"))
    assert recorded.about.subject == "2022-06-14-01"
    assert recorded.rate_Hz == pytest.approx(1 / 0.6)
    np.testing.assert_allclose(values(recorded, "AVAL"), X[:, 0])
    np.testing.assert_array_equal(np.flatnonzero(recorded.behaviour("reversal_vec")), [3, 4, 5])
    by_minute = load_recording(files.wormwideweb_json(tmp_path / "b.json", avg_timestep=100.0))
    assert by_minute.rate_Hz == pytest.approx(1 / 0.6)
    stamped = load_recording(files.wormwideweb_json(tmp_path / "c.json", timestamp_confocal=(2 * files.TIME_S).tolist()))
    assert stamped.rate_Hz == pytest.approx(0.5 / 0.6)


@pytest.mark.parametrize(("change", "message"), [
    ({"max_t": None}, "lacks max_t"),
    ({"avg_timestep": None}, "gives no times"),
    ({"trace_array": [[1.0, 2.0]]}, r"traces have shape \(1, 2\), but there are 30 frames"),
    ({"labeled": {"9": {"label": "AVAL"}}}, "a name for region '9', but the regions are 1 to 4"),
])
def test_wormwideweb_json_that_lacks_or_breaks_something(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        load_recording(files.wormwideweb_json(tmp_path / "a.json", **change))


def test_json_that_was_cut_off(tmp_path):
    path = files.wormwideweb_json(tmp_path / "a.json")
    path.write_text(path.read_text()[:-20])
    with pytest.raises(InputError, match="not whole JSON .* fetch it again"):
        load_recording(path)


@pytest.mark.parametrize("times", ["timestamps", "rate"])
@pytest.mark.parametrize("names", ["labels", "ragged"])
def test_nwb(tmp_path, names, times):
    recorded = load_recording(files.nwb(tmp_path / "a.nwb", names=names, times=times))
    assert recorded.about.format == "nwb"
    assert recorded.about.subject == "2023-01-09-15"
    assert recorded.about.doi == "10.1016/j.cell.2023.07.035"
    assert recorded.signals == ("fluorescence",)
    # column 1 belongs to row 0 of the table, which is AVAL
    np.testing.assert_allclose(values(recorded, "AVAL"), X[:, 1])
    np.testing.assert_allclose(values(recorded, "RIMR"), X[:, 2])
    assert recorded.rate_Hz == pytest.approx(1 / 0.6)
    assert recorded.behaviour("velocity").attrs["unit"] == "mm/s"


def test_nwb_prefers_dff_and_takes_what_is_asked_for(tmp_path):
    path = files.nwb(tmp_path / "a.nwb", container="SignalRawFluor")
    with h5py.File(path, "a") as file:
        file.copy("processing/CalciumActivity/SignalRawFluor", "processing/CalciumActivity/SignalDFoF")
    assert load_recording(path).signals == ("dff",)
    raw = load_recording(path, series="processing/CalciumActivity/SignalRawFluor/SignalCalciumImResponseSeries")
    assert raw.signals == ("fluorescence",)
    with pytest.raises(UnknownNameError, match="unknown series"):
        load_recording(path, series="processing/CalciumActivity/Signal")


def test_nwb_without_names_counts_its_regions(tmp_path):
    with pytest.warns(DataWarning, match="4 regions of a.nwb without a name"):
        assert load_recording(files.nwb(tmp_path / "a.nwb", names="")).cells == ()


def test_nwb_without_what_is_needed(tmp_path):
    path = files.nwb(tmp_path / "a.nwb", times="")
    with pytest.raises(InputError, match="SignalCalciumImResponseSeries has no times; pass rate_Hz="):
        load_recording(path)
    assert load_recording(path, rate_Hz=4.0).rate_Hz == pytest.approx(4.0)
    with pytest.raises(InputError, match="stated rate of 4 Hz does not match"):
        load_recording(files.nwb(tmp_path / "b.nwb"), rate_Hz=4.0)
    with pytest.warns(DataWarning, match="1 behaviour channels of c.nwb left out: not one number for each of 30 frames .velocity"):
        load_recording(files.nwb(tmp_path / "c.nwb", behaviour=99))
    with pytest.raises(InputError, match="4 traces, 4 rows of the table of regions and 4 names do not fit"):
        load_recording(files.nwb(tmp_path / "d.nwb", rois=(0, 1, 2, 4)))
    with h5py.File(path, "a") as file:
        del file["processing/CalciumActivity/SignalRawFluor"]
    with pytest.raises(InputError, match="holds no activity of regions.* it has processing/Behavior/velocity"):
        load_recording(path)


def test_nwb_of_dandi_000981(tmp_path):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        group = file.create_group("processing/CalciumActivity/ActivityTraces")
        group["activity"], group["neuron"] = X.T, [n.encode() for n in NAMES]
    np.testing.assert_allclose(values(load_recording(path, rate_Hz=4.0), "AVAL"), X[:, 0])


def test_nwb_that_pynwb_wrote(tmp_path):
    """The layout as its own library writes it, not as our fixture has it."""
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed: wormsim reads NWB without it")
    from datetime import UTC, datetime

    from pynwb import ophys

    nwb = pynwb.NWBFile(session_description="still", identifier="x", session_start_time=datetime(2023, 1, 9, tzinfo=UTC))
    nwb.subject = pynwb.file.Subject(subject_id="worm1", strain="SWF702", age="P1D", sex="O", species="Caenorhabditis elegans")
    channel = ophys.OpticalChannel(name="green", description="green", emission_lambda=510.0)
    plane = nwb.create_imaging_plane(name="volume", optical_channel=channel, description="", device=nwb.create_device(name="scope"),
                                     excitation_lambda=488.0, indicator="GCaMP7f", location="head")
    module = nwb.create_processing_module(name="CalciumActivity", description="traces")
    segmentation = ophys.ImageSegmentation(name="CalciumSeriesSegmentation")
    module.add(segmentation)
    table = segmentation.create_plane_segmentation(name="Neurons", description="neurons", imaging_plane=plane)
    for k in range(len(NAMES)):
        table.add_roi(voxel_mask=[(k, k, k, 1.0)])
    table.add_column(name="ID_labels", description="names", data=list(NAMES))
    rois = table.create_roi_table_region(description="all", region=[2, 0, 1, 3])
    series = ophys.RoiResponseSeries(name="SignalCalciumImResponseSeries", data=X, rois=rois, unit="n/a", timestamps=files.TIME_S)
    module.add(ophys.Fluorescence(name="SignalRawFluor", roi_response_series=series))
    velocity = pynwb.TimeSeries(name="velocity", data=np.arange(float(files.N)), unit="mm/s", timestamps=files.TIME_S)
    nwb.create_processing_module(name="Behavior", description="").add(
        pynwb.behavior.BehavioralTimeSeries(name="velocity", time_series=velocity))
    with pynwb.NWBHDF5IO(tmp_path / "a.nwb", "w") as io:
        io.write(nwb)
    recorded = load_recording(tmp_path / "a.nwb")
    assert (recorded.about.subject, recorded.cells) == ("worm1", ("AVAL", "RIMR"))
    np.testing.assert_allclose(values(recorded, "AVAL"), X[:, 1])
    assert recorded.behaviour("velocity").attrs["unit"] == "mm/s"


def write(path, text):
    path.write_text(text)
    return path


def test_table(tmp_path):
    rows = "\n".join(f"{0.5 * k},{k},{k * k if k != 3 else ''},{-k}" for k in range(6))
    path = write(tmp_path / "worm7.csv", f"time_s,AVAL,RIM,velocity\n{rows}\n")
    recorded = load_recording(path, behaviours={"velocity": "mm/s"}, signal="dff", citation="Me 2024")
    assert (recorded.about.subject, recorded.about.citation, recorded.signals) == ("worm7", "Me 2024", ("dff",))
    np.testing.assert_array_equal(values(recorded, "AVAL"), np.arange(6))
    assert np.isnan(recorded.signal().to_numpy()[3, 1])
    assert list(recorded.regions()["level"]) == ["cell", "class"]
    framed = write(tmp_path / "b.tsv", "frame\tAVAL\n" + "\n".join(f"{k}\t{k * k}" for k in range(4)))
    assert load_recording(framed, rate_Hz=2.0).rate_Hz == pytest.approx(2.0)
    with pytest.raises(InputError, match="pass rate_Hz="):
        load_recording(framed)


@pytest.mark.parametrize(("text", "message"), [
    ("time_s,AVAL\n0,1\n1,2,3\n", "line 3: 3 fields, but 2 headings"),
    ("time_s,AVAL\n0,1\n1,high\n", "line 3, column AVAL: 'high' is not a number"),
    ("time_s,AVAL\n0,1\n0,2\n", "do not ascend at frame 1"),
    ("time_s\n0\n1\n", "no column of activity"),
])
def test_bad_tables(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        load_recording(write(tmp_path / "a.csv", text))


def test_behaviour_that_is_no_column(tmp_path):
    with pytest.raises(UnknownNameError, match="a.csv has time_s, AVAL"):
        load_recording(write(tmp_path / "a.csv", "time_s,AVAL\n0,1\n1,2\n"), behaviours={"speed": "mm/s"})


def test_files_of_no_known_layout(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_recording(tmp_path / "none.h5")
    other = write(tmp_path / "a.csv", "cell,contacts\nAVAL,3\n")
    with pytest.raises(InputError, match="in no layout that wormsim reads .dag2023, kato2015, nwb, table, wormwideweb"):
        load_recording(other)
    with pytest.raises(InputError, match="is not in the layout table: A plain table"):
        load_recording(other, format="table")
    with pytest.raises(UnknownNameError, match="unknown layout of recordings 'kato'; closest: kato2015"):
        load_recording(other, format="kato")
    cut = files.dag2023(tmp_path / "b.h5")
    cut.write_bytes(cut.read_bytes()[:3000])
    with pytest.raises(InputError, match=r"cannot be read as HDF5 .* fetch it again"):
        load_recording(cut)


def test_each_file_is_in_one_layout_only(tmp_path):
    """The first reader that says yes is taken, so no two may."""
    made = {
        "dag2023": files.dag2023(tmp_path / "a.h5"), "kato2015": files.kato2015(tmp_path / "b.mat"),
        "wormwideweb": files.wormwideweb_h5(tmp_path / "c.h5"), "nwb": files.nwb(tmp_path / "d.nwb"),
        "table": write(tmp_path / "e.csv", "time_s,AVAL\n0,1\n1,2\n"),
    }
    assert set(made) == set(catalog.names("recordings"))
    for layout, path in made.items():
        assert [name for name in made if catalog.load("recordings", name).matches(path)] == [layout]
