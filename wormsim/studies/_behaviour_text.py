"""What the report of the closed-loop ablations says in words; every number comes from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..behaviour_evidence import ASSUMED, BY_CONSTRUCTION, NOT_EXPRESSIBLE, SCORED, UNCERTAIN
from ..effects import ENHANCED_ABOVE, IMPAIRED_BELOW, LEAST_INDIVIDUALS, LOST_BELOW, NO_PREDICTION
from ._behaviour_controls import ALL, BINARY, EXACT
from ._behaviour_scores import CONTACTS, REAL, pair_table

if TYPE_CHECKING:
    import pandas as pd

CONTROLS = {
    "degree shuffle": "every cell keeps its number of inputs, outputs and gap junctions, what it sends out and the signs of it; its partners "
    "are drawn by chance. Calibrated on intact animals in the same way, and cells removed as with the real wiring. Compared by medians, with "
    "the real ensemble cut to as many individuals.",
    CONTACTS: "no simulation: with more contacts than a threshold, found without the line in question, a removal changes the behaviour. It "
    "knows no direction and is given the published one, which is generous.",
    "always 'normal'": "no simulation: nothing that is removed matters.",
}
CAPTIONS = {
    "published_rows": "Every line of the published table: what it lets expect, what the ensemble says, misses first. left: median over "
    "individuals of what is left of the response, with its interval; individuals and intact: how many of them were compared, and show it when "
    "intact; animals and failed count animals; result 'degree': changed the right way, but lost "
    "where impaired was published or the reverse. Lines that are not scored stand last, with the reason (basis).",
    "confusion": "Published categories (rows) against the verdicts (columns) over the scored lines, in published rows: a row with several "
    "lines counts once.",
    "specific_pairs": "One manipulation, two behaviours: one published as changed, the other as normal ('assumed': our reading). A hit has "
    "both right.",
}


def summary_text(verdicts: pd.DataFrame, scores: pd.DataFrame) -> list[str]:
    """Paragraphs of the report, the answer first.

    Parameters
    ----------
    verdicts : DataFrame
        From :func:`wormsim.studies._behaviour_scores.verdict_table`.
    scores : DataFrame
        The scorecard (:func:`wormsim.studies.score_table`).
    """
    return [
        _answer(verdicts, scores),
        _misses(verdicts),
        _by_behaviour(scores),
        _controls(scores),
        _specific(verdicts),
        _apart(verdicts),
        _not_scored(verdicts),
        _margins(),
    ]


def _answer(verdicts: pd.DataFrame, scores: pd.DataFrame) -> str:
    scored = verdicts[verdicts["role"] == SCORED]
    rows = scored["id"].str.partition("/")[0].nunique()
    changed, exact = (_one(scores, metric, ALL, REAL) for metric in (BINARY, EXACT))
    counts = scored["result"].value_counts()
    said = ", ".join(f"{int(counts.get(name, 0))} {text}" for name, text in (
        ("hit", "hits"), ("degree", "changed the published way in another degree"), ("miss", "misses"), (NO_PREDICTION, "without a prediction")))
    return (
        f"**Score.** Changed or normal, balanced accuracy over the {len(scored)} lines ({rows} published rows) that the assays can show: "
        f"{_ci(changed)}; chance is {changed.floor:.2f}. In four categories: {_ci(exact)}; chance {exact.floor:.2f}. Lines: {said}. "
        "Nothing in the calibration has seen these rows."
    )


def _misses(verdicts: pd.DataFrame) -> str:
    scored = verdicts[verdicts["role"] == SCORED]
    parts = []
    for name, title in (("miss", "Misses"), (NO_PREDICTION, "Without a prediction"), ("degree", "In another degree"), ("hit", "Hits")):
        here = scored[scored["result"] == name]
        # one item a reason: it is the same for many lines
        groups = [(title, here)]
        if name == NO_PREDICTION and len(here):
            groups = [(f"{title}, {why}", rows) for why, rows in here.groupby("why", sort=False)]
        parts += [f"{what}: {'; '.join(_line(row, name) for row in rows.to_dict('records')) or 'none'}." for what, rows in groups]
    return _listed("**Rows.**", parts)


def _line(row: dict, result: str) -> str:
    text = f"{row['id']} {row['cells']}, {row['behaviour']} ({row['expected']}"
    return f"{text}, the model says {row['model says']}, {row['left']:.2f} left)" if result in ("miss", "degree") else f"{text})"


def _by_behaviour(scores: pd.DataFrame) -> str:
    rows = scores[(scores["metric"] == BINARY) & (scores["control"] == REAL) & (scores["group"] != ALL)]
    said = []
    for row in rows.itertuples():
        floor = "one class only, so that a constant guess gets all" if row.floor == 1 else f"chance {row.floor:.2f}"
        said.append(f"{row.group} {row.value:.2f} of {int(row.n)} lines ({floor})")
    return f"**By behaviour**, changed or normal: {'; '.join(said)}."


def _controls(scores: pd.DataFrame) -> str:
    rows = scores[(scores["metric"] == BINARY) & (scores["group"] == ALL) & (scores["control"] != REAL)]
    differences = scores[scores["metric"] == f"{BINARY}_difference"].set_index("control")
    parts = []
    for row in rows.itertuples():
        if row.value != row.value:
            parts.append(f"{row.control}: {row.verdict}")
            continue
        text = f"{row.control}: {row.value:.2f} ({row.verdict})"
        if (name := f"{REAL} minus {row.control}") in differences.index:
            d = differences.loc[name]
            text += f"; the real wiring **{d['verdict']}**, difference {_ci(d)}"
        parts.append(text)
    return (f"**Controls**, the same lines, changed or normal. {'. '.join(p[0].upper() + p[1:] for p in parts)}. Differences are of medians, "
            "so that both sides always say something. Intervals are bootstraps over manipulations; a class that rests on one of them counts as 0 in "
            "the lower bound and 1 in the upper.")


def _specific(verdicts: pd.DataFrame) -> str:
    pairs = pair_table(verdicts)
    if pairs.empty:
        return "**Specific losses.** No manipulation has both a behaviour that changes and one that does not."
    right = pairs[pairs["result"] == "hit"]
    named = "; ".join(f"{r['cells']}: {r['changed']} {r['says']}, {r['normal']} {r['says of it']}" for r in pairs.to_dict("records"))
    return (f"**Specific losses.** {len(right)} of {len(pairs)} pairs of a published loss and a behaviour that the same removal spares are "
            f"right in both: {named}. That the other is spared is our reading in {int((pairs['normal is'] == ASSUMED).sum())} of them.")


def _apart(verdicts: pd.DataFrame) -> str:
    built = verdicts[verdicts["role"] == BY_CONSTRUCTION]
    named = "; ".join(f"{r['id']} {r['cells']} ({r['expected']}, the model says {r['model says']})" for r in built.to_dict("records"))
    return f"**Never scored**, since the assay drives or reads these very cells: {named or 'none'}."


def _not_scored(verdicts: pd.DataFrame) -> str:
    counts, reasons = [], []
    for role, title in ((NOT_EXPRESSIBLE, "cannot be expressed"), (UNCERTAIN, "could not be confirmed or have no clear direction")):
        here = verdicts[verdicts["role"] == role]
        counts.append(f"{len(here)} {title}")
        reasons += [f"{', '.join(part['id'])} ({role}): {basis}." for basis, part in here.groupby("basis", sort=False)]
    return _listed(f"**Not run.** Of the {len(verdicts)} lines {' and '.join(counts)}:", reasons)


def _listed(title: str, parts: list[str]) -> str:
    """A title with a markdown list below it."""
    return "\n".join([title, "", *(f"- {part}" for part in parts)])


def _margins() -> str:
    return (
        f"**What the words mean.** Every animal is compared with itself. Less than {LOST_BELOW:g} of the response left is lost, less than "
        f"{IMPAIRED_BELOW:g} impaired, more than {ENHANCED_ABOVE:.2f} enhanced; the whole interval of the median has to lie there (across lost "
        f"and impaired it counts as impaired), in {LEAST_INDIVIDUALS} individuals or more; animals of one individual, which share its "
        "signs and strength factors, are one number, their median. The margins were chosen before any run, are the same for "
        "measures that came in later (`turns_round`, `turns_tried`), and are measured by nobody."
    )


def _one(scores: pd.DataFrame, metric: str, group: str, control: str):
    return scores[(scores["metric"] == metric) & (scores["group"] == group) & (scores["control"] == control)].iloc[0]


def _ci(row) -> str:
    return f"{row['value']:.2f} (95 % interval {row['low']:.2f} to {row['high']:.2f})"
