"""Build the tables of predicted synapse signs and receptors (Fenyves 2020) and of soma positions.

The workbook comes in ``wormneuroatlas``, the positions in ``cect``.
"""

from __future__ import annotations

from pathlib import Path

RECEPTOR_CLASSES = (("glutamate", "+"), ("glutamate", "-"), ("acetylcholine", "+"), ("acetylcholine", "-"),
                    ("GABA", "+"), ("GABA", "-"))
_TRANSMITTERS = {"Glu": "glutamate", "ACh": "acetylcholine", "GABA": "GABA"}
_PREDICTIONS = {"+": "+", "-": "-", "complex": "both", "no pred": "unknown"}


def _names(written: object) -> str:
    """'GluACh' or 'Glu, ACh' -> 'glutamate + acetylcholine'; nothing known -> ''."""
    return " + ".join(full for short, full in _TRANSMITTERS.items() if short in str(written or ""))


def build_fenyves(workbook: Path, canonical: dict[str, str]) -> tuple[list[dict], list[dict], list[dict]]:
    """Signs of edges, receptor genes of neurons, and sign of each receptor gene.

    Parameters
    ----------
    workbook : Path
        ``journal.pcbi.1007974.s003.xlsx``, S3 data of Fenyves et al. 2020.
    canonical : dict
        Every accepted spelling to the canonical name.

    Returns
    -------
    signs : list of dict
        ``pre``, ``post``, ``contacts``, ``transmitters``, ``prediction`` (+, -, both, unknown).
    receptors : list of dict
        ``cell``, ``genes`` (joined by a blank; empty when none is known).
    genes : list of dict
        ``gene``, ``transmitter``, ``sign``.
    """
    from openpyxl import load_workbook

    book = load_workbook(workbook, data_only=True, read_only=True)
    order = {name: i for i, name in enumerate(dict.fromkeys(canonical.values()))}

    genes = []
    for row in book["2. Receptor gene table"].iter_rows(min_row=2, max_col=6, values_only=True):
        genes += [{"gene": str(gene).strip(), "transmitter": transmitter, "sign": sign}
                  for gene, (transmitter, sign) in zip(row, RECEPTOR_CLASSES, strict=True) if gene]
    genes.sort(key=lambda g: (g["transmitter"], g["sign"], g["gene"]))
    known = {g["gene"] for g in genes}

    receptors = []
    for row in book["3. Receptor Gene expression"].iter_rows(min_row=2, values_only=True):
        if row[0]:
            found = sorted({str(gene).strip() for gene in row[1:] if gene and str(gene).strip() in known})
            receptors.append({"cell": canonical[str(row[0]).strip()], "genes": " ".join(found)})
    receptors.sort(key=lambda r: order[r["cell"]])

    signs = []
    for row in book["5. Sign prediction"].iter_rows(min_row=3, max_col=17, values_only=True):
        if not row[0]:
            continue
        written = [_names(row[1]), _names(row[2])]
        signs.append({"pre": canonical[str(row[0]).strip()], "post": canonical[str(row[3]).strip()],
                      "contacts": float(row[4]), "transmitters": " + ".join(w for w in written if w),
                      "prediction": _PREDICTIONS[str(row[16]).strip()]})
    signs.sort(key=lambda s: (order[s["pre"]], order[s["post"]]))
    if len({(s["pre"], s["post"]) for s in signs}) != len(signs):
        raise ValueError("Fenyves 2020: an edge is listed twice")
    return signs, receptors, genes


def build_positions(network: Path, canonical: dict[str, str], neurons: set[str]) -> list[dict]:
    """Soma positions (um) of the neurons in one NeuroML network that cect carries under the MIT licence."""
    from xml.etree import ElementTree

    root = ElementTree.parse(network).getroot()
    space = root.tag[: root.tag.index("}") + 1]
    order = {name: i for i, name in enumerate(dict.fromkeys(canonical.values()))}
    rows = []
    for population in root.iter(space + "population"):
        name = canonical.get(population.get("id", ""))
        if name in neurons:
            place = next(population.iter(space + "location"))
            rows.append({"cell": name} | {f"{axis}_um": float(place.get(axis)) for axis in "xyz"})
    return sorted(rows, key=lambda r: order[r["cell"]])
