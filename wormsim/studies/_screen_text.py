"""What the report of an ablation screen says in words; every number comes from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ..assay import Assay

CONTROLS = {
    "degree shuffles": "every cell keeps its number of inputs, outputs and gap junctions, what it sends out and the signs of it; its "
    "partners are drawn by chance, which can shorten the way from sense organ to muscle. Samples are accepted and cells removed as "
    "with the real wiring, from the same priors (which were set on the real one), in a smaller ensemble: where the two are compared, "
    "the real ensemble is cut to the same size. Strength factors belong to pairs of classes, and a shuffle makes more such pairs.",
    "signs shuffles": "the wiring is real, the signs are dealt out anew among pairs of classes.",
    "no neuron-neuron wiring": "every synapse and gap junction between two neurons is removed; what a sense cell does to a muscle "
    "itself is left. A behaviour that survives this is not explained by the wiring.",
    "contacts of the removed cells": "no simulation: the more contacts the removed cells have in all, with whatever partner, the more "
    "they are needed.",
    "number of removed cells": "no simulation: the more cells are removed, the more they are needed. Published ablations differ much "
    "in size, and a model that only knew that would score like this.",
}
CAPTIONS = {
    "ranking": "The forty cells and classes whose loss most often abolishes the behaviour (default model). p_lost: share of the accepted "
    "samples that lose it, with Wilson's 95 % interval; keep: share of the intact response that is left, mean and 95 % range over "
    "samples; contacts: of the removed cells, in all.",
    "published_rows": "Every published row: what was reported, what the model says, hit or miss. Rows that cannot be scored stand last, "
    "with the reason. basis: 'reported' on this behaviour, or 'assumed' because only another step was reported spoiled; provenance: "
    "found in the source, or from memory.",
    "acceptance": "How many parameter samples each wiring accepted, and why the others were turned down: no response; not every time "
    "(it failed under other noise); unasked (it did the same without the stimulus); ran away.",
    "noise_floor": "The intact animals under other noise: how often they would be said to have lost the behaviour, though nothing was "
    "removed.",
    "signs": "Chemical connections of the circuit by sign and by what the sign is known from. Those without a sign are drawn anew in "
    "every sample.",
    "parameters": "Parameters of each model with source and certainty; for the free ones their prior and the range of the accepted "
    "samples.",
}


def summary_text(
    spec, assay: Assay, tables: Mapping[str, pd.DataFrame], scores: pd.DataFrame, rankings: Mapping[str, pd.DataFrame]
) -> list[str]:
    """Paragraphs of the report, the answer first."""
    default = spec.model.neurons[0]
    noise = tables["noise_floor"].set_index("model").loc[default]
    return [
        _answer(rankings[default], noise, default, assay.behaviour),
        _scored(scores, default),
        _controls(scores),
        _rows(tables["published_rows"], scores),
        _models(scores, spec),
        _ensembles(tables["acceptance"], spec),
        _limits(assay),
    ]


def _answer(ranking: pd.DataFrame, noise, model: str, behaviour: str) -> str:
    free = ranking[~ranking["driven by the assay"]]
    named = [f"**{r.removed}** ({r.p_lost:.2f}, {r.low:.2f}-{r.high:.2f})" for r in free.head(8).itertuples()]
    above = free[free["low"] > noise["high"]]
    floor = (
        f"With nothing removed and only the noise drawn anew {behaviour} is lost in {noise['p_lost']:.2f} "
        f"({noise['low']:.2f}-{noise['high']:.2f})"
    )
    first = (
        f"No single cell or class can be told from noise. {floor}. The first of {len(free)}, which chance may have put there: "
        if above.empty
        else f"Of {len(free)} cells and classes that the assay does not itself drive, these most often abolish {behaviour} when they "
        "are removed: "
    )
    text = f"{first}{', '.join(named)} ({model} model; share of the ensemble and 95 % interval)."
    if not above.empty:
        text += (
            f" For {int((free['low'] > 0.5).sum())} of them the interval lies above one half. {floor}; {len(above)} lie above that "
            f"with their whole interval, of {len(free)} that were tried."
        )
    return text


def _scored(scores: pd.DataFrame, model: str) -> str:
    real = _one(scores, "auroc", "real wiring", model)
    text = f"**Score.** AUROC of the {int(real.n)} published rows that can be scored: {_ci(real)}, {real.verdict}."
    only = scores[(scores["metric"] == "auroc_ablated_cells_only") & (scores["control"] == "real wiring")]
    if len(only):
        row = only.iloc[0]
        text += f" With only the {int(row.n)} rows in which cells were ablated: {_ci(row)}, {row.verdict}."
    without = scores[scores["metric"] == "auroc_without_one_needed_row"]
    if len(without):
        named = ", ".join(f"{r.control.rpartition(' ')[2]} {r.value:.2f}" for r in without.itertuples())
        text += f" Without one of the rows that need their cells: {named}."
    text += (
        " Rows are few and share cells; the intervals (Newcombe's method 5) and p (the labels dealt to the rows at random) count them "
        "as independent, so that both are, if anything, too sure. Intervals of differences are bootstraps over rows and samples."
    )
    return text


def _controls(scores: pd.DataFrame) -> str:
    rows = scores[scores["metric"] == "auroc"]
    rows = rows[rows["control"] != "real wiring"]
    parts = []
    for row in rows.itertuples():
        difference = scores[(scores["metric"] == "auroc_difference") & (scores["control"] == f"real wiring minus {row.control}")]
        d = difference.iloc[0]
        mean = " on average" if "shuffles" in row.control else ""
        own = row.verdict if "shuffles" in row.control else row.verdict.partition("; ")[2]
        rank = f" ({own})" if own else ""
        parts.append(f"{row.control}: {row.value:.2f}{mean}{rank}; the real wiring **{d.verdict}**, difference {_ci(d)}")
    return "**Controls.** AUROC of the same rows. " + ". ".join(p[0].upper() + p[1:] for p in parts) + "."


def _rows(rows: pd.DataFrame, scores: pd.DataFrame) -> str:
    scored = rows[rows["role"].isin(["needed", "not needed"])]
    misses = scored[scored["result"] == "miss"]
    named = "; ".join(
        f"{r.id} {r.cells} ({r.role}, the model says {said})"
        for r, said in zip(misses.itertuples(), misses["model says"], strict=True)
    )
    apart = rows[rows["role"] == "by construction"]
    shown = ", ".join(f"{i} ({said})" for i, said in zip(apart["id"], apart["model says"], strict=True))
    sensitivity, specificity = (scores[scores["metric"] == m].iloc[0].verdict.split(";")[0] for m in ("sensitivity", "specificity"))
    return (
        f"**Rows.** Of the rows that need their cells the model gets {sensitivity}, of those that do not {specificity} (always "
        f"saying 'normal' would get none and all). Misses: {named or 'none'}. Not scored, since their cells are the ones that the "
        f"assay drives: {shown or 'none'}. {int((rows['role'] == 'not expressible').sum())} rows cannot be expressed and "
        f"{int((rows['role'] == 'uncertain').sum())} could not be confirmed: they are listed with the reason."
    )


def _models(scores: pd.DataFrame, spec) -> str:
    rows = scores[scores["metric"] == "ranking_agreement_spearman"]
    if rows.empty:
        return "**Models.** Only one neuron model was run."
    said = "; ".join(f"{r.group}: Spearman {_ci(r)}, {r.verdict}" for r in rows.itertuples())
    others = "; ".join(f"{n}: AUROC {_ci(_one(scores, 'auroc', 'real wiring', n))}" for n in spec.model.neurons[1:])
    return f"**Models.** Rankings over the cells and classes that the assay does not drive: {said}. {others}."


def _ensembles(acceptance: pd.DataFrame, spec) -> str:
    parts = [f"{r.ensemble}: {r.rate:.1%} of {r.candidates}" for r in acceptance.itertuples() if "shuffle" not in r.ensemble]
    shuffled = acceptance[acceptance["ensemble"].str.contains("degree shuffle")]
    if len(shuffled):
        parts.append(f"degree shuffles: {shuffled['rate'].min():.1%} to {shuffled['rate'].max():.1%}")
    text = f"**Accepted samples.** Intact animals that respond to the stimulus and not without it: {'; '.join(parts)}."
    text += " The priors were set where intact animals of the real wiring respond at all, so that rates of other wirings are not"
    text += " comparable with it."
    if "graded" in spec.model.neurons:
        text += " The graded model has no noise and starts at rest, so that 'not without it' is true of it by construction."
    return text


def _limits(assay: Assay) -> str:
    return (
        f"**What this cannot know.** {assay.limits} Contacts are not strengths; one male was reconstructed, so that what differs "
        "between males is not in here; the published rows are few, and most rows taken as 'not needed' report a defect in another "
        "step and are silent on this one."
    )


def _one(scores: pd.DataFrame, metric: str, control: str, group: str):
    return scores[(scores["metric"] == metric) & (scores["group"] == group) & (scores["control"] == control)].iloc[0]


def _ci(row) -> str:
    return f"{row.value:.2f} (95 % interval {row.low:.2f} to {row.high:.2f})"
