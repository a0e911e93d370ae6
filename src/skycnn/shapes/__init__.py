"""Shapes: what a galaxy looks like in a few numbers - concentration, asymmetry, Gini, M20 and the like."""
