"""Answers held against the truth, with the baselines beside them."""
