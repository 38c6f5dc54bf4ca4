"""Figures, one concept a file. Matplotlib is loaded when a figure is drawn, and only through its object interface."""
