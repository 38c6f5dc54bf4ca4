"""Tables and traces of a screen's ensembles: which parameters were accepted, and what one of the animals does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import catalog
from ..perturbations import Ablate
from ..screen import samples_of, setting
from ..variants import Variants
from ._screen_check import REAL

if TYPE_CHECKING:
    import xarray as xr

    from ..ensemble import Ensemble
    from ..model import Model
    from ..samples import Samples
    from .ablation_screen import Spec


def drawn(found: Ensemble, model: Model) -> Samples:
    """The samples that an ensemble accepted."""
    return samples_of(found.setting, model, 0, max(found.accepted) + 1).take(found.accepted)


def parameter_table(spec: Spec, ensembles: dict[str, Ensemble]) -> pd.DataFrame:
    """Parameters of each model: value or prior, source, and where the accepted samples lie in the prior."""
    tables = []
    for neuron in spec.model.neurons:
        model = _model(spec, neuron)
        found = ensembles[f"{neuron}, real wiring"]
        accepted = drawn(found, model).values
        table = model.parameter_table()
        for column, q in (("accepted_low", 0.025), ("accepted_median", 0.5), ("accepted_high", 0.975)):
            table[column] = accepted.quantile(q).reindex(table.index)
        tables.append(table.reset_index().assign(model=neuron))
    return pd.concat(tables, ignore_index=True)


def accepted_table(found: Ensemble, spec: Spec, neuron: str) -> pd.DataFrame:
    accepted = drawn(found, _model(spec, neuron)).values
    return accepted.join(found.candidates.set_index("sample")[["response_mV", "spontaneous_mV"]]).reset_index()


def _model(spec: Spec, neuron: str) -> Model:
    return setting(spec.setting(neuron, REAL))[1]


def traces(spec: Spec, neuron: str, found: Ensemble, ranking: pd.DataFrame) -> xr.Dataset:
    """Muscles of one animal, the one of median response: intact, without stimulus, and without the classes that rank first."""
    assay = catalog.load("assays", spec.model.assay).ASSAY
    model = _model(spec, neuron)
    accepted = found.candidates.set_index("sample").loc[found.accepted, "response_mV"]
    typical = int(accepted.sort_values().index[len(accepted) // 2])
    stimulus = tuple(assay.stimulus(model.neuron))
    free = ranking[~ranking["driven by the assay"]]
    removed = [str(name) for name in free["removed"].head(3)]
    cases = {
        "intact": stimulus,
        "no stimulus": (),
        **{f"without {name}": (*stimulus, Ablate(name)) for name in removed},
    }
    variants = Variants.cross(samples_of(found.setting, model, typical, 1), cases, seeds=(spec.seed,))
    dataset = assay.run(model, variants).dataset
    groups = {
        name: model.circuit.groups[name] for name in [*assay.readout, *(c.group for c in assay.contacts)]
    }
    member = [next(g for g, cells in groups.items() if cell in cells) for cell in dataset["cell"].to_numpy()]
    k = assay.factor(model.neuron)
    marks = {
        "drive_ms": [k * min(c.start_ms for c in assay.contacts), k * max(c.stop_ms for c in assay.contacts)],
        "window_ms": [k * t for t in assay.window_ms],
        "baseline_ms": [k * t for t in assay.baseline_ms],
    }
    return dataset.assign_coords(group=("cell", member)).drop_attrs().assign_attrs(marks)
