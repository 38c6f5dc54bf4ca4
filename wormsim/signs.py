"""Signs of chemical synapses: what is known, from where, and how surely. An unknown sign is missing, never
guessed.

Every chemical edge belongs to a sign group, ``"<pre class>-><post class>"``: cells of a class share
transmitter and receptors, so a model draws one sign a group. Where members of a class use different
transmitters (CP1-4 and CP5-6), the group says which: ``"CP[acetylcholine]->MVL"``. The rules are in
:mod:`wormsim.sign_rules`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from . import sign_rules as rules
from .errors import InputError, warn_data
from .names import split_transmitters
from .sign_rules import Rule

if TYPE_CHECKING:
    import pandas as pd

    from .connectome import Connectome

SIGN_COLUMNS = ("sign", "sign_source", "sign_certainty", "sign_group")


def assign_signs(connectome: Connectome) -> Connectome:
    """Give every chemical edge a sign, its source, its certainty and its group.

    Parameters
    ----------
    connectome : Connectome
        Its cells' ``transmitter`` (and ``cotransmitters``, ``transmitter_certainty`` where there are such
        columns) say what is released; where a column ``sign`` is there already (a user's table), signs in it
        are kept with source ``"given"`` and certainty 1.

    Returns
    -------
    Connectome
        The same, with edge columns ``sign`` (Int8: 1, -1 or missing), ``sign_source`` (the rule's key),
        ``sign_certainty`` (probability that the sign is right; 0.5 where it is missing) and ``sign_group``;
        all missing for edges that are not chemical.

    Raises
    ------
    InputError
        A given sign that is not 1, -1 or missing.
    """
    import numpy as np
    import pandas as pd

    edges = connectome.edges
    rows = np.flatnonzero((edges["kind"] == "chemical").to_numpy())
    pre, post = connectome.pre_index[rows], connectome.post_index[rows]
    profile = _profiles(connectome.cells)
    label = _pre_labels(connectome.cells, profile)
    classes = _classes(connectome.cells)
    pairs = pd.MultiIndex.from_arrays([label[pre], classes[post]])
    code, unique = pd.factorize(pairs)
    members: list[list[int]] = [[] for _ in unique]
    for i, j in zip(code.tolist(), post.tolist(), strict=True):
        members[i].append(j)
    first = np.full(len(unique), -1)
    first[code[::-1]] = pre[::-1]
    other_sex = connectome.provenance.get("sex") == "male"
    names, kinds = connectome.cells.index.to_numpy(dtype=object), connectome.cells["kind"].to_numpy(dtype=object)
    found = []
    for i, (_, post_class) in enumerate(unique):
        targets = set(members[i])
        rule = _rule(classes[first[i]], profile[first[i]], post_class, {kinds[t] for t in targets},
                     tuple(sorted(names[t] for t in targets)), other_sex)
        found.append(rule)
    sign = np.array([0 if r.sign is None else r.sign for r in found], dtype=np.int8)[code]
    source = np.array([r.key for r in found], dtype=object)[code]
    certainty = np.array([r.certainty for r in found])[code]
    group = np.array([f"{a}->{b}" for a, b in unique], dtype=object)[code]
    if "sign" in edges.columns:
        given = edges["sign"].to_numpy(dtype=float, na_value=np.nan)[rows]
        if "sign_source" in edges.columns:  # signed before: only what a user gave outlives a new assignment
            given[(edges["sign_source"] != "given").to_numpy()[rows]] = np.nan
        wrong = np.flatnonzero(~np.isnan(given) & ~np.isin(given, (-1.0, 1.0)))
        for i in wrong:
            row = edges.iloc[rows[i]]
            raise InputError(f"{connectome.name}: edge row {edges.index[rows[i]]} ({row['pre']} -> {row['post']}) has "
                             f"sign {given[i]:g}; give 1, -1 or nothing")
        own = ~np.isnan(given)
        sign[own] = given[own].astype(np.int8)
        source[own], certainty[own] = "given", 1.0
        group[own] = [f"{names[a]}->{names[b]} (given)" for a, b in zip(pre[own], post[own], strict=True)]
    return connectome.with_edges(edges.assign(**_columns(len(edges), rows, sign, source, certainty, group)))


def _columns(n: int, rows, sign, source, certainty, group) -> dict[str, object]:
    import numpy as np
    import pandas as pd

    known = np.zeros(n, dtype=np.int8)
    mask = np.ones(n, dtype=bool)
    known[rows], mask[rows] = sign, sign == 0
    sure = np.full(n, np.nan)
    sure[rows] = certainty
    texts = []
    for values in (source, group):
        text = np.full(n, None, dtype=object)
        text[rows] = values
        texts.append(pd.array(text, dtype="str"))
    return {"sign": pd.arrays.IntegerArray(known, mask), "sign_source": texts[0], "sign_certainty": sure,
            "sign_group": texts[1]}


def _classes(cells: pd.DataFrame):
    """Class of each cell; its own name where the class is missing."""
    import numpy as np

    pairs = zip(cells["cell_class"].tolist(), cells.index.tolist(), strict=True)
    return np.array([c if isinstance(c, str) and c else n for c, n in pairs], dtype=object)


def _profiles(cells: pd.DataFrame) -> list[tuple[tuple[str, ...], bool]]:
    """For each cell its fast transmitters, the main one first, and whether they are expressed in every
    animal.
    """
    spelled = {t.casefold(): t for t in rules.FAST_TRANSMITTERS}
    main = cells["transmitter"].tolist()
    others = cells["cotransmitters"].tolist() if "cotransmitters" in cells.columns else [None] * len(cells)
    sure = (cells["transmitter_certainty"].tolist() if "transmitter_certainty" in cells.columns
            else ["clear"] * len(cells))
    profiles = []
    for a, b, certainty in zip(main, others, sure, strict=True):
        fast = dict.fromkeys(spelled[t] for t in (*split_transmitters(a), *split_transmitters(b)) if t in spelled)
        profiles.append((tuple(fast), certainty != "variable"))
    return profiles


def _pre_labels(cells: pd.DataFrame, profile: list[tuple[tuple[str, ...], bool]]):
    """Class of each cell, with its transmitters where the class's members differ in them."""
    import numpy as np

    classes = _classes(cells)
    seen: dict[str, set] = {}
    for c, p in zip(classes, profile, strict=True):
        seen.setdefault(c, set()).add(p)
    return np.array([c if len(seen[c]) == 1 else f"{c}[{' + '.join(p[0]) or 'none'}{'' if p[1] else ', variable'}]"
                     for c, p in zip(classes, profile, strict=True)], dtype=object)


def _rule(pre_class: str, profile: tuple[tuple[str, ...], bool], post_class: str, post_kinds: set[str],
          post_cells: tuple[str, ...], other_sex: bool) -> Rule:
    """The rule for one group: studied synapses first, then each transmitter's, then how they agree."""
    if (pre_class, post_class) in rules.STUDIED:
        return rules.STUDIED[pre_class, post_class]
    transmitters, expressed = profile
    if not transmitters:
        return rules.NO_FAST_TRANSMITTER
    if post_kinds == {"muscle"}:
        found = [_to_muscle(t, post_class) for t in transmitters]
    elif post_kinds == {"neuron"}:
        found = [_to_neuron(t, post_cells, other_sex) for t in transmitters]
    else:
        return rules.NOT_A_NERVE_TARGET
    known = [rule for rule in found if rule.sign is not None]
    if not known:
        return found[0]
    if len({rule.sign for rule in known}) > 1:
        return rules.DISAGREE_TRANSMITTERS
    best = max(known, key=lambda rule: rule.certainty)
    certainty, key = best.certainty, best.key
    if len(known) < len(found):
        certainty = rules.discounted(certainty, rules.COTRANSMISSION_DISCOUNT)
        key += ", co-transmitter of unknown effect"
    if not expressed:
        certainty = rules.discounted(certainty, rules.VARIABLE_DISCOUNT)
        key += ", transmitter variable"
    return best if key == best.key else replace(best, key=key, certainty=certainty)


def _to_muscle(transmitter: str, muscle_class: str) -> Rule:
    for given, classes, rule in rules.MUSCLE_RULES:
        if given == transmitter and muscle_class in classes:
            return rule
    return rules.NO_MUSCLE_RULE


def _to_neuron(transmitter: str, cells: tuple[str, ...], other_sex: bool) -> Rule:
    table = _receptor_signs()
    seen = {signs for cell in cells if (signs := table.get((cell, transmitter)))}
    if not seen:
        return rules.TRANSMITTER_RULES[transmitter]
    if len(seen) > 1:
        return rules.DISAGREE_CELLS
    rule = rules.RECEPTOR_RULES[transmitter, seen.pop()]
    if other_sex and rule.sign is not None:
        certainty = rules.discounted(rule.certainty, rules.OTHER_SEX_DISCOUNT)
        return replace(rule, key=f"{rule.key} (hermaphrodite)", certainty=certainty)
    return rule


@lru_cache(maxsize=1)
def _receptor_signs() -> dict[tuple[str, str], frozenset[int]]:
    """(cell, transmitter) to the signs of the receptor genes that it expresses; only where there is any."""
    from .data import tables

    genes = tables.read_frame("fenyves2020_genes")
    effect = {gene: (transmitter, 1 if sign == "+" else -1)
              for gene, transmitter, sign in genes[["gene", "transmitter", "sign"]].itertuples(index=False)}
    found: dict[tuple[str, str], set[int]] = {}
    expressed = tables.read_frame("fenyves2020_receptors")
    for cell, text in expressed[["cell", "genes"]].itertuples(index=False):
        for gene in text.split():
            transmitter, sign = effect[gene]
            found.setdefault((cell, transmitter), set()).add(sign)
    return {key: frozenset(signs) for key, signs in found.items()}


def report(connectome: Connectome) -> pd.DataFrame:
    """Where the signs are from: chemical edges and contacts by source.

    Returns
    -------
    pandas.DataFrame
        Index: ``sign_source``, most edges first, then ``all``; columns ``excitatory``, ``inhibitory``,
        ``unknown`` (edges), ``edges``, ``contacts``, ``groups``, ``certainty`` (mean over the edges).
    """
    import pandas as pd

    edges = _signed(connectome)

    def row(part: pd.DataFrame) -> dict[str, float]:
        return {"excitatory": int((part["sign"] == 1).sum()), "inhibitory": int((part["sign"] == -1).sum()),
                "unknown": int(part["sign"].isna().sum()), "edges": len(part),
                "contacts": float(part["contacts"].sum()), "groups": part["sign_group"].nunique(),
                "certainty": float(part["sign_certainty"].mean())}

    by_source = {source: row(part) for source, part in edges.groupby("sign_source", sort=True)}
    table = pd.DataFrame.from_dict({**by_source, "all": row(edges)}, orient="index")
    order = sorted(by_source, key=lambda s: -by_source[s]["edges"])
    return table.loc[[*order, "all"]].rename_axis("sign_source")


def warn_unsigned(connectome: Connectome) -> int:
    """Warn, with a count, of chemical edges whose sign is not known; returns the count."""
    edges = _signed(connectome)
    missing = edges[edges["sign"].isna().to_numpy()]
    warn_data(len(missing), f"of {len(edges)} chemical edges of {connectome.name} have no known sign: it is sampled, "
              f"one draw for each of {missing['sign_group'].nunique()} groups",
              (f"{a} -> {b}" for a, b in missing[["pre", "post"]].itertuples(index=False)))
    return len(missing)


def _signed(connectome: Connectome) -> pd.DataFrame:
    if "sign_source" not in connectome.edges.columns:
        raise InputError(f"{connectome.name} has no signs yet: call wormsim.signs.assign_signs first")
    return connectome.edges[(connectome.edges["kind"] == "chemical").to_numpy()]
