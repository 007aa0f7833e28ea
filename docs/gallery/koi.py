"""Two koi round one another in a pond: the content of the fast stylisation."""

from collections.abc import Sequence
from math import comb

import cv2
import numpy as np
from shapes import smooth, to_bytes

Point = tuple[float, float]
Tint = tuple[float, float, float]
Patch = tuple[float, float, str]
"""A patch of the coat: where it begins and ends along the fish, 0 at the nose to 1, and "rust" or "navy"."""


def _fish(
    picture: np.ndarray, y: np.ndarray, x: np.ndarray, spine: Sequence[Point], width: float, patches: tuple[Patch, ...]
) -> None:
    """Paints a koi: `spine` are points from nose to root of the tail, `width` its half width in pixels."""
    points = np.array(spine, np.float32)
    t = np.linspace(0, 1, 160)
    n = len(points) - 1
    parts = [comb(n, k) * (t**k * (1 - t) ** (n - k))[:, None] * points[k] for k in range(n + 1)]
    bezier = np.sum(parts, axis=0)
    tangent = np.gradient(bezier, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)

    def fin(root: int, along: float, side: float, length: float, broad: float, dark: Tint, light: Tint) -> None:
        """A fan with rays from the point `root` of the spine."""
        base = bezier[root]
        direction = along * tangent[root] + side * normal[root]
        direction /= np.linalg.norm(direction)
        dx, dy = x - base[0], y - base[1]
        u = (dx * direction[0] + dy * direction[1]) / length
        v = (-dx * direction[1] + dy * direction[0]) / broad
        radius, angle = np.hypot(u, v), np.arctan2(v, np.maximum(u, 1e-3))
        inside = smooth(1.02, 0.97, radius + 0.06 * np.cos(angle * 22)) * (u > 0) * smooth(1.25, 1.15, np.abs(angle))
        rays = 0.5 + 0.5 * np.cos(angle * 30)
        color = np.array(dark) + (np.array(light) - np.array(dark)) * (0.25 + 0.75 * rays)[..., None]
        picture[:] += (color - picture) * (inside * 0.95)[..., None]

    cream, rust, navy = (1.0, 0.95, 0.84), (0.85, 0.28, 0.14), (0.03, 0.07, 0.2)
    for side in (-1, 1):
        fin(150, 1.0, 0.42 * side, width * 2.3, width * 1.2, (0.85, 0.55, 0.35), cream)
        fin(48, 0.75, side, width * 2.3, width * 1.25, (0.9, 0.6, 0.4), cream)
        fin(98, 0.9, side, width * 1.5, width * 0.8, (0.9, 0.6, 0.4), cream)
    profile = width * np.clip(np.sin(np.pi * np.clip(t * 0.86 + 0.13, 0, 1)) ** 0.8 + 0.12, 0, 1.2)
    profile[:10] *= np.sqrt(np.linspace(0.45, 1, 10))
    best = np.full(y.shape, 9.0, np.float32)
    place = np.zeros(y.shape, np.float32)
    across = np.zeros(y.shape, np.float32)
    for k in range(160):
        dx, dy = x - bezier[k, 0], y - bezier[k, 1]
        distance = np.hypot(dx, dy) / profile[k]
        nearer = distance < best
        best[nearer], place[nearer] = distance[nearer], t[k]
        across[nearer] = ((dx * normal[k, 0] + dy * normal[k, 1]) / profile[k])[nearer]
    body = smooth(1.0, 0.95, best)
    wave = 0.05 * np.sin(across * 5 + 1) + 0.035 * np.sin(across * 11 + place * 40)
    coat = np.ones((*y.shape, 3), np.float32) * np.array(cream)
    for start, end, color in patches:
        area = smooth(start - 0.012, start + 0.012, place + wave) * smooth(end + 0.012, end - 0.012, place - wave)
        area = area * smooth(0.93, 0.8, np.abs(across + 0.2 * np.sin(start * 40)))
        coat += (np.array(rust if color == "rust" else navy) - coat) * area[..., None]
    scales = 0.5 + 0.5 * np.cos(place * 170) * np.cos(across * 9)
    light = 1.05 - 0.45 * best**2.2 - 0.13 * scales * smooth(0.2, 0.28, place)
    coat *= light[..., None]
    picture[:] += (coat - picture) * body[..., None]
    back = smooth(0.16, 0.1, np.abs(across)) * smooth(0.3, 0.36, place) * smooth(0.74, 0.66, place) * body
    picture[:] += (np.array((0.75, 0.4, 0.25)) - picture) * (back * 0.8)[..., None]
    for side in (-1, 1):
        eye = bezier[12] + side * normal[12] * width * 0.55
        pupil = smooth(0.2, 0.16, np.hypot(x - eye[0], y - eye[1]) / width)
        picture[:] += (np.array(navy) - picture) * pupil[..., None]


def koi() -> np.ndarray:
    """uint8 [640, 640, 3], RGB."""
    side = 640
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0 : side * 2, 0 : side * 2].astype(np.float32) / 2
    radius = np.hypot(x - 320, y - 320)
    low = cv2.GaussianBlur(rng.standard_normal((side * 2, side * 2)).astype(np.float32), (0, 0), 60)
    low /= np.abs(low).max()
    ripple = 0.5 + 0.5 * np.sin(radius * 0.11 + 5 * low)
    deep, pale = np.array((0.02, 0.08, 0.24)), np.array((0.1, 0.48, 0.52))
    picture = deep + (pale - deep) * (0.12 + 0.5 * ripple * smooth(60, 380, radius) + 0.25 * low)[..., None]
    picture = picture.astype(np.float32)
    for left, top, size, turn in ((82, 92, 78, 0.6), (566, 560, 84, 3.6), (574, 80, 54, 2.2), (70, 566, 56, 5.2)):
        dx, dy = x - left, y - top
        angle = (np.arctan2(dy, dx) - turn + np.pi) % (2 * np.pi) - np.pi
        pad = smooth(1.0, 0.97, np.hypot(dx, dy) / size) * smooth(0.1, 0.16, np.abs(angle))
        veins = 0.5 + 0.5 * np.cos(angle * 13)
        green = np.array((0.05, 0.3, 0.28)) + np.array((0.6, 0.5, 0.2)) * (veins**4 * 0.6 + 0.2)[..., None]
        picture += (green - picture) * pad[..., None]
    first = [(432, 172), (330, 55), (150, 90), (95, 240), (150, 350)]
    second = [(640 - a, 640 - b) for a, b in first]
    _fish(picture, y, x, first, 58, ((0.1, 0.3, "rust"), (0.45, 0.62, "rust"), (0.8, 0.93, "rust")))
    _fish(
        picture, y, x, second, 58, ((0.0, 0.16, "navy"), (0.3, 0.5, "rust"), (0.62, 0.72, "navy"), (0.82, 0.95, "rust"))
    )
    return to_bytes(picture, side, side)
