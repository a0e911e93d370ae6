"""Fuzzing: sound input of every kind, mutated, goes through skycnn in a child with limits, and each fault is kept.

``make fuzz`` runs it for minutes; ``tests/test_fuzz.py`` runs a fixed sample of it.
"""
