"""Circuits, one TOML a circuit, found by file name: a connectome, which of its cells, named groups of them, sources."""
