"""Rows of options for tests, far fewer than all combinations."""

from itertools import combinations, product
from typing import Any

import torch


def every_pair(options: dict[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Few combinations in which every pair of values of two options occurs: greedily the one with most new pairs."""

    def pairs(row: dict[str, Any]) -> set[tuple]:
        return set(combinations(sorted((name, str(value)) for name, value in row.items()), 2))

    missing = {
        tuple(sorted(((a, str(x)), (b, str(y)))))
        for a, b in combinations(options, 2)
        for x, y in product(options[a], options[b])
    }
    random = torch.Generator().manual_seed(0)
    rows = []
    while missing:
        (name, value), (other, second) = sorted(missing)[0]
        candidates = []
        for _ in range(60):
            row = {
                key: values[int(torch.randint(len(values), (1,), generator=random))] for key, values in options.items()
            }
            row[name] = next(v for v in options[name] if str(v) == value)
            row[other] = next(v for v in options[other] if str(v) == second)
            candidates.append(row)
        best = max(candidates, key=lambda row: len(pairs(row) & missing))
        rows.append(best)
        missing -= pairs(best)
    return rows
