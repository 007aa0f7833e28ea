"""The figures of the README, reproducible: `python -m benchmarks.step`, `.render`, `.window`, `.mosaic`.

Run from the top of the repository. Each prints a table, or with --json one object. Not a part of the installed program.
"""
