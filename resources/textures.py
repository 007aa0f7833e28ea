"""Four materials to make mosaics of, drawn by formulas: glass tesserae, brocade, marbled paper and feathers.

Each function gives the same uint8 [700, 900, 3] every time, in about a second.
"""

from __future__ import annotations

import cv2
import numpy as np

from resources.pigment import (
    AMBER,
    CREAM,
    GOLD,
    INDIGO,
    NIGHT,
    ROSE,
    RUST,
    SAGE,
    TEAL,
    finished,
    laid,
    light,
    noise,
    plane,
    ramp,
    rgb,
    smooth,
)

HEIGHT, WIDTH = 700, 900


def tesserae() -> np.ndarray:
    """Glass pieces laid in rings around several suns."""
    rng = np.random.default_rng(11)
    height, width, gap = HEIGHT * 2, WIDTH * 2, 46.0
    suns = np.array(
        [[430, 560, 300], [1130, 1330, 330], [330, 1420, 190], [1120, 380, 210], [760, 960, 90]], np.float32
    )
    sites, hues = [], []
    for index, (top, left, _) in enumerate(suns):
        for ring in range(1, 34):
            radius = ring * gap * 0.92
            count = max(3, int(2 * np.pi * radius / gap))
            angles = np.arange(count) / count * 2 * np.pi + rng.uniform(0, 6)
            ys = top + radius * np.sin(angles) + rng.normal(0, 2.5, count)
            xs = left + radius * np.cos(angles) + rng.normal(0, 2.5, count)
            reach = np.hypot(ys[:, None] - suns[:, 0], xs[:, None] - suns[:, 1]) - suns[:, 2]
            mine = (reach.argmin(1) == index) & (ys >= 0) & (ys < height) & (xs >= 0) & (xs < width)
            sites += list(zip(ys[mine], xs[mine], strict=True))
            hues += [(index, ring)] * int(mine.sum())
    seeds = np.full((height, width), 255, np.uint8)
    places = np.array(sites).astype(int)
    seeds[places[:, 0], places[:, 1]] = 0
    found = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    labels = found.astype(np.int64)
    of_label = np.zeros(labels.max() + 1, int)
    of_label[labels[places[:, 0], places[:, 1]]] = np.arange(len(places))
    cell = of_label[labels]

    borders = np.zeros((height, width), bool)
    borders[:, 1:] |= cell[:, 1:] != cell[:, :-1]
    borders[1:] |= cell[1:] != cell[:-1]
    inside = cv2.distanceTransform((~borders).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)

    wheels = (
        (CREAM, GOLD, GOLD, AMBER, RUST, RUST, INDIGO, TEAL, TEAL, SAGE, CREAM),
        (NIGHT, INDIGO, INDIGO, TEAL, SAGE, CREAM, GOLD, AMBER, RUST, NIGHT, INDIGO, TEAL),
        (RUST, AMBER, CREAM, CREAM, SAGE, TEAL, INDIGO),
        (TEAL, SAGE, CREAM, ROSE, RUST, NIGHT, INDIGO),
        (GOLD, CREAM, RUST),
    )
    colors = np.stack([rgb(wheels[sun][(ring - 1) % len(wheels[sun])]) for sun, ring in hues])
    colors = np.clip(colors * rng.normal(1, 0.13, (len(hues), 1)) + rng.normal(0, 0.03, (len(hues), 3)), 0.02, 1)
    glass = colors[cell].astype(np.float32)
    streaks = noise(rng, height, width, 60, 14)
    glass *= 1 + 0.1 * streaks[..., None]
    dome = np.sqrt(np.clip(1 - (1 - np.clip((inside - 4) / 13, 0, 1)) ** 2, 0, 1)) * 12
    tilt = rng.normal(0, 0.09, len(hues)).astype(np.float32)[cell]
    relief = dome + noise(rng, height, width, 18, octaves=2) * 0.7
    diffuse, shine = light(relief, 1.0, 40)
    picture = glass * (0.2 + 0.9 * (diffuse + tilt)[..., None]) + 0.35 * (shine * smooth(6, 10, inside))[..., None] ** 3
    grout = ramp(0.35 + 0.25 * noise(rng, height, width, 6, octaves=2), NIGHT, "#3b3a40", "#77706a")
    picture = laid(picture, grout, smooth(5.0, 3.0, inside))
    return finished(picture, HEIGHT, WIDTH)


