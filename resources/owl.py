"""The example's content picture: an owl before the moon, drawn by formulas in uint8 [900, 700, 3]."""

from __future__ import annotations

import cv2
import numpy as np

from resources.pigment import (
    AMBER,
    CREAM,
    GOLD,
    INDIGO,
    NIGHT,
    RUST,
    TEAL,
    finished,
    laid,
    noise,
    ramp,
    rgb,
    smooth,
)

HEIGHT, WIDTH = 900, 700
_SCALE = 2
_SOFT = 0.0022  # half the width of an edge, in heights of the picture


def owl() -> np.ndarray:
    """Coordinates are in widths of the picture from its middle: x from -0.5 to 0.5, y from -0.643 to 0.643."""
    rng = np.random.default_rng(21)
    height, width = HEIGHT * _SCALE, WIDTH * _SCALE
    y = ((np.arange(height, dtype=np.float32) - height / 2) / width)[:, None]  # [H, 1]
    x = ((np.arange(width, dtype=np.float32) - width / 2) / width)[None]  # [1, W]
    picture = _sky(rng, y, x)
    picture = _branch(rng, picture, y, x)
    picture = _body(rng, picture, y, x)
    picture = _head(rng, picture, y, x)
    picture = _talons(picture, y, x)
    return finished(picture * (1 + 0.025 * rng.standard_normal((height, width, 1), np.float32)), HEIGHT, WIDTH)


def _inside(distance: np.ndarray, soft: float = _SOFT) -> np.ndarray:
    return smooth(soft, -soft, distance)


def _noise(
    rng: np.random.Generator, y: np.ndarray, x: np.ndarray, cell_y: int, cell_x: int = 0, octaves: int = 4
) -> np.ndarray:
    return noise(rng, y.shape[0], x.shape[1], cell_y, cell_x or cell_y, octaves)


def _ellipse(y: np.ndarray, x: np.ndarray, top: float, left: float, ry: float, rx: float) -> np.ndarray:
    """About the distance to an ellipse, negative inside."""
    v, u = (y - top) / ry, (x - left) / rx
    length = np.sqrt(u * u + v * v) + 1e-6
    return (length - 1) * min(ry, rx)


def _joined(a: np.ndarray, b: np.ndarray, soft: float) -> np.ndarray:
    """The union of two shapes, with a fillet of `soft` between them."""
    mix = np.clip(0.5 + 0.5 * (b - a) / soft, 0, 1)
    return b + (a - b) * mix - soft * mix * (1 - mix)


