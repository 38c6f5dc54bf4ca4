"""What the report of a study of signal propagation says in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ._propagation_models import REAL

if TYPE_CHECKING:
    from .signal_propagation import Spec

CAPTIONS = {
    "models": "Every variation of the model through the same pipeline: AUROC of the simulator alone (chosen on training folds; and with nothing "
    "fitted), what it adds to the nuisance model (paired bootstrap over stimulated neurons), and what the simulated experiment would call.",
    "floors": "What needs no simulator: anatomy, the experiment's own statistics, and logistic models held out by class of the stimulated neuron. "
    "value, low, high: AUROC with its bootstrap interval over stimulated neurons; of the last row a difference. The single rates leave the pair "
    "itself out, so that that of the stimulated neuron is no prediction for a neuron that nobody stimulated.",
    "pairs": "Every measured pair of the wild type: what was recorded, what the default model answers (median over samples), held-out scores.",
    "responders": "For each stimulated neuron: AUROC over its responders, of the simulator alone and of the nuisance model.",
}
CONTROLS = {
    "chemical reversed": "every chemical synapse turned round, from post to pre; gap junctions as they are",
    "degree shuffle": "connections exchanged between cells so that every cell keeps its number of partners",
    "weights shuffle": "contacts dealt anew to the connections",
    "signs shuffle": "signs dealt anew to the groups of connections that share one",
    "no wiring": "no connection between two neurons",
}


def summary_text(scores: pd.DataFrame, models: pd.DataFrame, floors: pd.DataFrame, spec: Spec) -> list[str]:
    """Paragraphs of the report; the first is the answer."""
    row = scores.drop_duplicates(["metric", "group"]).set_index(["metric", "group"])
    alone = row.loc[("propagation_auroc", "simulator alone, chosen on training folds")]
    nuisance = row.loc[("propagation_auroc_nuisance", "distance, trials, responder's rate")]
    more = row.loc[("propagation_auroc_added", "simulator on top of nuisance")]
    half = row.loc[("split_half_auroc", "odd trials against even ones")]
    table = models.set_index("model")
    ablations = table[table["sort"] == "ablation"].sort_values("added", ascending=False)
    controls = table[table["sort"] == "control"].sort_values("added", ascending=False)
    anatomy = floors.set_index("predictor").loc["added by all anatomy"]

    def say(r: pd.Series) -> str:
        return f"{r['value']:.3f} ({r['low']:.3f} to {r['high']:.3f})"

    def each(part: pd.DataFrame) -> str:
        return "; ".join(f"{name} {r['added']:+.3f} ({r['added_low']:+.3f} to {r['added_high']:+.3f})" for name, r in part.iterrows())

    return [
        f"On stimulated neurons that were held out the simulator adds {more['value']:+.3f} ({more['low']:+.3f} to {more['high']:+.3f}) of AUROC to "
        f"what distance, trials and the responder's rate tell ({say(nuisance)}). The goal of {spec.score.goal_added:+.2f} is "
        f"{'reached' if more['value'] >= spec.score.goal_added and more['low'] > 0 else 'missed'}. Alone it scores {say(alone)}. Anatomy without "
        f"a simulator adds {anatomy['value']:+.3f} ({anatomy['low']:+.3f} to {anatomy['high']:+.3f}).",
        f"Added by variations of the model, each through the same folds: {each(ablations)}. The default ({REAL}) adds "
        f"{table.loc[REAL, 'added']:+.3f}.",
        f"Added by control wirings: {each(controls)}.",
        f"Half of the trials of a pair tell which pairs lead in the other half with an AUROC of {say(half)}: a reference and no ceiling, since "
        "the nuisance model pools over pairs.",
    ]
