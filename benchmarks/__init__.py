"""How fast the hub is, beside its peers, in the same run: `python -m benchmarks.NAME --json FILE`.

Each prints its progress and the conditions, and compares medians of at least three runs. What
counts are the ratios: absolute figures are those of the machine.
"""
