"""Build the table of cells: names, classes, kinds, sexes, roles, transmitters, aliases (needs ``cect``).

Names follow WormAtlas: neurons unpadded (CP1, VA1), muscles padded (MDL08). Cell lists and categories are those of
cect 0.3.5 (after Cook et al. 2019); transmitters are read straight from the two workbooks of Wang et al. 2024 that
cect carries, because cect's own ``Wang2024Reader`` stops one row early (and so leaves out SPVR).
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

# families of ventral-cord neurons that some sources write with two digits
NUMBERED = ("AS", "CA", "CP", "DA", "DB", "DD", "DX", "EF", "VA", "VB", "VC", "VD")

# Known to exist (Sulston, Albertson & Thomson 1980, Dev Biol 78:542; Wang 2024), absent from cect's list of cells
EXTRA_MALE_NEURONS = ("CP0", "DX4", "EF4")

_TRANSMITTERS = {"ACh": "acetylcholine", "Glu": "glutamate", "GABA": "GABA", "DA": "dopamine", "5-HT": "serotonin",
                 "5-HT (synthesis + uptake)": "serotonin", "tyramine": "tyramine",
                 "tyramine (synthesis + uptake)": "tyramine", "octopamine": "octopamine"}
_POSSIBLE = {"5-HT (alternative synthesis/uptake mechanism)": "serotonin", "5-HTP": "5-HTP",
             "5-HTP (synthesis) and 5-HT (uptake)": "5-HTP", "PEOH?": "phenylethanolamine",
             "unknown monoamine?": "unknown monoamine", "unknown monoamine": "unknown monoamine",
             "bas-1-depen unknown monoamine?": "unknown monoamine"}
_UPTAKE = {"betaine (uptake)": "betaine", "5-HT (uptake)": "serotonin", "GABA (uptake)": "GABA",
           "5-HTP (synthesis) and 5-HT (uptake)": "serotonin"}


def canonical_neuron(name: str) -> str:
    """CP01 -> CP1, VB09 -> VB9; every other name unchanged."""
    match = re.fullmatch(r"([A-Z]{2})0(\d)", name)
    return f"{match[1]}{match[2]}" if match and match[1] in NUMBERED else name


def natural(name: str) -> list:
    """Sort key that puts CP2 before CP10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def wang_rows(data: Path) -> dict[str, dict]:
    """Transmitters of every neuron from the supplementary workbooks 2 and 3 of Wang et al. 2024.

    Parameters
    ----------
    data : Path
        Folder ``cect/data``.

    Returns
    -------
    dict
        Canonical name -> ``class``, ``terms`` (the 1 to 3 entries, in the order given) and ``comment``.
    """
    from openpyxl import load_workbook

    pairs = {"DX1/2": ["DX1", "DX2"], "EF1/2": ["EF1", "EF2"], "DX3/4": ["DX3", "DX4"], "EF3/4": ["EF3", "EF4"],
             "DB1/3": ["DB1"], "DB3/1": ["DB3"]}
    found: dict[str, dict] = {}
    for file, sheet, first, last, shift in (("elife-95402-supp2-v1.xlsx", "Supp File 2", 5, 306, 0),
                                            ("elife-95402-supp3-v1.xlsx", "Supp File 3", 6, 103, 1)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            page = load_workbook(data / file)[sheet]
        group = ""
        for row in range(first, last + 1):
            group = str(page.cell(row, 2).value or group).strip(" *")
            written = page.cell(row, 3).value
            if written is None:
                continue
            name = pairs[written].pop(0) if written in pairs else str(written).strip()
            terms = [page.cell(row, column + shift).value for column in (21, 22, 23)]
            found[name] = {"class": name[:3] if group in ("RnA", "RnB") else group,
                           "terms": [re.sub(r"\s+", " ", str(t)).strip() for t in terms if t and str(t).strip()],
                           "comment": str(page.cell(row, 24 + shift).value or "").strip()}
    return found


def transmitters(terms: list[str]) -> dict[str, str]:
    """Sort Wang's entries for one cell into transmitter, cotransmitters, possible ones and uptake.

    An entry with an asterisk (dim and variable expression of the identity gene) is only possible, unless it is a
    classical transmitter and the cell has no clear one: then it is the transmitter, with certainty "variable".
    Betaine, GABA or serotonin that a cell only takes up is not its transmitter.
    """
    clear, possible, uptake, starred = [], [], [], []
    for term in terms:
        star = term.startswith("*")
        plain = re.sub(r"\s*(- NEW|\(new\))$", "", term.lstrip("*")).strip()
        if plain.lower().startswith("unknown (orphan"):
            continue
        if plain.startswith("male - "):
            continue
        if plain not in _TRANSMITTERS and plain not in _POSSIBLE and plain not in _UPTAKE:
            raise ValueError(f"Wang 2024: entry {term!r} is not known to build_cells.py; add it there")
        if plain in _TRANSMITTERS:
            (starred if star else clear).append(_TRANSMITTERS[plain])
        if plain in _POSSIBLE:
            possible.append(_POSSIBLE[plain])
        if plain in _UPTAKE:
            uptake.append(_UPTAKE[plain])
    certainty = "clear" if clear else "none"
    if not clear and starred:
        clear, starred, certainty = starred[:1], starred[1:], "variable"
    return {"transmitter": clear[0] if clear else "unknown", "cotransmitters": " + ".join(clear[1:]),
            "possible_transmitters": " + ".join(starred + possible), "uptake": " + ".join(uptake),
            "transmitter_certainty": certainty}


def male_difference(name: str, wang: dict) -> tuple[dict[str, str], str]:
    """What differs in the male, and why; only AIM and PVW differ in transmitter in Wang 2024."""
    if name in ("AIML", "AIMR"):
        if "AIM is cholinergic in the male" not in wang["comment"]:
            raise ValueError("Wang 2024: the comment on AIM changed; check the male's transmitter")
        return {"transmitter_male": "acetylcholine"}, "glutamate in the hermaphrodite, acetylcholine in the adult male"
    if any(t.startswith("male - 5-HT") for t in wang["terms"]):
        return {}, "male: anti-serotonin staining without a known pathway; serotonin possible in the male only"
    noted = [part.strip() for part in wang["comment"].split(";") if re.search(r"\bmales?\b(?!-)", part)]
    return {}, "; ".join(p for p in noted if len(p) < 160)


def neuron_role(name: str, cells, descriptions: dict[str, str]) -> str:
    """sensory, interneuron, motor, polymodal, or other; male neurons by what WormAtlas says of them."""
    if name in cells.SENSORY_NEURONS_COOK:
        return "sensory"
    if name in cells.INTERNEURONS_COOK:
        return "interneuron"
    if name in cells.MOTORNEURONS_COOK:
        return "motor"
    if name in cells.PHARYNGEAL_POLYMODAL_NEURONS:
        return "polymodal"
    if name in cells.UNKNOWN_FUNCTION_NEURONS:
        return "other"
    if name in cells.MALE_HEAD_SENSORY_NEURONS:
        return "sensory"
    text = descriptions.get(name, "").lower()
    if "sensory/motor" in text or "sensory-motor" in text:
        return "polymodal"
    if "motor neuron" in text or (name[:2] in ("CA", "CP") and "interneuron" not in text and name != "CP0"):
        return "motor"  # CA1-CA3, CA8, CA9, CP1-CP3 were not followed to their ends; the rest of the class is motor
    if "sens" in text or "ray" in text:
        return "sensory"
    return "other" if name == "CP0" else "interneuron"


def _muscle_role(name: str, cells) -> str:
    groups = {"body wall muscle": cells.BODY_WALL_MUSCLE_NAMES + cells.UNSPECIFIED_BODY_WALL_MUSCLES,
              "pharyngeal muscle": cells.PHARYNGEAL_MUSCLE_NAMES, "vulval muscle": cells.VULVAL_MUSCLE_NAMES,
              "uterine muscle": cells.UTERINE_MUSCLE_NAMES, "intestinal muscle": cells.INTESTINAL_MUSCLES,
              "anal muscle": cells.ANAL_SPHINCTER_MUSCLES}
    for role, names in groups.items():
        if name in names:
            return role
    note = cells.cell_notes[name].split(" (")[0]
    return note if note.endswith("muscle") else f"{note} muscle"


def _class_of(name: str, kind: str) -> str:
    if kind == "muscle" and re.fullmatch(r"M[DV][LR]\d\d", name):
        return name[:3]
    if re.fullmatch(r"R\d(st)[LR]", name):
        return "Rst"
    match = re.fullmatch(r"(dgl)[LR]\d|(pm\d)(?:D|VL|VR|_UNSPECIFIED)?|([uv]m\d)[AP][LR]|(mc\d|e\d)(?:D[LR]?|V[LR]?)"
                         r"|(g\d)[AP]?[LR]?|(GLR|CEPsh)[DV]?[LR]|([a-z]{3}|mu_int)[LR]", name)
    return next(g for g in match.groups() if g) if match else name


def spellings(name: str, kind: str) -> list[str]:
    """Other ways in which sources write the cell `name`."""
    match = re.fullmatch(r"([A-Z]{2})(\d)", name)
    if kind == "neuron" and match and match[1] in NUMBERED:
        return [f"{match[1]}0{match[2]}"]
    match = re.fullmatch(r"M([DV])([LR])(\d\d)", name)
    if match:
        belly, side, number = match[1], match[2], match[3]
        old = f"{belly.lower()}BWM{side}"
        short = [f"M{belly}{side}{int(number)}", f"{old}{int(number)}"] if number[0] == "0" else []
        return [*short, f"{old}{number}", f"BWM-{belly}{side}{number}"]
    fixed = {"mu_anal": ["MANAL"], "g1P": ["g1p"], "exc_gl": ["excgl"], "BWM": ["LegacyBodyWallMuscles"]}
    if name in fixed:
        return fixed[name]
    match = re.fullmatch(r"(R\d)st([LR])", name)
    if match:
        return [f"{match[1]}sh{match[2]}"]
    if re.fullmatch(r"(pm|mc)\d(D|V)[LR]?", name):
        return [name.lower()]
    return []


def build(data: Path) -> list[dict[str, str]]:
    """Rows of the table of cells, in canonical order (neurons, muscles, others; each in natural order)."""
    import csv

    from cect import Cells as cells

    wang = wang_rows(data)
    with open(data / "all_cell_info.csv", newline="", encoding="utf-8") as file:
        descriptions = {canonical_neuron(row["Cell name"]): row["Classification"] for row in csv.DictReader(file)}
    neurons = {canonical_neuron(n) for n in cells.ALL_PREFERRED_NEURON_NAMES} | set(EXTRA_MALE_NEURONS)
    if neurons != set(wang):
        raise ValueError(f"cect and Wang 2024 disagree on which neurons there are: {sorted(neurons ^ set(wang))}")
    male = {canonical_neuron(n) for n in cells.MALE_SPECIFIC_NEURONS} | set(EXTRA_MALE_NEURONS)
    male |= set(cells.MALE_SPECIFIC_MUSCLES) | set(cells.MALE_SPECIFIC_OTHER_CELLS)
    hermaphrodite = set(cells.HERM_SPECIFIC_MOTORNEURONS) | set(cells.VULVAL_MUSCLE_NAMES)
    hermaphrodite |= set(cells.UTERINE_MUSCLE_NAMES)
    # MANAL is an older name of mu_anal, MVULVA a pool of the vulval muscles: neither is a cell of its own
    muscles = set(cells.PREFERRED_MUSCLE_NAMES) - {"MANAL", "MVULVA"}
    others = set(cells.ALL_NON_NEURON_MUSCLE_CELLS)
    rows = []
    for kind, names in (("neuron", neurons), ("muscle", muscles), ("other", others)):
        for name in sorted(names, key=natural):
            row = {"name": name, "cell_class": _class_of(name, kind), "kind": kind,
                   "sex": "male" if name in male else "hermaphrodite" if name in hermaphrodite else "both",
                   "transmitter": "", "cotransmitters": "", "possible_transmitters": "", "uptake": "",
                   "transmitter_certainty": "", "transmitter_male": "", "cotransmitters_male": "", "note": ""}
            if kind == "neuron":
                row["cell_class"] = wang[name]["class"]
                row["role"] = neuron_role(name, cells, descriptions)
                row |= transmitters(wang[name]["terms"])
                row["transmitter_male"], row["cotransmitters_male"] = row["transmitter"], row["cotransmitters"]
                change, row["note"] = male_difference(name, wang[name])
                row |= change
            else:
                role = _muscle_role(name, cells) if kind == "muscle" else cells.cell_notes[name].split(" (")[0]
                row["role"] = role
            row["aliases"] = " ".join(spellings(name, kind))
            rows.append(row)
    return rows
