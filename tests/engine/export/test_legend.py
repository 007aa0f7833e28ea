"""What an export says of its pieces: the credits line in the file, and a legend of colours beside the layer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from PIL import Image

from engine.export.legend import credits_line, legend_path, write_legend
from engine.export.provenance import _unpacked, packet
from engine.pieces import PieceInfo
from tests.engine import toy


def piece(index: int, image: str, usage: float) -> PieceInfo:
    return cast(PieceInfo, SimpleNamespace(index=index, image=image, usage=usage))


def test_images_are_credited_by_their_parts_the_largest_first() -> None:
    pieces = [piece(0, "a.jpg", 0.2), piece(1, "b & c.jpg", 0.7), piece(2, "a.jpg", 0.1), piece(3, "gone.jpg", 0.001)]
    assert credits_line(pieces) == "Laid of b & c.jpg (70 %), a.jpg (30 %)."
    assert credits_line([]) == credits_line([piece(0, "a.jpg", 0.0)]) == ""
    many = credits_line([piece(n, f"{n}.jpg", 0.05) for n in range(20)])
    assert many.endswith(" and 8 more.")


def test_the_legend_has_the_colour_of_each_piece(tmp_path: Path) -> None:
    path = legend_path(tmp_path / "my picture.png")
    write_legend(path, [piece(0, "a.jpg", 0.2), piece(1, "b.jpg", 0.8)], [(1, 0, 0), (0, 0, 1)])
    image = Image.open(path).convert("RGB")
    assert [image.getpixel((20, y)) for y in (25, 55)] == [(0, 0, 255), (255, 0, 0)], "the most used first"


def test_credits_are_the_description_and_the_settings_are_still_read(tmp_path: Path, monkeypatch) -> None:
    toy.register(monkeypatch)
    job = toy.job(tmp_path)
    xmp = packet(job, title="Toy", step=3, layer="result", render_mode={}, credits_line="Laid of <b> & c.jpg (70 %).")
    assert b"Laid of &lt;b&gt; &amp; c.jpg (70 %)." in xmp
    assert _unpacked(xmp, tmp_path)["step"] == 3
    assert b"dc:description" not in packet(job, title="Toy", step=3, layer="result", render_mode={})
