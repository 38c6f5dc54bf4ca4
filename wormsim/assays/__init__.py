"""Assays, one behaviour a file, found by file name.

A module has ``ASSAY``, a :class:`wormsim.assay.Assay` whose name is the file's: the stimulus, the muscles that are
read and what counts as doing the behaviour, fixed on the intact animal. Or it is a :class:`wormsim.pump_probe.PumpProbe`:
every neuron stimulated in turn, all others watched. The module's docstring justifies
each choice by a source, says what the assay cannot know, and what was known of ablations when it was fixed.
"""
