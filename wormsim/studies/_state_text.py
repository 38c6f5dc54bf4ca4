"""Words of a report on states of the pyloric circuit."""

from __future__ import annotations

import pandas as pd

from . import _state_scores as scoring

CAPTIONS = {
    "directions": "Every published statement that the model can do: share of the networks that change as published (share), shares of all "
                  "directions, and the median change (of the value before; for onsets and overlap of the cycle). Uncertain ones are shown "
                  "and not scored.",
    "states": "Median rhythm over the networks in every state: share that stays pyloric-like, share in which the pacemaker stops cycling, "
              "period, firing (spikes per second), phases. States with the same actions are the same run.",
    "controls": "The statements again with the actions on other cells (both turns of ABPD to LP to PY), strengths permuted, no synapses.",
    "sensitivity": "The statements with other doses and other forms of I_MI (in the first networks) and with other thresholds; none is the score.",
    "networks": "The networks, and their rhythm with nothing added.",
    "candidates": "Every drawn network that was tried.",
    "figure rhythms": "One network in every state: voltages of AB/PD (blue), LP (red) and PY (green). Names in brackets: uncertain, not "
                      "scored. States with the same actions look the same.",
    "figure directions": "What is published (dark frame) and what the networks do: share in which each observable falls or comes earlier, "
                         "stays, rises or comes later, or is lost. Brackets: uncertain, not scored.",
    "figure phases": "Median bursts of PD, LP and PY over the cycle in every state, with the median period; faint where fewer than half of "
                     "the networks stay pyloric-like.",
}
CONTROLS = {
    "actions on other cells": "The same actions and doses on other cells (ABPD to LP to PY to ABPD, once and twice); actions on connections "
                              "stay. States that act on all three cells cannot move and are left out on both sides.",
    "strengths permuted": "The strengths of the seven synapses permuted within each network, not accepted anew; changes are against the same "
                          "network without actions.",
    "no synapses": "All seven synapses 0; changes are against the same cells without actions. What is \"same\" there may be so by construction.",
    "constant guess": "Each observable always changes in the direction that is most often published: it has seen the answers, and hits all "
                      "of them where no observable is published to change both ways.",
    "no-change guess": "Nothing ever changes.",
}
_OWN = "Prinz AA, Bucher D, Marder E (2004) Similar network activity from disparate circuit parameters. Nat Neurosci 7:1345-1352"


def citations(states: pd.DataFrame) -> list[str]:
    """The circuit's source and those of all rows."""
    return [_OWN, *sorted({paper.strip() for source in states["source"] for paper in source.split(";")})]


def summary_text(states: pd.DataFrame, asked: dict, real: pd.DataFrame, elsewhere: pd.DataFrame, controls: dict[str, pd.DataFrame],
                 tables: dict[str, pd.DataFrame], networks: int) -> list[str]:
    """Paragraphs: the answer, controls, degeneracy, what the model cannot tell apart, what is not scored."""
    all_of, stated = scoring.overall(real), scoring.statements(states)
    (hits, n), (still, _) = scoring.constant_guess(stated), scoring.no_change_guess(stated)
    alike = tables["states"]["same run as"].iloc[1:]
    distinct = int((alike == "").sum())
    spread = scoring.agreement(real)
    missed = real[real["share"] <= 0.5]
    paragraphs = [
        f"**{all_of['most']} of {all_of['n']} published directions hold in most of {networks} networks**; a statement holds in "
        f"{all_of['mean_share']:.0%} of the networks on average. The guess that each observable always goes the way most often published "
        f"hits {hits} of {n}, the guess that nothing changes {still}.",
        "Controls: " + "; ".join(f"{name} {scoring.overall(t)['most']} of {scoring.overall(t)['n']}" for name, t in controls.items())
        + ("; " if controls and len(elsewhere) else "") + (_moved(real, elsewhere) if len(elsewhere) else "") + ".",
        f"Networks that make the same rhythm: {spread['nearly all']} statements hold in more than 90 % of them, {spread['some']} in some and "
        f"{spread['nearly none']} in fewer than 10 %.",
        f"{len(asked)} states are {distinct} different runs: states with the same actions on the same cells cannot be told apart, and what is "
        "stated of them is not independent (so that the intervals are too narrow).",
    ]
    if len(missed):
        paragraphs.append("Not as published in most networks: " + "; ".join(
            f"{s.state} ({s.observable} {s.published}: {s.share:.2f})" for s in missed.itertuples()) + ".")
    unscored = states[(states["certainty"] == "uncertain") & states["actions"].map(bool)]
    absent = states[~states["actions"].map(bool)]
    paragraphs.append(
        f"Not scored: {', '.join(unscored['state']) or 'none'} (uncertain)"
        + (f"; {', '.join(absent['state'])} (no current or connection is named: not simulated)" if len(absent) else "") + ".")
    return paragraphs


def _moved(real: pd.DataFrame, elsewhere: pd.DataFrame) -> str:
    here, there = scoring.overall(real[real["id"].isin(elsewhere["id"])]), scoring.overall(elsewhere)
    return (f"actions on other cells {there['most']} of {there['n']} (two turns each), where the published cells give "
            f"{here['most']} of {here['n']}")
