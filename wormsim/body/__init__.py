"""The body and its world: shape, drag, muscles and stretch receptors of the worm, the dish it lies in, and its mate."""
