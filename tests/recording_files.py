"""Small files in the true layouts of the public recordings, made here."""

import bz2
import json
from pathlib import Path

import h5py
import numpy as np

N, NAMES = 30, ["AVAL", "RIMR?", "", "SMDV"]
TIME_S = 100 + np.arange(N) * 0.6
REF = h5py.ref_dtype


def activity() -> np.ndarray:
    """Frames x regions."""
    return 2 + np.sin(0.4 * np.arange(N)[:, None] + np.arange(len(NAMES)))


def dag2023(path: Path, change=lambda group: None) -> Path:
    """Two animals, a group each."""
    with h5py.File(path, "w") as file:
        for animal in ("2022-07-26-31", "2022-07-26-38"):
            group = file.create_group(animal)
            group["names"] = np.array([n.encode() for n in NAMES])
            group["confidence"] = np.array([5, 3, 0, 2.5], np.float32)
            group["t_s"], group["trace_z"], group["trace_ratio"] = TIME_S, activity(), activity() * 2
            group["velocity"], group["body_angle"] = TIME_S, np.ones((N, 30))
            group["reversal_vec"] = np.arange(N) % 2
            change(group)
    return path


class Matlab:
    """Writes what MATLAB 7.3 writes: characters as uint16, cell arrays as references into #refs#."""

    def __init__(self, path):
        self.file = h5py.File(path, "w")
        self.refs, self.count = self.file.create_group("#refs#"), 0

    def ref(self, item):
        """A reference to a new entry."""
        self.count += 1
        name = f"r{self.count}"
        if isinstance(item, dict):
            made = self.refs.create_group(name)
            for key, x in item.items():
                made[key] = x
        elif isinstance(item, str):
            text = np.array([[ord(c)] for c in item], np.uint16)
            made = self.refs.create_dataset(name, data=text if item else np.zeros(2, np.uint64))
            made.attrs["MATLAB_class"] = b"char"
            if not item:
                made.attrs["MATLAB_empty"] = 1
        elif isinstance(item, list):
            made = self.refs.create_dataset(name, data=np.array([[self.ref(i)] for i in item], REF), dtype=REF)
            made.attrs["MATLAB_class"] = b"cell"
        else:
            made = self.refs.create_dataset(name, data=item)
            made.attrs["MATLAB_class"] = b"double"
        return made.ref

    def field(self, group, name, items):
        """A field with one entry an animal."""
        group.create_dataset(name, data=np.array([[self.ref(i)] for i in items], REF), dtype=REF)


def kato2015(path: Path, fps: float = 1 / 0.6, later: bool = False) -> Path:
    """Two animals of WT_NoStim; `later` uses the other set of field names, in which a name is a plain text."""
    matlab = Matlab(path)
    struct = matlab.file.create_group("WT_NoStim")
    ids, traces, times = ("NeuronNames", "deltaFOverF_bc", "tv") if later else ("IDs", "traces", "timeVectorSeconds")
    names = ["AVAL", "RIMR", "23", "---"] if later else [["AVAL"], ["RIMR", "RIBR"], [""], np.array([[7.0]])]
    matlab.field(struct, ids, [names, names])
    matlab.field(struct, traces, [activity().T, activity().T + 1])
    matlab.field(struct, times, [TIME_S[None, :], TIME_S[None, :]])
    matlab.field(struct, "fps", [np.array([[fps]])] * 2)
    matlab.field(struct, "dataset", ["TS20140715e", "TS20140715f"])
    state = {"FWD": (np.arange(N)[None, :] < 9).astype(float), "REV1": np.zeros((1, N))}
    matlab.field(struct, "States", [state, state])
    matlab.file.close()
    return path


def wormwideweb_h5(path: Path, transposed: bool = False) -> Path:
    """One animal, without names."""
    with h5py.File(path, "w") as file:
        file["timing/timestamp_confocal"] = TIME_S
        file["gcamp/trace_array"] = activity().T if transposed else activity()
        file["gcamp/trace_array_original"] = activity() * 2
        file["behavior/velocity"], file["behavior/body_angle"] = TIME_S, np.ones((30, N))
    return path


LABELED = {
    "1": {"label": "AVAL", "neuron_class": "AVA", "LR": "L", "region": None, "roi_id": [3], "confidence": 5.0, "DV": "undefined"},
    "2": {"label": "RIMR?", "neuron_class": "RIM", "LR": "R", "region": None, "roi_id": [9], "confidence": 2.0, "DV": "undefined"},
}


def neuropal_labels(path: Path, animal: str) -> Path:
    """Names of the HDF5 layout."""
    text = json.dumps({"data": {animal: {"idx_neuron-label": LABELED}}})
    with bz2.open(path, "wt") as file:
        file.write(text)
    return path


def wormwideweb_json(path: Path, **change) -> Path:
    """One animal with its names."""
    data = {
        "uid": "2022-06-14-01", "max_t": N, "avg_timestep": 0.01, "num_neurons": len(NAMES), "dataset_type": ["baseline", "neuropal"],
        "trace_array": activity().T.tolist(), "trace_original": activity().tolist(), "velocity": TIME_S.tolist(),
        "head_curvature": TIME_S.tolist(), "reversal_events": [[3, 6]], "labeled": LABELED, **change,
    }
    path.write_text(json.dumps({k: v for k, v in data.items() if v is not None}))
    return path


def nwb(path: Path, *, container="SignalRawFluor", times="timestamps", rois=(2, 0, 1, 3), names="labels", behaviour=N) -> Path:
    """One animal as in DANDI 000541 and 000776; `rois` are the rows of the table that the columns belong to."""
    with h5py.File(path, "w") as file:
        file.attrs.update(nwb_version="2.6.0", neurodata_type="NWBFile")
        file["general/subject/subject_id"], file["general/subject/strain"] = "2023-01-09-15", "SWF702"
        file["general/related_publications"] = ["Someone et al 2023 https://doi.org/10.1016/j.cell.2023.07.035."]
        file["session_description"] = "freely moving"
        module = file.create_group("processing/CalciumActivity")
        table = module.create_group("CalciumSeriesSegmentation/Neurons")
        table["id"] = np.arange(len(rois))
        if names == "ragged":
            table["ID_labels"] = np.array([c.encode() for n in NAMES for c in n])
            table["ID_labels_index"] = np.cumsum([len(n) for n in NAMES]).astype(np.uint16)
        if names == "labels":
            module["NeuronIDs/labels"] = np.array([n.encode() for n in NAMES])
        series = module.create_group(f"{container}/SignalCalciumImResponseSeries")
        series.attrs["neurodata_type"] = "RoiResponseSeries"
        series["data"] = activity()
        series["rois"] = np.array(rois)
        series["rois"].attrs["table"] = table.ref
        if times == "timestamps":
            series["timestamps"] = TIME_S
        if times == "rate":
            series["starting_time"] = 100.0
            series["starting_time"].attrs["rate"] = 1 / 0.6
        velocity = file.create_group("processing/Behavior/velocity/velocity")
        velocity.attrs["neurodata_type"] = "TimeSeries"
        velocity["data"] = np.arange(float(behaviour))
        velocity["data"].attrs["unit"] = "mm/s"
    return path
