"""The three meters of the border tell a fringe, and cuts of the picture tell none."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.border import band, edge, main, plain


def test_a_fringe_is_told_and_a_texture_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texture = np.random.default_rng(3).integers(0, 60, (160, 200, 3), dtype=np.uint8)
    fringed = texture.copy()
    fringed[:2], fringed[-2:], fringed[:, :2], fringed[:, -2:] = 90, 200, 90, 200
    for meter in (plain, band, edge):
        assert meter(texture) == pytest.approx(1, abs=0.05)
        assert meter(fringed) > 1.1
        assert meter(fringed[8:-8, 8:-8]) == pytest.approx(1, abs=0.06)
    Image.fromarray(fringed).save(tmp_path / "fringed.png")
    main([str(tmp_path / "fringed.png")])
    assert capsys.readouterr().out.startswith(f"fringed.png: plain {plain(fringed):.2f}, band {band(fringed):.2f} (")