def brocade() -> np.ndarray:
    """Silk threads over and under one another, with medallions woven in."""
    rng = np.random.default_rng(12)
    height, width, pitch = HEIGHT * 2, WIDTH * 2, 9
    y, x = plane(height, width)
    y = y + noise(rng, height, width, 300) * 6
    x = x + noise(rng, height, width, 300) * 6
    row, column = np.floor(y / pitch).astype(int), np.floor(x / pitch).astype(int)

    u, v = column / 50 * 2 * np.pi, row / 50 * 2 * np.pi
    lattice = np.cos(u) + np.cos(v)  # 2 in the middle of a medallion, -2 in that of the next, 0 on the net between
    angle = np.arctan2(np.sin(v), np.sin(u))
    depth, large = np.abs(lattice), lattice > 0
    petals = np.where(large, 0.98 + 0.34 * np.cos(8 * angle), 1.15 + 0.4 * np.cos(4 * angle))
    motif = (
        (depth < 0.12) | (depth > 1.86) | ((depth > petals) & (depth < 1.68)) | (np.abs(depth - petals + 0.3) < 0.08)
    )
    binding = (column * 3 + row) % 8 == 0
    over = np.where(motif, binding, ~binding)

    warps = np.array([rgb(c) for c in (NIGHT, INDIGO, NIGHT, TEAL, INDIGO, TEAL)])
    warp = warps[((column + 12) // 25) % len(warps)] * (1 + 0.1 * rng.normal(size=512)[column % 512])[..., None]
    heart = np.where(large, (depth > 1.7) * 1.0, 0.4 + (depth > 1.4))[..., None]
    band = ramp(np.clip((row % 300) / 300, 0, 1), GOLD, CREAM, ROSE, CREAM, SAGE, CREAM, GOLD)
    weft = np.where(heart > 0.7, rgb(RUST), np.where(heart > 0, rgb(AMBER), band))
    weft = np.where((depth < 0.2)[..., None], rgb(GOLD), weft) * (1 + 0.08 * rng.normal(size=512)[row % 512])[..., None]

    weft = np.where(motif[..., None], weft, warp * 0.7 + weft * 0.25)  # where it only ties the ground it lies deep

    across_x, across_y = (x / pitch) % 1 * 2 - 1, (y / pitch) % 1 * 2 - 1
    across = np.where(over, across_x, across_y)
    relief = np.sqrt(np.clip(1 - 0.92 * across**2, 0, 1)).astype(np.float32) + np.where(motif, 0.35, 0).astype(
        np.float32
    )
    diffuse, shine = light(cv2.GaussianBlur(relief, (0, 0), 0.8), 5.0, 10)
    fibres = np.where(over, noise(rng, height, width, 40, 3, 2), noise(rng, height, width, 3, 40, 2))
    thread = np.where(over[..., None], warp, weft) * (0.25 + 0.9 * diffuse * (1 + 0.16 * fibres))[..., None]
    thread += (np.where(over, 0.05, 0.12) * shine)[..., None]
    thread *= (0.4 + 0.6 * smooth(1.0, 0.5, np.abs(across)))[..., None]
    folds = 1.12 + 0.26 * np.sin(x * 0.0042 + y * 0.0022 + 1.3 * noise(rng, height, width, 700, octaves=2))
    return finished((thread * folds[..., None]).astype(np.float32), HEIGHT, WIDTH)


def marbled() -> np.ndarray:
    """Drops of ink on water, drawn through with a stylus: the mathematics of real marbling, run backwards."""
    rng = np.random.default_rng(13)
    height, width = HEIGHT * 3 // 2, WIDTH * 3 // 2
    y, x = plane(height, width)
    x = x + 46 * np.sin(y * 0.0125 + 0.6) + 12 * noise(rng, height, width, 260, octaves=2)
    y = y + 60 * np.sin(x * 0.0105) + 16 * np.sin(x * 0.031 + 2.0)
    for place in np.arange(60, width, 150):  # a comb, up and down in turn
        pull = 95.0 if (place // 150) % 2 else -95.0
        y = y + (pull * np.exp(-np.abs(x - place) / 34)).astype(np.float32)
    swirl_y, swirl_x = y - height * 0.46, x - width * 0.58
    turn = 2.4 * np.exp(-np.hypot(swirl_y, swirl_x) / 190)
    y = swirl_y * np.cos(turn) - swirl_x * np.sin(turn) + height * 0.46
    x = swirl_y * np.sin(turn) + swirl_x * np.cos(turn) + width * 0.58
    y, x = y.astype(np.float32), x.astype(np.float32)

    inks = (CREAM, INDIGO, GOLD, NIGHT, TEAL, CREAM, RUST, NIGHT, SAGE, INDIGO, CREAM, TEAL, AMBER, NIGHT, ROSE)
    rows, columns = np.mgrid[0:6, 0:8].reshape(2, -1)
    stones = np.stack([(rows + 0.3) / 5.6 * height, (columns + 0.3) / 7.6 * width], axis=1)
    stones = rng.permutation(stones + rng.normal(0, 45, stones.shape))
    picture = np.empty((height * width, 3), np.float32)
    waiting, py, px = np.arange(height * width), y.ravel(), x.ravel()
    for drop in range(432):  # the last drop first: it lies on top, and pushed the others aside
        top, left = (float(place) for place in stones[drop % len(stones)] + rng.normal(0, 8, 2))
        size = float(rng.uniform(20, 70))
        dy, dx = py - top, px - left
        square = dy * dy + dx * dx
        hit = square < size * size
        if hit.any():
            rim = np.sqrt(square[hit]) / size
            ink = rgb(inks[(drop // len(stones) * 7 + drop % len(stones)) % len(inks)])
            picture[waiting[hit]] = ink * (1.06 - 0.2 * smooth(0.55, 1.0, rim))[:, None]
        stay = ~hit
        push = np.sqrt(1 - size * size / square[stay])
        waiting, py, px = waiting[stay], top + dy[stay] * push, left + dx[stay] * push
    rest = np.sin(py * 0.021) + np.sin(px * 0.017 + 1)
    picture[waiting] = ramp(rest * 0.25 + 0.5, NIGHT, INDIGO, TEAL)
    picture = picture.reshape(height, width, 3)
    grain = noise(rng, height, width, 9, octaves=3)
    return finished(picture * (1 + 0.07 * grain)[..., None], HEIGHT, WIDTH)


def feathers() -> np.ndarray:
    """Overlapping plumage, each feather with shaft, barbs and an eye."""
    rng = np.random.default_rng(14)
    height, width = HEIGHT * 2, WIDTH * 2
    y, x = plane(height, width)
    x = x + 34 * np.sin(y * 0.0052) + 16 * noise(rng, height, width, 420, octaves=2)
    y = y + 46 * np.sin(x * 0.0041 + 1)
    step_y, step_x, radius = 84.0, 158.0, 100.0
    picture = np.zeros((height, width, 3), np.float32)
    free = np.ones((height, width), bool)
    shade = np.ones((height, width), np.float32)
    downy = noise(rng, height, width, 9, octaves=2)
    lowest = np.floor(y / step_y).astype(int)
    chance = rng.uniform(0, 1, 4096).astype(np.float32)
    for back in (2, 1, 0):  # the row that starts highest lies on top
        row = lowest - back
        shift = (row % 2) * 0.5
        column = np.floor(x / step_x + shift)
        luck = chance[(row * 97 + column.astype(int) * 31) % 4096]
        u = (x - (column + 0.5 - shift) * step_x) / radius + (luck - 0.5) * 0.12
        v = (y - row * step_y) / (radius * 2.3) + (luck - 0.5) * 0.1
        blunt = np.abs(u) ** 2.2 + np.clip(v, 0, 2) ** 2.6 * 1.15
        inside = 1 - blunt + 0.03 * downy * np.abs(u)
        drawn = free & (inside > 0)
        picture[drawn] = _feather(u[drawn], v[drawn], inside[drawn], luck[drawn], downy[drawn])
        shade = np.where(free & (inside <= 0), shade * (0.22 + 0.78 * smooth(0.0, -0.6, inside)), shade)
        free &= ~drawn
    return finished(picture * shade[..., None], HEIGHT, WIDTH)


def _feather(u: np.ndarray, v: np.ndarray, inside: np.ndarray, luck: np.ndarray, downy: np.ndarray) -> np.ndarray:
    """Pixels of one feather: u from -1 to 1 across, v from 0 at the quill to 0.9 at the tip."""
    barbs = np.sin((v - np.abs(u) * 0.42) * 150 + downy * 1.2)
    cold = ramp(np.clip(v * 1.1 - 0.1, 0, 1), NIGHT, NIGHT, INDIGO, TEAL, TEAL, SAGE)
    warm = ramp(np.clip(v * 1.1 - 0.1, 0, 1), NIGHT, NIGHT, RUST, RUST, AMBER, GOLD)
    pale = ramp(np.clip(v * 1.1 - 0.1, 0, 1), NIGHT, INDIGO, "#6d7f98", ROSE, CREAM, CREAM)
    coat = laid(laid(cold, warm, smooth(0.5, 0.52, luck)), pale, smooth(0.8, 0.82, luck))
    coat = laid(coat, NIGHT, smooth(0.26, 0.2, inside) * smooth(0.1, 0.13, inside))
    coat = laid(coat, CREAM, smooth(0.09, 0.03, inside) * 0.9)
    eye = np.hypot(u * 1.2, (v - 0.6) * 2.5)
    coat = laid(coat, GOLD, smooth(0.46, 0.42, eye))
    coat = laid(coat, RUST, smooth(0.38, 0.34, eye))
    coat = laid(coat, NIGHT, smooth(0.3, 0.26, eye))
    coat = laid(coat, TEAL, smooth(0.22, 0.12, np.hypot(u * 1.2, (v - 0.635) * 2.5)))
    coat = coat * (0.82 + 0.17 * barbs + 0.24 * (1 - np.abs(u)) - 0.12 * u)[..., None]
    shaft = smooth(0.04, 0.015, np.abs(u)) * smooth(0.55, 0.4, v)
    return laid(coat, CREAM, shaft * 0.6).astype(np.float32)
