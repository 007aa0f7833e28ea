"""What the benchmarks measure of a picture, beside what the window does: one structure, and two content matches."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.measures import content_match, structure
from engine.style import matches


def saved(path: Path, grey: np.ndarray) -> Path:
    """[h, w], 0..255, as a grey picture."""
    Image.fromarray(np.clip(np.round(grey), 0, 255).astype(np.uint8)).convert("RGB").save(path)
    return path


def of_window(measure, picture: Path, content: Path) -> float:
    """What the window measures, -1..1 as the benchmarks have it."""
    tensors = (torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1) for path in (picture, content))
    return measure(*tensors) / 100


def scene(height: int, width: int, seed: int) -> np.ndarray:
    """Smooth light and dark, [h, w], 20..235."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    smooth = cv2.GaussianBlur(noise, (0, 0), 8)
    return 20 + 215 * (smooth - smooth.min()) / np.ptp(smooth)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 999), of_content=st.floats(0.2, 0.9), width=st.sampled_from([200, 256, 330]))
def test_structure_is_one_formula_here_and_in_the_window(
    tmp_path: Path, seed: int, of_content: float, width: int
) -> None:
    content = scene(240, width, seed)
    mixed = of_content * content + (1 - of_content) * scene(240, width, seed + 1)
    picture, whole = saved(tmp_path / "picture.png", mixed), saved(tmp_path / "content.png", content)
    assert structure(picture, whole) == pytest.approx(of_window(matches.structure_match, picture, whole), abs=0.02)


def test_ranks_know_no_contrast_and_values_do(tmp_path: Path) -> None:
    content = scene(180, 240, 1)
    whole = saved(tmp_path / "content.png", content)
    bent = saved(tmp_path / "bent.png", 255 * (content / 255) ** 4)
    assert content_match(bent, whole) > 0.99
    assert of_window(matches.content_match, bent, whole) < 0.95


def test_ranks_notice_ripples_in_a_dark_ground_and_values_do_not(tmp_path: Path) -> None:
    down, across = np.mgrid[:240, :240]
    light = np.hypot(down - 120, across - 120) < 50
    content = np.where(light, 220.0, 20.0 + across / 24)
    ripples = np.where(light, content, content + 6 * np.sin(across / 6.0))
    whole, rippled = saved(tmp_path / "content.png", content), saved(tmp_path / "ripples.png", ripples)
    assert of_window(matches.content_match, rippled, whole) > 0.98
    assert content_match(rippled, whole) < 0.9
