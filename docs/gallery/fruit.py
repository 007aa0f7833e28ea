"""A table heaped with fruit, blossoms and leaves: the style of the collage."""

import numpy as np
from shapes import smooth, to_bytes

_FRUIT = {  # light, middle and dark of a fruit, its length to breadth, how glossy
    "lemon": ("#fff6b0", "#f5d040", "#a97a12", 1.3, 0.5),
    "pear": ("#fbf8c8", "#d8d870", "#7c7a24", 1.35, 0.5),
    "peach": ("#ffe6c4", "#f6a86a", "#b5482c", 1.0, 0.2),
    "blossom": ("#ffffff", "#fbe9e4", "#d9a8a8", 1.0, 0.1),
    "orange": ("#ffd080", "#f08418", "#8c3c08", 1.0, 0.5),
    "apple": ("#ff9a70", "#d42a1c", "#5c0a10", 0.95, 0.9),
    "green apple": ("#e8f8a0", "#86b82c", "#2c5410", 0.95, 0.9),
    "cherry": ("#e85060", "#8c0c20", "#2c040c", 1.0, 1.0),
    "plum": ("#8c7cc0", "#3a2560", "#100820", 1.2, 0.6),
    "grape": ("#6c6c98", "#221c40", "#08060f", 1.0, 0.9),
    "leaf": ("#9cc860", "#2c6c28", "#0a2810", 2.1, 0.3),
    "dark leaf": ("#4c8050", "#103820", "#04120a", 2.1, 0.3),
}


def _rgb(color: str) -> np.ndarray:
    return np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)], np.float32) / 255


def fruit(seed: int = 3) -> np.ndarray:
    """uint8 [700, 900, 3], RGB."""
    rng = np.random.default_rng(seed)
    height, width = 1400, 1800
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = _rgb("#0a0c08")
    names = list(_FRUIT)
    chance = np.array((1.0, 0.9, 0.9, 0.9, 1.0, 1.0, 0.8, 0.8, 1.0, 1.0, 1.2, 1.2))
    for _ in range(1500):
        name = names[rng.choice(len(names), p=chance / chance.sum())]
        light, middle, dark, long, gloss = _FRUIT[name]
        light, middle, dark = _rgb(light), _rgb(middle), _rgb(dark)
        size = rng.uniform(38, 62) * (0.62 if name in ("cherry", "grape") else 1.0)
        top, left, turn = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(0, 2 * np.pi)
        reach = int(size * long * 1.4) + 3
        y0, y1 = max(0, int(top) - reach), min(height, int(top) + reach)
        x0, x1 = max(0, int(left) - reach), min(width, int(left) + reach)
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        y, x = (y - top) / size, (x - left) / size
        u, v = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
        angle = np.arctan2(v, u)
        if "leaf" in name:
            distance = np.abs(v) / (0.62 * np.clip(1 - (u / long) ** 2, 1e-3, 1)) + (np.abs(u) > long) * 9
        elif name == "blossom":
            distance = np.hypot(u, v) / (0.72 + 0.28 * np.abs(np.cos(2.5 * angle)))
        elif name in ("lemon", "pear"):
            distance = np.hypot(u / long, v / (1 - 0.24 * u / long * (name == "pear")))
            distance = distance - 0.1 * np.exp(-((np.abs(u) / long - 1.05) ** 2) * 60) * (name == "lemon")
        else:
            distance = np.hypot(u / long, v)
        inside = smooth(1.0, 0.96, distance)
        shadow = smooth(1.38, 0.9, np.hypot(x - 0.12, y - 0.16) / max(1.0, long * 0.8)) * 0.62
        ball = np.sqrt(np.clip(1 - distance**2, 0, 1))
        lit = np.clip(0.6 * ball + 0.34 * (-x - y) / long + 0.16, 0, 1)
        if "leaf" in name:
            lit = 0.42 + 0.2 * np.sign(v) * np.sign(np.sin(turn) + 0.01) + 0.1 * np.cos((u - np.abs(v)) * 16)
            lit = lit + 0.3 * smooth(0.07, 0.02, np.abs(v))
        elif name == "blossom":
            lit = 0.35 + 0.5 * distance + 0.12 * np.cos(angle * 25)
        elif "apple" in name or name == "peach":
            lit = lit + 0.07 * np.sin(angle * 13 + 3 * distance)
        elif name in ("orange", "lemon"):
            lit = lit + 0.05 * rng.standard_normal(lit.shape)
        lit = np.clip(lit, 0, 1)[..., None]
        color = np.where(lit < 0.5, dark + (middle - dark) * lit * 2, middle + (light - middle) * (lit * 2 - 1))
        if name == "peach":
            color += (_rgb("#e0503c") - color) * (smooth(0.1, 0.9, u) * 0.7)[..., None]
        if "apple" in name:
            hollow = np.hypot(u - 0.25, v - 0.1)
            color *= (0.35 + 0.65 * smooth(0.02, 0.24, hollow))[..., None]
        if name == "blossom":
            color += (_rgb("#f0b820") - color) * smooth(0.26, 0.2, np.hypot(u, v))[..., None]
        shine = np.exp(-(((x + 0.36) / 0.2) ** 2 + ((y + 0.4) / 0.15) ** 2)) * gloss * 0.75
        color = color + (1 - color) * shine[..., None]
        part = picture[y0:y1, x0:x1]
        part *= (1 - shadow)[..., None]
        part += (color - part) * inside[..., None]
    return to_bytes(picture, 900, 700)
