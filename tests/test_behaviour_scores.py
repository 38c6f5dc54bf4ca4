"""The scorecard of the closed-loop ablations, on animals whose answers are made up."""

import csv

import numpy as np
import pandas as pd
import pytest

from wormsim.behaviour_evidence import COLUMNS, RUN, case_of, contacts_of, read_behaviour
from wormsim.calibrated import OTHERS
from wormsim.circuit import load_circuit
from wormsim.effects import MEASURES
from wormsim.errors import InputError
from wormsim.studies import score_table
from wormsim.studies._behaviour_controls import ALL, BINARY, EXACT, contact_guess, score_rows
from wormsim.studies._behaviour_scores import (
    CONTACTS,
    REAL,
    Scoring,
    as_change,
    confusion_table,
    pair_table,
    result,
    verdict_table,
)
from wormsim.studies._behaviour_text import summary_text

LEFT = {"lost": 0.0, "impaired": 0.5, "normal": 1.0, "enhanced": 1.25}
# id, behaviour, measure, cells, expected, role
LINES = [
    ("A/1", "turning", "turn_success", "R1", "lost", "scored"),
    ("A/2", "vulva location", "vulva_stop", "R1", "normal", "scored"),
    ("B", "turning", "turn_success", "R2", "impaired", "scored"),
    ("C", "turning", "turn_success", "R3", "normal", "scored"),
    ("D", "vulva location", "vulva_stop", "R4", "lost", "scored"),
    ("D/turn", "turning", "turn_success", "R4", "normal", "assumed"),
    ("E", "turning", "turn_success", "R5", "lost", "by construction"),
    ("F", "eating", "", "", "", "not expressible"),
    ("G", "turning", "", "", "", "uncertain"),
]


