"""The models that a study of signal propagation compares, and the chunk that runs one of them for some samples."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import catalog
from ..errors import InputError
from ..parameter import Prior
from ..pump_probe import LAYERS, PumpProbe, with_layers
from ..readers import load_connectome
from ..screen import circuit_of

if TYPE_CHECKING:
    from ..circuit import Circuit
    from ..model import Model

REAL = "chemical and electrical"
MOST_SHUFFLES = 1000


@dataclass(frozen=True)
class Variation:
    """One way in which the model differs from the default one.

    Attributes
    ----------
    sort : {"model", "ablation", "control"}
    what : str
        For the report.
    wiring : dict
        As :func:`wormsim.screen.circuit_of` takes it.
    keep : tuple of str
        Kinds of synaptic edge that stay.
    layers : tuple of str
        Connectomes whose monoamines or peptides are added.
    signs : {"known", "excitatory"}
    chemical : {"directed", "reversed", "coupled"}
        Reversed: from post to pre. Coupled: directed, and beside it a conductance both ways (kind "contact").
    pooled : tuple of str
        Reconstructions of other animals, whose contacts are averaged with the circuit's own.
    parameters : dict
        Fixed beside the experiment's own.
    """

    sort: str
    what: str
    wiring: dict = field(default_factory=lambda: {"kind": "real", "seed": 0})
    keep: tuple[str, ...] = ("chemical", "electrical")
    layers: tuple[str, ...] = ()
    signs: str = "known"
    chemical: str = "directed"
    pooled: tuple[str, ...] = ()
    parameters: dict = field(default_factory=dict)


def variations(layers: dict[str, str], pooled: tuple[str, ...], degree: int, weights: int, signs: int, seed: int) -> dict[str, Variation]:
    """All models of one study, by name; the default one first."""
    out = {
        REAL: Variation("model", "the default: synapses and gap junctions, signs as known or drawn"),
        "gap junctions alone": Variation("ablation", "no chemical synapses", keep=("electrical",)),
        "chemical alone": Variation("ablation", "no gap junctions", keep=("chemical",)),
        "all synapses excitatory": Variation("ablation", "every chemical sign +", signs="excitatory"),
        "strength = contacts": Variation("ablation", "no spread between classes, strength in proportion to contacts",
                                         parameters={"strength_spread": 0.0, "contact_exponent": 1.0}),
        "one strength": Variation("ablation", "every connection as strong as every other",
                                  parameters={"strength_spread": 0.0, "contact_exponent": 0.0}),
    }
    for kind, name in layers.items():
        out[f"with {kind}s"] = Variation("ablation", f"a slow layer of {kind}s added ({name})", layers=(name,))
    coupled = "a conductance both ways at chemical contacts, beside the synapses"
    out["contacts couple both ways"] = Variation("ablation", coupled, chemical="coupled")
    if pooled:
        out["animals pooled"] = Variation("ablation", f"contacts averaged with those of {', '.join(pooled)}", pooled=pooled)
        out["pooled, contacts couple"] = Variation("ablation", f"both: animals pooled, and {coupled}", chemical="coupled", pooled=pooled)
    out["chemical reversed"] = Variation("control", "every chemical synapse from post to pre", chemical="reversed")
    for how, n in (("degree", degree), ("weights", weights), ("signs", signs)):
        for k in range(n):
            out[f"{how} shuffle {k}"] = Variation("control", f"{how} shuffled", wiring={"kind": how, "seed": MOST_SHUFFLES * seed + k})
    out["no wiring"] = Variation("control", "no connection between neurons", wiring={"kind": "none", "seed": 0})
    return out


def check_layers(layers: dict[str, str]) -> None:
    """Raise where a layer is named after a kind that is none."""
    for kind in layers:
        if kind not in LAYERS:
            raise InputError(f"layers.{kind}: a layer is {' or '.join(LAYERS)}")


def chunk_spec(assay: str, circuit: str, variation: Variation, parameters: dict, seed: int, samples: list[int],
               stimulated: list[str], recorded: list[str]) -> dict:
    """What :func:`respond` needs to know, as plain JSON."""
    return {"assay": assay, "circuit": circuit, "wiring": variation.wiring, "keep": list(variation.keep),
            "layers": list(variation.layers), "signs": variation.signs, "chemical": variation.chemical,
            "pooled": list(variation.pooled), "parameters": {**parameters, **variation.parameters},
            "seed": seed, "samples": samples, "stimulated": stimulated, "recorded": recorded}


def respond(spec: dict) -> pd.DataFrame:
    """Responses (mV) of one model for some samples.

    Returns
    -------
    DataFrame
        One row for each (stimulated, recorded), the recorded running fastest; one float32 column a sample.
    """
    assay, model = model_of(spec)
    first = min(spec["samples"])
    samples = model.sample(max(spec["samples"]) - first + 1, spec["seed"], first).take(spec["samples"])
    found = assay.responses(model, samples, spec["stimulated"], spec["recorded"])
    table = found.reshape(len(samples), -1).T.astype(np.float32)
    return pd.DataFrame(table, columns=[str(number) for number in spec["samples"]])


def model_of(spec: dict) -> tuple[PumpProbe, Model]:
    """The assay and the unstimulated model of a chunk."""
    how = {k: v for k, v in spec.items() if k not in ("seed", "samples", "stimulated", "recorded")}
    return _model(json.dumps(how, sort_keys=True))


@functools.lru_cache(maxsize=2)
def _model(text: str) -> tuple[PumpProbe, Model]:
    spec = json.loads(text)
    assay = probe(spec["assay"])
    circuit = circuit_of(spec["circuit"], spec["wiring"])
    if spec["pooled"]:
        circuit = _pooled(circuit, spec["pooled"])
    circuit = _kept(circuit, spec["keep"], spec["signs"], spec["chemical"])
    if spec["layers"]:
        circuit = with_layers(circuit, spec["layers"])
    given = {k: Prior(*v) if isinstance(v, list) else v for k, v in spec["parameters"].items()}
    return assay, assay.build(circuit, parameters=given)


def probe(name: str) -> PumpProbe:
    """The pump-probe assay of that name; InputError if it is an assay of another sort."""
    assay = catalog.load("assays", name).ASSAY
    if not isinstance(assay, PumpProbe):
        raise InputError(f"the assay {name} stimulates no neuron after the other: this study takes signal_propagation")
    return assay


def _kept(circuit: Circuit, keep: list[str], signs: str, chemical: str) -> Circuit:
    connectome = circuit.connectome
    edges = connectome.edges[connectome.edges["kind"].isin(keep)]
    is_chemical = (edges["kind"] == "chemical").to_numpy()
    if signs == "excitatory":
        edges = edges.assign(sign=edges["sign"].mask(is_chemical, 1), sign_certainty=edges["sign_certainty"].mask(is_chemical, 1.0))
    if chemical == "reversed":
        pre, post = edges["pre"].to_numpy(object), edges["post"].to_numpy(object)
        edges = edges.assign(pre=np.where(is_chemical, post, pre), post=np.where(is_chemical, pre, post))
    if chemical == "coupled":
        edges = pd.concat([edges, _contacts(edges[is_chemical])], ignore_index=True)
    return circuit.with_connectome(connectome.with_edges(edges))


def _contacts(edges: pd.DataFrame) -> pd.DataFrame:
    """One undirected edge of kind "contact" for each pair of cells with chemical contacts, both directions added up."""
    ends = np.sort(edges[["pre", "post"]].to_numpy(str), axis=1).astype(object)
    pairs = pd.DataFrame({"pre": ends[:, 0], "post": ends[:, 1], "contacts": edges["contacts"].to_numpy(float)})
    pairs = pairs[pairs["pre"] != pairs["post"]].groupby(["pre", "post"], as_index=False)["contacts"].sum()
    return pairs.assign(kind="contact")


def _pooled(circuit: Circuit, names: list[str]) -> Circuit:
    """Mean contacts of several reconstructions, each kind scaled to the circuit's own total; all edges that any of them has."""
    base = circuit.connectome
    own = base.edges[["pre", "post", "kind", "contacts"]]
    total = own.groupby("kind")["contacts"].sum()
    parts = [own]
    for name in names:
        edges = load_connectome(name).edges
        edges = edges[edges["pre"].isin(base.cells.index) & edges["post"].isin(base.cells.index) & edges["kind"].isin(total.index)]
        edges = edges.groupby(["pre", "post", "kind"], as_index=False)["contacts"].sum()
        scale = edges["kind"].map(total / edges.groupby("kind")["contacts"].sum()).to_numpy(float)
        parts.append(edges.assign(contacts=edges["contacts"] * scale))
    order = {cell: k for k, cell in enumerate(base.cells.index)}
    every = pd.concat(parts, ignore_index=True)
    turn = (every["kind"] == "electrical").to_numpy() & (every["pre"].map(order) > every["post"].map(order)).to_numpy()
    pre, post = every["pre"].to_numpy(object), every["post"].to_numpy(object)
    every = every.assign(pre=np.where(turn, post, pre), post=np.where(turn, pre, post))
    mean = every.groupby(["pre", "post", "kind"], as_index=False)["contacts"].sum()
    mean["contacts"] /= len(parts)
    return circuit.with_connectome(base.with_edges(mean, name=f"{base.name}, pooled with {', '.join(names)}"))
