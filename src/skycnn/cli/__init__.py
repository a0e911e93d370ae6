"""The shell: one file a verb, found by listing this folder."""