@pytest.fixture
def evidence(tmp_path):
    with open(tmp_path / "mine.csv", "w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="")
        table.writeheader()
        for i, behaviour, measure, cells, expected, role in LINES:
            table.writerow({"id": i, "behaviour": behaviour, "assay": "mating" if cells else "", "measure": measure, "cells": cells,
                            "manipulation": "ablate" if cells else "", "expected": expected, "role": role, "basis": f"reason {i}",
                            "confidence": "high", "provenance": "from memory" if i == "C" else "found", "source": "a paper"})
    return read_behaviour(tmp_path / "mine.csv")


def values(evidence, says, wiring=REAL, animals=20, intact=0.7):
    """Animals in which every line comes out as `says` has it (a category, or a share left), all else as expected."""
    rows = []
    lines = evidence[evidence["role"].isin(RUN)]
    for measure in set(lines["measure"]):
        rows += [(wiring, a, "mating", "intact", measure, intact) for a in range(animals)]
    for i, row in lines.iterrows():
        left = says.get(i, row["expected"])
        left = LEFT[left] if isinstance(left, str) else left
        value = intact + 0.3 if left == 1.25 else intact * left
        rows += [(wiring, a, "mating", case_of(row), row["measure"], value) for a in range(animals)]
    return pd.DataFrame(rows, columns=["wiring", "animal", "assay", "case", "measure", "value"])


def scoring(evidence, says, *others, contacts=None, **rest):
    contacts = contacts or {f"ablate R{k}": float(10 * k) for k in range(1, 6)}
    return Scoring(pd.concat([values(evidence, says), *others], ignore_index=True), evidence, contacts, **rest)


def card(s):
    verdicts = verdict_table(s)
    return verdicts, score_table(score_rows(s, verdicts))


def one(scores, metric, group=ALL, control=REAL):
    found = scores[(scores["metric"] == metric) & (scores["group"] == group) & (scores["control"] == control)]
    assert len(found) == 1, (metric, group, control)
    return found.iloc[0]


def test_results_in_words():
    assert [result("lost", said) for said in ("lost", "impaired", "normal", "enhanced", "no prediction")] == [
        "hit", "degree", "miss", "miss", "no prediction"]
    assert result("enhanced", "impaired") == "miss"
    assert result("normal", "enhanced") == "miss"
    truth, guess = as_change(["lost", "lost", "normal", "normal", "enhanced"], ["enhanced", "impaired", "enhanced", "normal", "lost"])
    assert truth.tolist() == ["changed", "changed", "normal", "normal", "changed"]
    assert guess.tolist() == ["wrong way", "changed", "changed", "normal", "wrong way"]


def test_all_right_scores_one_and_constant_guesses_the_floor(evidence):
    verdicts, scores = card(scoring(evidence, {}))
    assert set(verdicts[verdicts["role"].isin(RUN)]["result"]) == {"hit"}
    # impaired rests on one manipulation, so that it may be anything: the lower bound in categories is 2/3
    for metric, floor, low in ((EXACT, 1 / 3, 2 / 3), (BINARY, 1 / 2, 1)):
        row = one(scores, metric)
        assert row[["value", "low", "floor", "n"]].tolist() == pytest.approx([1, low, floor, 5])
        assert row["verdict"] == "5 of 5 lines right; above chance"
        assert one(scores, metric, control="always 'normal'")["value"] == pytest.approx(floor)
        assert one(scores, metric, control="the commonest guess, always 'lost'")["value"] == pytest.approx(floor)
    assert one(scores, "by_construction_as_expected")["value"] == 1
    assert one(scores, "specific_pairs")["value"] == 1


def test_misses_by_hand(evidence):
    # A/1 right, A/2 wrong (weights one half each); B in degree; C right; D the wrong way
    s = scoring(evidence, {"A/2": "impaired", "B": "lost", "D": "enhanced"})
    verdicts, scores = card(s)
    said = verdicts.set_index("id")["result"]
    assert said[["A/1", "A/2", "B", "C", "D"]].tolist() == ["hit", "miss", "degree", "hit", "miss"]
    assert verdicts["id"].tolist()[:5] == ["A/2", "D", "B", "A/1", "C"], "misses first"
    # changed: A/1 (0.5), B (1), D (1, the wrong way): 1.5/2.5; normal: A/2 (0.5, no), C (1): 1/1.5
    assert one(scores, BINARY)["value"] == pytest.approx((1.5 / 2.5 + 1 / 1.5) / 2)
    # lost: A/1 (0.5), D (1, no): 1/3; impaired: B (no): 0; normal: 2/3
    assert one(scores, EXACT)["value"] == pytest.approx((1 / 3 + 0 + 2 / 3) / 3)
    assert one(scores, BINARY, "vulva location")["value"] == 0
    turning = one(scores, BINARY, "turning")
    assert (turning["value"], turning["n"]) == (1, 3)
    assert one(scores, f"{BINARY}_found_in_source_only")["value"] == pytest.approx((1.5 / 2.5 + 0) / 2)
    assert one(scores, f"{BINARY}_with_assumed")["n"] == 6
    table = confusion_table(verdicts).set_index("published")
    assert table.loc["lost"].tolist() == [0.5, 0, 0, 1, 0]
    assert table.loc["normal"].tolist() == [0, 0.5, 1, 0, 0]
    assert table.to_numpy().sum() == 4, "four published rows"


def test_no_prediction_is_a_miss_and_says_why(evidence):
    s = scoring(evidence, {})
    thrown = s.values[~((s.values["case"] == "ablate R2") & (s.values["animal"] > 3))]
    s = Scoring(thrown, evidence, s.contacts)
    verdicts, scores = card(s)
    row = verdicts.set_index("id").loc["B"]
    assert (row["model says"], row["median says"], row["animals"], row["failed"]) == ("no prediction", "impaired", 4, 16)
    assert row["why"] == "16 of 20 animals failed after the manipulation"
    assert one(scores, BINARY)["value"] == pytest.approx((1.5 / 2.5 + 1) / 2)
    assert one(scores, f"{BINARY}_of_medians")["value"] == 1
    decided = one(scores, f"{BINARY}_decided_only")
    assert (decided["value"], decided["n"]) == (1, 4)
    s = Scoring(s.values[s.values["case"] != "ablate R2"], evidence, s.contacts)
    assert verdict_table(s).set_index("id").loc["B", "why"] == "ablate R2 not run in mating"


def test_pairs_want_both_right(evidence):
    pairs = pair_table(verdict_table(scoring(evidence, {})))
    assert pairs["ids"].tolist() == ["A/1, A/2", "D, D/turn"]
    assert pairs["normal is"].tolist() == ["scored", "assumed"]
    assert pairs["result"].tolist() == ["hit", "hit"]
    unspecific = pair_table(verdict_table(scoring(evidence, {"D/turn": "lost"})))
    assert unspecific["result"].tolist() == ["hit", "miss"]


def test_contacts_alone_by_hand():
    contacts, changed = [1, 2, 3, 12, 20, 30], [False, False, False, True, True, True]
    assert contact_guess(contacts, changed, range(6)).tolist() == ["normal"] * 3 + ["changed"] * 3
    # without the line itself the border lies half way from 3 to 20, and 11 is below it
    assert contact_guess([1, 2, 3, 11, 20, 30], changed, range(6)).tolist()[3] == "normal"
    # a lone changed row has nothing to learn from: the others are all normal, and so is it said to be
    assert contact_guess([1, 2, 100], [False, False, True], range(3)).tolist()[2] != "changed"
    assert contact_guess([1, 2, np.nan], [False, True, True], range(3)).tolist()[2] == "no prediction"


def test_a_line_has_no_part_in_its_own_threshold():
    rng = np.random.default_rng(0)
    contacts, changed = rng.uniform(size=40), rng.uniform(size=40) < 0.5
    groups = np.arange(40) // 2
    before = contact_guess(contacts, changed, groups)
    for k in range(0, 40, 7):
        flipped = changed.copy()
        flipped[groups == groups[k]] ^= True
        assert contact_guess(contacts, flipped, groups)[k] == before[k]


def test_contacts_in_the_scorecard(evidence):
    _, scores = card(scoring(evidence, {}, contacts={"ablate R1": 50.0, "ablate R2": 60.0, "ablate R3": 1.0, "ablate R4": 70.0}))
    # border without A 30.5: A/1 right, A/2 wrong; without C 55 (0.9 of the others): right; without D 25.5 or 55 (0.83 each): right;
    # without B 25.5 or 60 (0.83 each), of which the middle one is 60: R2 is not above it, wrong
    row = one(scores, BINARY, control=CONTACTS)
    assert row["value"] == pytest.approx((1.5 / 2.5 + 1 / 1.5) / 2)
    assert one(scores, f"{BINARY}_difference", control=f"{REAL} minus {CONTACTS}")["value"] == pytest.approx(1 - row["value"])


def test_shuffles_are_ranked_at_equal_size(evidence):
    says = {"A/1": "normal", "B": "normal", "D": "normal"}
    others = [values(evidence, says, f"degree shuffle {k}", animals=6) for k in range(3)]
    others.append(values(evidence, {}, "degree shuffle 3", animals=2))
    s = scoring(evidence, {}, *others, planned={"degree shuffle": 5})
    _, scores = card(s)
    row = one(scores, BINARY, control="degree shuffle")
    assert (row["value"], row["low"], row["high"], row["n"]) == (0.5, 0.5, 0.5, 3)
    assert row["verdict"] == ("the real wiring ranks 1 of 4 (1.00 by medians of 6 individuals); 2 of 5 could not be calibrated to 4 individuals "
                              "and are not scored")
    d = one(scores, f"{BINARY}_difference", control=f"{REAL} minus degree shuffle")
    assert (d["value"], d["verdict"]) == (0.5, "beats it")


def test_only_as_many_real_animals_are_compared_as_a_control_has(evidence):
    """The first four real animals lose nothing without R2, the other sixteen do as was published."""
    shuffled = values(evidence, {}, "degree shuffle 0", animals=4)
    s = scoring(evidence, {}, shuffled)
    early = (s.values["wiring"] == REAL) & (s.values["case"] == "ablate R2") & (s.values["animal"] < 4)
    s = Scoring(s.values.assign(value=s.values["value"].mask(early, 0.7)), evidence, s.contacts)
    _, scores = card(s)
    assert one(scores, f"{BINARY}_of_medians")["value"] == 1
    assert one(scores, f"{BINARY}_difference", control=f"{REAL} minus degree shuffle")["value"] == pytest.approx((1.5 / 2.5 - 1) / 2)


def of_individuals(table, count):
    """The same animals as those of so many individuals."""
    return table.assign(animal=table["animal"] % count + OTHERS * (table["animal"] // count))


def test_animals_of_few_individuals_are_no_ensemble(evidence):
    """Twenty real animals of ten individuals say nothing, and a shuffle of eight animals of two is not scored."""
    real = of_individuals(values(evidence, {}), 10)
    s = Scoring(pd.concat([real, of_individuals(values(evidence, {}, "degree shuffles", animals=8), 2)]), evidence, {})
    verdicts, scores = card(s)
    run = verdicts[verdicts["role"].isin(RUN)]
    assert set(run["result"]) == {"no prediction"}
    assert run[["individuals", "animals"]].drop_duplicates().to_numpy().tolist() == [[10, 20]]
    assert one(scores, BINARY, control="degree shuffles")["verdict"] == "2 individuals: with fewer than 4 it is not scored"
    cut = s.effects(REAL, s.lines("scored"), 3)
    assert {(e.individuals, e.animals) for e in cut} == {(3, 6)}  # all animals of the first three


def test_a_control_that_does_as_well_is_not_beaten(evidence):
    _, scores = card(scoring(evidence, {}, values(evidence, {}, "no neuron-neuron wiring", animals=8)))
    assert one(scores, BINARY, control="no neuron-neuron wiring")["value"] == 1
    d = one(scores, f"{BINARY}_difference", control=f"{REAL} minus no neuron-neuron wiring")
    assert (d["value"], d["verdict"]) == (0, "does not beat it")


def test_lines_that_a_control_did_not_run_are_left_out_on_both_sides(evidence):
    other = values(evidence, {}, "no proprioception", animals=8)
    other = other[other["measure"] == "turn_success"]
    _, scores = card(scoring(evidence, {"D": "normal"}, other))
    row = one(scores, BINARY, control="no proprioception")
    assert (row["value"], row["n"]) == (1, 3)
    assert "2 lines that it did not run are left out" in row["verdict"]
    assert one(scores, f"{BINARY}_difference", control=f"{REAL} minus no proprioception")["value"] == 0


def test_shuffles_that_were_never_calibrated_are_said_to_be(evidence):
    _, scores = card(scoring(evidence, {}, planned={"degree shuffle": 4}))
    row = one(scores, BINARY, control="degree shuffle")
    assert np.isnan(row["value"])
    assert row["verdict"] == "4 of 4 could not be calibrated to 4 individuals and are not scored"


def test_text_names_misses_and_reasons(evidence):
    verdicts, scores = card(scoring(evidence, {"D": "normal"}, values(evidence, {}, "degree shuffle 0", animals=8), planned={"degree shuffle": 1}))
    text = "\n".join(summary_text(verdicts, scores))
    assert "Misses: D R4, vulva location (lost, the model says normal, 1.00 left)." in text
    assert "- F (not expressible): reason F." in text
    assert "- G (uncertain): reason G." in text
    assert "Degree shuffle: 1.00" in text
    assert "E R5 (lost, the model says lost)" in text
    assert "nan" not in text


def test_bad_values(evidence):
    good = values(evidence, {})
    with pytest.raises(InputError, match=r"missing column.*assay"):
        Scoring(good.drop(columns="assay"), evidence, {})
    with pytest.raises(InputError, match="stands twice"):
        Scoring(pd.concat([good, good.head(1)]), evidence, {})
    with pytest.raises(InputError, match="no 'real wiring'"):
        Scoring(good.assign(wiring="degree shuffle 0"), evidence, {})
    only = evidence[evidence["role"] == "not expressible"]
    with pytest.raises(InputError, match="none of the published rows"):
        verdict_table(Scoring(good, only, {}))


@pytest.mark.parametrize(("name", "circuit"), [("male_behaviour", "whole_male"), ("hermaphrodite_behaviour", "whole_hermaphrodite")])
def test_packaged_tables_give_a_whole_scorecard(name, circuit):
    """Every line of the packaged tables, from animals that do what was published: all hits, and a page of text."""
    table = read_behaviour(name)
    rows = []
    for _, row in table[table["role"].isin(RUN)].iterrows():
        m = MEASURES[row["measure"]]
        intact = m.sign * m.least * 1.2
        after = intact * LEFT[row["expected"]] if row["expected"] != "enhanced" else intact + m.sign * (m.rise or m.least) * 1.1
        for a in range(16):
            rows += [(REAL, a, row["assay"], "intact", row["measure"], intact), (REAL, a, row["assay"], case_of(row), row["measure"], after)]
    columns = ["wiring", "animal", "assay", "case", "measure", "value"]
    s = Scoring(pd.DataFrame(rows, columns=columns).drop_duplicates(columns[:-1]), table, contacts_of(table, load_circuit(circuit)))
    verdicts, scores = card(s)
    assert set(verdicts.loc[verdicts["role"].isin(RUN), "result"]) == {"hit"}
    assert one(scores, BINARY)["value"] == one(scores, EXACT)["value"] == 1
    assert scores["value"].between(-1, 1).all()
    text = summary_text(verdicts, scores)
    assert all(len(part) > 40 for part in text)
    for i in table.index:
        assert i in "\n".join(text) or table.loc[i, "role"] == "assumed", i
