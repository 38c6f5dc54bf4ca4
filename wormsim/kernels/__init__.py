"""Compiled inner loops and what they draw from: arrays and scalars only, no names and no tables."""
