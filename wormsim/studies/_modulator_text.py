"""What a study of states says in scores and words; every number comes from its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

CONTROLS = {
    "connectome alone": "no modulator layer: the releasing cells are driven instead, by what drives the behaviour, for the whole run, so "
    "that their synapses and gap junctions can do what they can. A receptor mutant cannot be said without the layer.",
    "receptors shuffled": "every neuron has the receptors of another neuron, every muscle those of another muscle; all else is as with "
    "the real receptors.",
    "degree shuffles": "every cell keeps its number of inputs, outputs and gap junctions; its partners are drawn by chance. The receptors "
    "stay where they are.",
    "no neuron-neuron wiring": "every synapse and gap junction between two neurons is removed; receptors, and what neurons do to muscles, "
    "are left.",
}
CAPTIONS = {
    "directions": "Every comparison with the modulator layer and in every control: share of the samples in which the response goes down, "
    "stays within the margin or goes up, with 95 % intervals; '_fresh': the same share when only the noise is drawn anew; change: median "
    "change as a share of the reference.",
    "comparisons": "What was measured, and by whom. Fixed before the first run.",
    "acceptance": "How many parameter samples made an intact animal in the reference condition that responds, and only when driven.",
    "parameters": "Parameters of the models in all conditions, with source, certainty and prior.",
}


def score_rows(said: pd.DataFrame) -> list[dict]:
    """The scorecard: for each comparison the share of samples that change as measured, and whether that is a prediction."""
    rows = []
    for (neuron, comparison, arm), group in said.groupby(["neuron", "comparison", "arm"], sort=False):
        way = group["measured"].iloc[0]
        share, many = group[way], len(group) > 1
        verdict = (f"{_counted(group['verdict'].value_counts())} of {len(group)}" if many
                   else group["verdict"].iloc[0] + _predicted(group["predicted"].iloc[0]))
        rows.append({
            "metric": "share_in_measured_direction", "group": f"{comparison} ({way}), {neuron}", "control": arm, "value": share.mean(),
            "low": share.min() if many else group[f"{way}_low"].iloc[0], "high": share.max() if many else group[f"{way}_high"].iloc[0],
            "floor": group[f"{way}_fresh"].mean(), "ceiling": 1.0, "n": int(group["n"].sum()), "verdict": verdict})
    return rows


def summary_text(spec, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Paragraphs of the report, the answer first."""
    said = tables["directions"]
    texts = [_answer(said)]
    findings = tables["comparisons"].set_index("comparison")
    for name, group in said.groupby("comparison", sort=False):
        parts = []
        for neuron, rows in group.groupby("neuron", sort=False):
            parts += [f"{neuron}, {_arm(arm, seeds)}" for arm, seeds in rows.groupby("arm", sort=False)]
        source = findings.loc[name]
        texts.append(f"**{name}.** Measured: {source['finding']} ({source['source']}; certainty {source['certainty']}). {'; '.join(parts)}.")
    texts.append(
        "**What this rests on.** The sizes of all effects are guesses with wide priors; only directions by coupling went in, none was "
        f"fitted. A change of less than {spec.behaviour.margin:.0%} counts as the same. What is read is the mean depolarisation of muscles under a "
        "drive of named cells, not the movement of a body.")
    return texts


def _answer(said: pd.DataFrame) -> str:
    parts = []
    for neuron, rows in said[said["arm"] == ""].groupby("neuron", sort=False):
        counts = rows["verdict"].value_counts()
        alone = said[(said["arm"] == "connectome alone") & (said["neuron"] == neuron)]["verdict"].value_counts()
        text = f"{neuron} model: with the modulator layer {_counted(counts)} of {len(rows)}"
        parts.append(text + (f"; the connectome alone {_counted(alone)} of {alone.sum()}" if len(alone) else ""))
    return "Published changes of direction. " + ". ".join(p[0].upper() + p[1:] for p in parts) + "."


def _counted(counts: pd.Series) -> str:
    found = [f"{int(counts[v])} {v}" for v in ("hit", "miss", "no prediction") if v in counts]
    return ", ".join(found)


def _arm(arm: str, rows: pd.DataFrame) -> str:
    way = rows["measured"].iloc[0]
    name = arm or "modulators"
    if len(rows) > 1:
        hits = int((rows["verdict"] == "hit").sum())
        return f"{name}: {way} in {rows[way].mean():.2f} of the samples on average, hit in {hits} of {len(rows)}"
    row = rows.iloc[0]
    if row["n"] == 0:
        return f"{name}: no animal does it, **no prediction**"
    return f"{name}: {way} in {row[way]:.2f} ({row[f'{way}_low']:.2f}-{row[f'{way}_high']:.2f}) of {row['n']} samples, **{row['verdict']}**"


def _predicted(direction: str) -> str:
    return "" if direction == "no prediction" else f" (predicted: {direction})"
