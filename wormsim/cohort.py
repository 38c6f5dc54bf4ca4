"""Cohort: several animals laid on the same cells, and which of their connections are the same.

The classes of connections follow Witvliet et al. 2021 (doi:10.1038/s41586-021-03778-8, Methods, and the authors'
code): see :meth:`Cohort.classify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .connectome import UNDIRECTED_KINDS, Connectome
from .errors import InputError, UnknownNameError
from .names import contralateral

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

CLASSES = ("stable", "increasing", "decreasing", "variable")

#: Age in hours after hatching and stage of the eight animals (Witvliet et al. 2021, Fig. 1; the ages that the
#: authors' code uses; the two adults are given the same age there).
WITVLIET_AGES_H = (0.0, 5.0, 8.0, 16.0, 23.0, 27.0, 50.0, 50.0)
WITVLIET_STAGES = ("L1", "L1", "L1", "L1", "L2", "L3", "adult", "adult")

#: Classes with processes in the brain that are born or grow in after hatching (Sulston & Horvitz 1977,
#: doi:10.1016/0012-1606(77)90158-0; the list that Witvliet et al. 2021 leave out). The rest of the ventral cord's
#: late classes does not reach the reconstructed volume.
POSTEMBRYONIC_CLASSES = frozenset({
    "ALN", "AQR", "AS", "AVF", "AVM", "DVB", "HSN", "PDA", "PDB", "PDE", "PHC", "PLN", "PQR", "PVD", "PVM", "PVN",
    "PVW", "RMF", "RMH", "SDQ", "VA", "VB", "VC", "VD"})

#: Left-right pairs are pooled; so are these two, as Witvliet et al. 2021 do (RMED and RMEV mirror each other).
_ODD_PAIR = {"RMED": "RMEV", "RMEV": "RMED"}


@dataclass(frozen=True, eq=False)
class Cohort:
    """Animals aligned on the union of their cells and edges.

    Parameters
    ----------
    name : str
    animals : tuple of str
        Names, youngest first where there are ages.
    ages_h : tuple of float or None
        Hours after hatching; None where there is no age.
    cells : pandas.DataFrame
        Union of the cells; index canonical name.
    edges : pandas.DataFrame
        Union of the edges: ``pre``, ``post``, ``kind``; one row each.
    contacts : ndarray, shape (n_edges, n_animals)
        Contacts, 0 where the animal does not have the edge.
    weight_unit : str
        Unit of `contacts`.
    """

    name: str
    animals: tuple[str, ...]
    ages_h: tuple[float, ...] | None
    cells: pd.DataFrame
    edges: pd.DataFrame
    contacts: np.ndarray
    weight_unit: str = ""

    @classmethod
    def of(cls, connectomes: Sequence[Connectome], *, name: str = "cohort", ages_h: Sequence[float] | None = None,
           animals: Sequence[str] | None = None) -> Cohort:
        """Align connectomes.

        Parameters
        ----------
        connectomes : sequence of Connectome
            At least two, with contacts in the same unit.
        name : str
        ages_h : sequence of float, optional
            One age each, not decreasing.
        animals : sequence of str, optional
            Their names; by default the connectomes' own.

        Raises
        ------
        InputError
            Fewer than two, different units, ages or names of another number, a name twice, ages that decrease.
        """
        import numpy as np
        import pandas as pd

        if len(connectomes) < 2:
            raise InputError(f"a cohort needs at least two animals, not {len(connectomes)}")
        labels = tuple(animals) if animals is not None else tuple(c.name for c in connectomes)
        if len(labels) != len(connectomes) or len(set(labels)) != len(labels):
            raise InputError(f"a cohort needs one distinct name an animal; got {', '.join(labels)}")
        if ages_h is not None:
            ages_h = tuple(float(a) for a in ages_h)
            if len(ages_h) != len(connectomes) or list(ages_h) != sorted(ages_h):
                raise InputError(f"ages_h must be one age an animal, youngest first; got {ages_h}")
        units = {str(c.provenance.get("weight_unit", "")) for c in connectomes}
        if len(units) > 1:
            raise InputError(f"the animals' contacts have different units: {', '.join(sorted(units))}")
        cells = pd.concat([c.cells for c in connectomes])
        cells = cells[~cells.index.duplicated()]
        order = {cell: i for i, cell in enumerate(cells.index)}
        columns = []
        for connectome in connectomes:
            edges = connectome.edges
            pre, post = edges["pre"].map(order).to_numpy(), edges["post"].map(order).to_numpy()
            turn = edges["kind"].isin(UNDIRECTED_KINDS).to_numpy() & (pre > post)
            keys = pd.DataFrame({"kind": edges["kind"].to_numpy(dtype=object), "pre": np.where(turn, post, pre),
                                 "post": np.where(turn, pre, post), "contacts": edges["contacts"].to_numpy(float)})
            columns.append(keys.groupby(["kind", "pre", "post"])["contacts"].sum())
        table = pd.concat(columns, axis=1, keys=labels).fillna(0.0).sort_index()
        index = table.index.to_frame(index=False)
        names = cells.index.to_numpy(dtype=object)
        union = pd.DataFrame({"pre": names[index["pre"].to_numpy(int)], "post": names[index["post"].to_numpy(int)],
                              "kind": index["kind"].to_numpy(dtype=object)})
        return cls(name, labels, ages_h, cells, union, table.to_numpy(float), units.pop())

    @classmethod
    def witvliet(cls) -> Cohort:
        """The eight hermaphrodite brains of Witvliet et al. 2021, from hatching to adult; contacts are synapses."""
        from .readers import load_connectome

        animals = [load_connectome(f"witvliet2021_{i}") for i in range(1, 9)]
        return cls.of(animals, name="witvliet2021", ages_h=WITVLIET_AGES_H)

    # ---------------------------------------------------------------- tables

    def weights(self, kind: str | None = None) -> pd.DataFrame:
        """Contacts, one row an edge (index ``pre``, ``post``, ``kind``), one column an animal."""
        import pandas as pd

        table = pd.DataFrame(self.contacts, index=pd.MultiIndex.from_frame(self.edges), columns=list(self.animals))
        if kind is None:
            return table
        self._check_kind(kind)
        return table[table.index.get_level_values("kind") == kind]

    def presence(self, kind: str | None = None) -> pd.DataFrame:
        """Whether each animal has each edge: as :meth:`weights`, of bool."""
        return self.weights(kind) > 0

    def connectome(self, animal: str) -> Connectome:
        """One animal on the cells of the whole cohort (cells that it lacks have no edges)."""
        if animal not in self.animals:
            raise UnknownNameError("animal", animal, self.animals)
        column = self.contacts[:, self.animals.index(animal)]
        edges = self.edges.assign(contacts=column)[column > 0].reset_index(drop=True)
        return Connectome.trusted(animal, self.cells, edges, {"weight_unit": self.weight_unit})

    def _check_kind(self, kind: str) -> None:
        known = sorted(set(self.edges["kind"]))
        if kind not in known:
            raise UnknownNameError("edge kind", kind, known, f"the cohort has {', '.join(known)}")

    # ---------------------------------------------------------------- classes of connections

    @cached_property
    def _classified(self) -> dict[tuple, pd.DataFrame]:
        return {}

    def classify(self, kind: str = "chemical", *, q: float = 0.05, fold: float = 5.0,
                 late_classes: frozenset[str] = POSTEMBRYONIC_CLASSES) -> pd.DataFrame:
        """Class of every connection: stable, increasing, decreasing (both developmentally dynamic) or variable.

        The rule is that of Witvliet et al. 2021:

        1. Connections of cells born after hatching (`late_classes`) are left out: their absence is age, not chance.
        2. A connection is *weak* unless it has two or more contacts in two animals, or at least one together with
           two or more of its left-right mirror image in the same animal. Weak connections are variable.
        3. Contacts are scaled so that all animals have the same sum; left-right pairs are pooled. A pair connection
           whose Spearman correlation with age is significant (Benjamini-Hochberg at `q` over the pair connections
           that are not weak) and whose mean changes more than `fold` times between the two youngest and the oldest
           animals is *increasing* or *decreasing*.
        4. Of the rest, pair connections that all animals or all but one have are *stable*, the others *variable*.

        Parameters
        ----------
        kind : str
            Kind of edge.
        q : float
            False-discovery rate.
        fold : float
            Change that counts.
        late_classes : frozenset of str
            Classes to leave out.

        Returns
        -------
        pandas.DataFrame
            One row a connection: ``pre``, ``post``, ``pair_pre``, ``pair_post``, ``connection_class``, ``weak``,
            ``p_value``, ``q_value``, ``n_animals``, then the contacts of each animal. Rows left out in step 1 are
            not in it.

        Raises
        ------
        InputError
            The cohort has no ages, or fewer than four animals.
        """
        key = (kind, q, fold, late_classes)
        if key not in self._classified:
            self._classified[key] = self._classify(kind, q, fold, late_classes)
        return self._classified[key].copy()

    def _classify(self, kind: str, q: float, fold: float, late_classes: frozenset[str]) -> pd.DataFrame:
        import numpy as np
        import pandas as pd
        from scipy.stats import false_discovery_control

        if self.ages_h is None or len(self.animals) < 4:
            raise InputError("classes of connections need the ages of at least four animals")
        table = self.weights(kind).droplevel("kind")
        late = self.cells.index[self.cells["cell_class"].isin(late_classes).to_numpy()]
        pre, post = table.index.get_level_values("pre"), table.index.get_level_values("post")
        table = table[~(pre.isin(late) | post.isin(late))]
        if table.empty:
            raise InputError(f"no {kind} connection is left to classify")
        counts = table.to_numpy(float)
        weak = self._weak(table, kind in UNDIRECTED_KINDS)
        scaled = counts / counts.sum(axis=0) * counts.sum(axis=0).mean()
        result = table.index.to_frame(index=False)
        pair = {cell: self._pair(cell) for cell in self.cells.index}
        result["pair_pre"], result["pair_post"] = result["pre"].map(pair), result["post"].map(pair)
        if kind in UNDIRECTED_KINDS:
            ordered = np.sort(result[["pair_pre", "pair_post"]].to_numpy(dtype=str), axis=1)
            result["pair_pre"], result["pair_post"] = ordered[:, 0], ordered[:, 1]
        code, _ = pd.factorize(pd.MultiIndex.from_frame(result[["pair_pre", "pair_post"]]))
        pooled = np.zeros((code.max() + 1, counts.shape[1]))
        np.add.at(pooled, code, scaled)
        some_strong = np.bincount(code, ~weak) > 0
        p_pair = _trend_p_values(scaled, code, np.asarray(self.ages_h))
        q_pair = np.full(len(pooled), np.nan)
        tested = some_strong & np.isfinite(p_pair)
        q_pair[tested] = false_discovery_control(p_pair[tested], method="bh")
        young, old = pooled[:, :2].mean(axis=1), pooled[:, np.asarray(self.ages_h) == self.ages_h[-1]].mean(axis=1)
        trend = np.nan_to_num(q_pair, nan=1.0) <= q
        label = np.full(len(pooled), "variable", dtype=object)
        label[some_strong & ((pooled > 0).sum(axis=1) >= pooled.shape[1] - 1)] = "stable"
        label[trend & (old > fold * young)] = "increasing"
        label[trend & (young > fold * old)] = "decreasing"
        result["connection_class"] = np.where(weak, "variable", label[code])
        result["weak"] = weak
        result["p_value"], result["q_value"] = np.where(tested, p_pair, np.nan)[code], q_pair[code]
        result["n_animals"] = (counts > 0).sum(axis=1)
        return pd.concat([result, pd.DataFrame(counts, columns=list(self.animals))], axis=1)

    def _mirror(self, cell: str) -> str:
        partner = _ODD_PAIR.get(cell, contralateral(cell))
        return partner if partner in self.cells.index else cell

    def _pair(self, cell: str) -> str:
        partner = self._mirror(cell)
        return cell if partner == cell else "/".join(sorted((cell, partner)))

    def _weak(self, table: pd.DataFrame, undirected: bool) -> np.ndarray:
        import numpy as np
        import pandas as pd

        counts = table.to_numpy(float)
        mirror = pd.MultiIndex.from_arrays([[self._mirror(cell) for cell in table.index.get_level_values(end)]
                                            for end in ("pre", "post")])
        row = table.index.get_indexer(mirror)
        if undirected:  # the mirror image may be written the other way round
            row = np.where(row < 0, table.index.get_indexer(mirror.swaplevel()), row)
        mirrored = np.where(((row >= 0) & (row != np.arange(len(row))))[:, None], counts[row], 0.0)
        strong = (counts >= 2).sum(axis=1) >= 2
        strong |= ((counts >= 1) & (mirrored >= 2)).any(axis=1) | ((counts >= 2) & (mirrored >= 1)).any(axis=1)
        return ~strong

    def variable_share(self, animals: Sequence[str] | None = None, *, kind: str = "chemical",
                       by: str = "connections") -> pd.Series:
        """Share of each animal's connections, or contacts, that are classed as variable.

        The denominator is what this animal has of all classes; connections of cells born after hatching count in
        neither (:meth:`classify`). Take the mean over the two adults for the adult pair, over all for the cohort.
        Witvliet et al. 2021 state that about 43 % of the connections and 16 % of the synapses are not the same in
        all animals (quoted from memory, without its definition); the two adults here have 43.2 % and 16.1 %, all
        eight animals 33 % and 15 % on average, since fewer connections of the young are variable.

        Parameters
        ----------
        animals : sequence of str, optional
            Which; by default all.
        kind : str
            Kind of edge.
        by : {"connections", "contacts"}
            Count each connection once, or with its contacts (synapses).

        Returns
        -------
        pandas.Series
            Index: animals; values in [0, 1].
        """
        shares = self.class_shares(kind=kind, by=by)["variable"]
        for animal in animals or ():
            if animal not in shares.index:
                raise UnknownNameError("animal", animal, self.animals)
        return shares if animals is None else shares.loc[list(animals)]

    def class_shares(self, *, kind: str = "chemical", by: str = "connections") -> pd.DataFrame:
        """Share of each class in each animal: rows animals, columns ``CLASSES``, rows sum to 1."""
        counts = self.class_counts(kind=kind, by=by)
        return counts.div(counts.sum(axis=1), axis=0)

    def class_counts(self, *, kind: str = "chemical", by: str = "connections") -> pd.DataFrame:
        """Number of connections, or contacts, of each class in each animal: rows animals, columns ``CLASSES``."""
        if by not in ("connections", "contacts"):
            raise UnknownNameError("measure", by, ("connections", "contacts"), "give connections or contacts")
        table = self.classify(kind)
        values = table[list(self.animals)]
        values = (values > 0) if by == "connections" else values
        return values.groupby(table["connection_class"]).sum().reindex(list(CLASSES), fill_value=0).T

    def disagreement(self, kind: str = "chemical") -> pd.DataFrame:
        """Share of the connections of either of two animals that only one of them has (1 - Jaccard index).

        Rows and columns are animals; cells that only one of the two has are left out of both.
        """
        import numpy as np
        import pandas as pd

        table = self.presence(kind)
        has = table.to_numpy()
        pre = self.cells.index.get_indexer(table.index.get_level_values("pre"))
        post = self.cells.index.get_indexer(table.index.get_level_values("post"))
        n = len(self.animals)
        cell_there = np.zeros((len(self.cells), n), dtype=bool)
        rows = self.contacts > 0
        for end in ("pre", "post"):
            index = self.cells.index.get_indexer(self.edges[end])
            for k in range(n):
                cell_there[index[rows[:, k]], k] = True
        result = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                both = cell_there[:, i] & cell_there[:, j]
                usable = both[pre] & both[post]
                either = (has[:, i] | has[:, j]) & usable
                result[i, j] = 1.0 - (has[:, i] & has[:, j] & usable).sum() / max(int(either.sum()), 1)
        return pd.DataFrame(result, index=list(self.animals), columns=list(self.animals))

    def __repr__(self) -> str:
        kinds = ", ".join(f"{n} {kind}" for kind, n in self.edges["kind"].value_counts(sort=False).items())
        return f"<Cohort {self.name}: {len(self.animals)} animals, {len(self.cells)} cells, union of edges: {kinds}>"


def _trend_p_values(values: np.ndarray, group: np.ndarray, ages: np.ndarray) -> np.ndarray:
    """Two-sided p of Spearman's correlation with age for each group of rows, all rows' points taken together.

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_animals)
    group : ndarray of int, shape (n_rows,)
        Group of each row, 0 ... n_groups - 1.
    ages : ndarray, shape (n_animals,)

    Returns
    -------
    ndarray, shape (n_groups,)
        Not-a-number where the values do not vary. By Student's t approximation, as ``scipy.stats.spearmanr``.
    """
    import numpy as np
    from scipy.special import stdtr
    from scipy.stats import rankdata

    order = np.argsort(group, kind="stable")
    size = np.bincount(group)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    result = np.full(len(size), np.nan)
    for m in np.unique(size):
        groups = np.flatnonzero(size == m)
        rows = order[start[groups][:, None] + np.arange(m)]
        y = rankdata(values[rows].reshape(len(groups), -1), axis=1)
        x = rankdata(np.tile(ages, m))
        x, y = x - x.mean(), y - y.mean(axis=1, keepdims=True)
        spread = np.sqrt((x @ x) * (y * y).sum(axis=1))
        r = np.divide(y @ x, spread, out=np.full(len(groups), np.nan), where=spread > 0)
        freedom = len(x) - 2
        with np.errstate(divide="ignore"):
            t = r * np.sqrt(freedom / np.maximum((1.0 - r) * (1.0 + r), 0.0))
        result[groups] = 2.0 * stdtr(freedom, -np.abs(t))
    return result
