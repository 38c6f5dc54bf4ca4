"""Serotonin: slows the fed or refed animal, drives feeding and egg laying, helps the male curl his tail.

Released by NSM, ADF and HSN, in the male by CP1-CP6 and ray neurons (Loer & Kenyon 1993, J Neurosci 13:5407; Wang et al. 2024). SER-1
is in muscles that serotonergic neurons innervate (Carnell et al. 2005, abstract); which ones of the male those are is read here
as his diagonal muscles, on which CP neurons act, and that reading is of medium certainty.
"""

from ..modulator import MONOAMINES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="serotonin",
    kind="monoamine",
    ligands=("serotonin",),
    does="dwelling, enhanced slowing of starved animals on food, pumping, egg laying; the male's ventral tail curl",
    source="Wang C et al 2024 eLife 13:RP95402 (transmitters of both sexes)",
    receptors=(
        Receptor("mod-1", "chloride channel",
                 _CELLS + "Ranganathan R, Cannon SC, Horvitz HR 2000 Nature 408:470",
                 "high", layer=MONOAMINES),
        Receptor("ser-1", "Gq",
                 _CELLS + "Carnell L et al 2005 J Neurosci 25:10671 (muscles: vulval, diagonal); Hamdan FF et al 1999 J Neurochem 72:1372",
                 "medium", cells=("dgl", "vm1", "vm2"), layer=MONOAMINES),
        Receptor("ser-4", "Gi/o",
                 _CELLS + "Olde B, McCombie WR 1997 J Mol Neurosci 8:53; Gurel G et al 2012 Genetics 192:1359 (locomotion)",
                 "high", layer=MONOAMINES),
        Receptor("ser-5", "Gs",
                 _CELLS + "Harris GP et al 2009 J Neurosci 29:1446; likeness to 5-HT6",
                 "medium", layer=MONOAMINES),
        Receptor("ser-7", "Gs", _CELLS + "Hobson RJ et al 2006 Genetics 172:159", "high", layer=MONOAMINES),
        Receptor("lgc-50", "cation channel", "Morud J et al 2021 Curr Biol 31:4282 (RIA)", "medium", cells=("RIA",)),
    ),
    clearance=Parameter("tau_serotonin", 1000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 200.0, 5000.0)),
)
