"""In-silico pump-probe: stimulate one neuron after the other, watch all the others, all of it in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError, UnknownNameError
from .model import Model
from .parameter import Prior
from .perturbations import Stimulate
from .simulation import simulate
from .variants import Variants

if TYPE_CHECKING:
    import pandas as pd

    from .circuit import Circuit
    from .samples import Samples

NOBODY = "(no stimulus)"
#: Kinds of edge that act without a synapse, and the synapse model that carries each.
LAYERS = {"peptide": "slow_peptide", "monoamine": "slow_monoamine"}
_CARRIERS = {**LAYERS, "contact": "contact_coupling"}


@dataclass(frozen=True)
class PumpProbe:
    """How neurons are stimulated and watched.

    Parameters
    ----------
    name, source : str
        Key, and where the protocol is from.
    circuit, neuron : str
        Circuit and neuron model that it is run on unless others are asked for.
    pulse_ms : float
        Length of the stimulus; it begins with the run, from rest.
    watch_ms : float
        Length of the run, over which responses are averaged.
    g_nS, e_mV : float
        Conductance that the stimulus opens, and its reversal potential.
    dt_ms : float
        Step; tests/test_pump_probe.py halves it.
    priors : dict of str to Prior
        Parameter key -> prior in place of the model's general one.
    limits : str
        What the assay cannot know; stands in the report.
    every_ms : float
        Time between frames.
    """

    name: str
    source: str
    circuit: str
    neuron: str
    pulse_ms: float
    watch_ms: float
    g_nS: float
    e_mV: float
    dt_ms: float
    priors: dict[str, Prior]
    limits: str
    every_ms: float = 50.0

    def build(self, circuit: Circuit, neuron: str | None = None, parameters: dict[str, object] | None = None) -> Model:
        """The unstimulated model; layers without synapses (:data:`LAYERS`) and contacts run where the circuit has their edges.

        Raises
        ------
        InputError
            A neuron model that spikes: the protocol starts from rest and has no noise of its own.
        """
        from . import catalog

        description = catalog.load("neurons", neuron or self.neuron).MODEL
        if description.threshold:
            raise InputError(f"the assay {self.name} reads graded potentials from rest; the model {description.name} spikes")
        there = set(circuit.connectome.edges["kind"])
        synapses = (*description.synapses, *(name for kind, name in _CARRIERS.items() if kind in there))
        model = Model.build(circuit, description, synapses)
        own = {key: prior for key, prior in self.priors.items() if key in model.parameters}
        return model.with_parameters({**own, **(parameters or {})})

    def responses(self, model: Model, samples: Samples, stimulated: Sequence[str], recorded: Sequence[str],
                  threads: int | None = None) -> np.ndarray:
        """Mean change of potential of every recorded neuron under every stimulus, against the unstimulated sibling.

        Parameters
        ----------
        model : Model
            From :meth:`build`.
        samples : Samples
        stimulated, recorded : sequence of str
            Canonical names of single neurons.
        threads : int, optional

        Returns
        -------
        ndarray of float64, shape (samples, stimulated, recorded)
            mV; not-a-number for a sample that ran away, and of a neuron that is not there.
        """
        known = model.circuit.connectome.cells.index
        for name in (*stimulated, *recorded):
            if name not in known:
                raise UnknownNameError(f"neuron of {model.circuit.name}", name, known)
        pulse = {"g_nS": self.g_nS, "e_mV": self.e_mV, "stop_ms": self.pulse_ms}
        cases = {NOBODY: (), **{name: (Stimulate(name, **pulse),) for name in stimulated}}
        # double precision: a distant neuron answers with less than the last bit of a single -35 mV
        recording = simulate(model, Variants.cross(samples, cases), duration_ms=self.watch_ms, dt_ms=self.dt_ms,
                             every_ms=self.every_ms, record=list(recorded), dtype="float64", on_failure="mark",
                             check_step=False, threads=threads)
        frames = recording.v_mV.sel(cell=list(recorded)).transpose("time", "variant", "cell").to_numpy()
        total = np.zeros(frames.shape[1:])
        for frame in frames:  # one after the other: how a library adds up depends on what else lies in memory
            total += frame
        v = (total / len(frames)).reshape(len(samples), len(cases), len(recorded))
        return v[:, 1:] - v[:, :1]


def with_layers(circuit: Circuit, connectomes: Sequence[str]) -> Circuit:
    """The circuit with the monoamine and peptide edges of other connectomes among its cells.

    What a ligand does to a receiving cell is unknown in most cases: the sign is drawn, one for each receptor where the
    source names it, else one for each pair of classes.

    Parameters
    ----------
    circuit : Circuit
    connectomes : sequence of str
        Such as ``"bentley2016_monoamine"``, ``"ripollsanchez2023_short"``.

    Raises
    ------
    InputError
        A connectome without such edges among these cells, or two of which both have the same kind.
    """
    import pandas as pd

    from .readers import load_connectome

    base = circuit.connectome
    parts: list[pd.DataFrame] = [base.edges]
    seen = set(base.edges["kind"])
    for name in connectomes:
        layer = load_connectome(name)
        edges = layer.edges
        edges = edges[edges["kind"].isin(list(LAYERS)) & edges["pre"].isin(base.cells.index) & edges["post"].isin(base.cells.index)]
        kinds = set(edges["kind"])
        if not kinds:
            raise InputError(f"{name} has no {' or '.join(LAYERS)} edges among the cells of {circuit.name}")
        if kinds & seen:
            raise InputError(f"{name} brings {', '.join(sorted(kinds & seen))} edges, which another layer has brought: name one of them")
        seen |= kinds
        parts.append(_unsigned(edges, base.cells))
    return circuit.with_connectome(base.with_edges(pd.concat(parts, ignore_index=True), name=f"{base.name} + {' + '.join(connectomes)}"))


def _unsigned(edges: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Edges whose sign is to be drawn, with the group that shares a draw."""
    import pandas as pd

    classes = cells["cell_class"].astype(object).where(cells["cell_class"].notna(), cells.index.to_series())
    if "receptor" in edges.columns and edges["receptor"].notna().all():
        group = edges["receptor"].astype(str)
    else:
        group = classes.reindex(edges["pre"]).astype(str).to_numpy() + "~>" + classes.reindex(edges["post"]).astype(str).to_numpy()
    keep = [c for c in ("pre", "post", "kind", "contacts", "transmitter", "receptor") if c in edges.columns]
    return edges[keep].assign(sign=pd.array([pd.NA] * len(edges), dtype="Int8"), sign_source="drawn", sign_certainty=0.5,
                              sign_group=pd.array(list(group), dtype="str"))