def _sky(rng: np.random.Generator, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    picture = ramp((y + 0.643) / 1.286 + 0 * x, "#070d1d", NIGHT, INDIGO, TEAL, "#4d8f86")
    speck = rng.random(picture.shape[:2], np.float32) > 0.99992
    stars = cv2.GaussianBlur(speck.astype(np.float32), (0, 0), 2.2) * 26
    picture = laid(picture, CREAM, stars * smooth(0.2, -0.2, y))
    moon = np.hypot(y + 0.2, x - 0.03) - 0.415
    picture = picture + rgb(AMBER) * (np.exp(-np.clip(moon, 0, 9) / 0.13) * 0.5)[..., None]
    seas = _noise(rng, y, x, 380, octaves=5)
    face = ramp(0.72 + 0.26 * smooth(0.5, -0.4, seas) - 0.25 * np.hypot(y + 0.2, x - 0.03), RUST, AMBER, GOLD, CREAM)
    picture = laid(picture, face, _inside(moon, 0.003))
    clouds = _noise(rng, y, x, 130, 900, octaves=5) + 3.6 * (y - 0.38)
    picture = laid(picture, "#12304a", smooth(-0.5, 0.9, clouds) * 0.75 * smooth(-0.15, 0.25, y))
    return laid(picture, "#0b1a30", smooth(0.6, 1.4, clouds) * 0.85)


def _branch(rng: np.random.Generator, picture: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    spine = 0.475 - 0.10 * x + 0.012 * np.sin(x * 9)
    half = 0.05 - 0.02 * x
    across = (y - spine) / half
    bark = _noise(rng, y, x, 22, 210, octaves=4)
    round_light = np.sqrt(np.clip(1 - across**2, 0, 1)) * 0.5 + 0.34 - 0.34 * across + 0.2 * bark
    picture = laid(picture, ramp(round_light, "#120c12", "#3c2522", "#8a5a3a", GOLD), _inside(np.abs(y - spine) - half))
    for left, tilt, size in (
        (-0.42, 0.9, 0.11),
        (-0.33, -0.5, 0.1),
        (0.36, -0.8, 0.1),
        (0.44, 0.7, 0.085),
        (-0.49, -0.3, 0.1),
    ):
        top = 0.475 - 0.10 * left + (0.085 if tilt > 0 else -0.085)
        u = (x - left) * np.cos(tilt) + (y - top) * np.sin(tilt)
        v = -(x - left) * np.sin(tilt) + (y - top) * np.cos(tilt)
        leaf = np.abs(v) - 0.42 * size * np.clip(1 - (u / size) ** 2, 0, 1)
        veins = 0.12 * np.sin((u - np.abs(v) * 0.8) * 260) + 0.25 * smooth(0.004, 0.0, np.abs(v))
        tone = 0.45 - v / size * 0.7 + veins
        picture = laid(picture, ramp(tone, "#0c2b33", TEAL, "#5fa08c", "#cfe0b8"), _inside(leaf) * (np.abs(u) < size))
    return picture


def _body(rng: np.random.Generator, picture: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    tail = _ellipse(y, x, 0.5, 0.0, 0.15, 0.11)
    picture = laid(picture, ramp(0.45 + 0.25 * np.sin(x * 130), NIGHT, "#3a2420", "#7c4a2c"), _inside(tail))
    body = _ellipse(y, x, 0.2, 0.0, 0.34, 0.245)
    shade = np.clip(0.75 - np.abs(x + 0.05) * 2.3 - (y - 0.2) * 0.25, 0, 1)
    belly = ramp(shade, "#3a1f1c", RUST, AMBER, GOLD, CREAM)
    rows, pitch = (y + 0.1) / 0.043, 0.052
    row = np.floor(rows)
    for lag in (1, 0):
        line = row - lag
        shift = (line % 2) * 0.5
        u = ((x / pitch + shift) % 1 - 0.5) * 2
        v = (rows - line) / 1.7
        tip = 1 - np.abs(u) ** 2.4 * 0.55 - v
        spot = smooth(0.2, 0.08, tip) * smooth(-0.02, 0.02, tip)
        belly = laid(belly, "#4a2418", spot * 0.85)
        belly = belly * (1 - 0.25 * smooth(0.0, -0.3, tip) * (lag == 0))[..., None]
        belly = laid(belly, "#4a2418", smooth(0.13, 0.05, np.abs(u)) * smooth(0.9, 0.5, v) * 0.5)
    picture = laid(picture, belly, _inside(body))
    for side in (-1, 1):
        s = x * side
        lean = s - 0.205 + (y - 0.12) * 0.2
        wing = _ellipse(y, lean, 0.17, 0.0, 0.33, 0.098)
        wing = np.maximum(wing, -(_ellipse(y, s, 0.18, 0.0, 0.36, 0.148)))
        rows = (y - s * 0.9) / 0.062
        line = np.floor(rows)
        v = rows - line
        quill = np.abs((((s + y * 0.12) / 0.036 + (line % 2) * 0.5) % 1) - 0.5) * 2
        tone = 0.16 + 0.5 * v * (1 - quill**3) + 0.26 * smooth(-0.04, 0.08, lean) * (side > 0) + 0.1 * (side < 0)
        coat = ramp(tone + 0.05 * _noise(rng, y, x, 8, octaves=2), NIGHT, "#33211f", "#6d3b24", AMBER, CREAM)
        picture = laid(picture, NIGHT, _inside(wing - 0.012, 0.012) * _inside(body, 0.02) * 0.6)
        picture = laid(picture, coat, _inside(wing))
    return picture


def _head(rng: np.random.Generator, picture: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    side = np.abs(x)
    head = _ellipse(y, x, -0.19, 0.0, 0.215, 0.275)
    tuft_u, tuft_v = side - 0.185 - (-0.33 - y) * 0.38, y + 0.335
    tuft = np.maximum(np.abs(tuft_u) - 0.075 * np.clip((tuft_v + 0.14) / 0.2, 0, 1.3), -(tuft_v + 0.14))
    tuft = np.maximum(tuft, tuft_v - 0.08)
    head = _joined(head, tuft, 0.035)
    flow = _noise(rng, y, x, 26, 9, octaves=3)
    tone = 0.42 - 0.6 * (y + 0.2) - 0.35 * side + 0.16 * flow
    coat = ramp(tone, NIGHT, "#3a221d", "#6d3820", AMBER, GOLD)
    picture = laid(picture, NIGHT, smooth(0.09, -0.02, head) * smooth(-0.1, 0.1, y + 0.05) * 0.75)
    picture = laid(picture, coat, _inside(head))
    picture = laid(picture, GOLD, smooth(-0.014, -0.004, head) * _inside(head) * smooth(0.0, -0.25, y) * 0.75)

    disc = _joined(_ellipse(y, side, -0.165, 0.112, 0.155, 0.13), _ellipse(y, x, -0.1, 0.0, 0.12, 0.1), 0.03)
    radius = np.hypot(y + 0.175, side - 0.115)
    angle = np.arctan2(y + 0.175, side - 0.115)
    rays = np.sin(angle * 46 + 3 * flow) * smooth(0.06, 0.12, radius)
    face = ramp(
        0.97 - radius * 2.1 + 0.10 * rays - 0.4 * np.clip(y + 0.1, 0, 1), "#5a2c1c", RUST, AMBER, "#f0cf95", CREAM
    )
    picture = laid(picture, "#1c1115", _inside(disc - 0.017, 0.006))
    picture = laid(picture, face, _inside(disc, 0.006))
    lid = 0.04 * smooth(0.01, 0.13, side) * (1 - side / 0.27) - 0.004
    brow = np.abs((y + 0.262) + (side - 0.12) * 0.52 + 0.6 * (side - 0.14) ** 2) - lid
    tone = 0.8 + 0.2 * np.sin((side - y * 1.4) * 330 + flow)
    picture = laid(picture, "#24130f", _inside(brow - 0.006, 0.006) * _inside(head) * 0.8)
    picture = laid(picture, ramp(tone, RUST, GOLD, CREAM, CREAM), _inside(brow, 0.004) * _inside(head))

    ring = np.hypot(y + 0.165, side - 0.112)
    picture = laid(picture, "#1a0f12", smooth(0.1, 0.088, ring))
    iris = ramp(np.clip((ring - 0.03) / 0.055, 0, 1) - 1.2 * np.clip(-(y + 0.165), 0, 1) * 2, CREAM, GOLD, AMBER, RUST)
    iris = iris * (1 + 0.08 * np.sin(angle * 60))[..., None]
    picture = laid(picture, iris, smooth(0.084, 0.08, ring))
    picture = laid(picture, "#07060a", smooth(0.05, 0.046, ring))
    picture = laid(picture, "#fffdf5", smooth(0.017, 0.013, np.hypot(y + 0.19, side - 0.112 + 0.022 * np.sign(x))))
    picture = laid(picture, CREAM, smooth(0.009, 0.006, np.hypot(y + 0.142, side - 0.112 - 0.02 * np.sign(x))) * 0.7)

    drop = (y + 0.115) / 0.12
    beak = side - 0.036 * np.sqrt(np.clip(drop, 0, 1)) * np.clip(1 - drop, 0, 1) * 2.1
    beak = np.maximum(beak, np.maximum(-drop, drop - 1) * 0.1)
    horn = ramp(0.75 - x * 9 - drop * 0.45, NIGHT, "#4a2a1c", GOLD, CREAM)
    picture = laid(picture, "#2a1714", _inside(beak - 0.008, 0.006))
    return laid(picture, horn, _inside(beak))


def _talons(picture: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    for middle in (-0.098, 0.098):
        for toe in (-0.044, 0.0, 0.044):
            left = middle + toe
            down = (y - 0.405 + 0.1 * left) / 0.115  # 0 at the root of the toe, 1 at the point of the claw
            half = 0.0245 * np.sqrt(np.clip(1.02 - np.clip(down, 0, 1) ** 1.6, 0, 1)) * np.sqrt(np.clip(down * 7, 0, 1))
            claw = np.abs(x - left - 0.012 * down * np.sign(toe)) - half
            tone = 0.74 - (x - left) * 14 - 0.3 * down + 0.07 * np.sin(down * 40)
            claw = np.maximum(claw, -0.1 * down)
            horn = ramp(tone, NIGHT, "#5a2a18", AMBER, GOLD)
            horn = laid(horn, ramp(tone - 0.1, "#08070a", "#1d171b", "#6b6670"), smooth(0.62, 0.7, down))
            picture = laid(picture, "#150d10", _inside(claw - 0.006, 0.004) * _inside(down * 0.1 - 0.106))
            picture = laid(picture, horn, _inside(claw) * _inside(down * 0.1 - 0.1))
    return picture
