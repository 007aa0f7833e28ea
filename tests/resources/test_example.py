"""The example's pictures are the same on every start, rich enough to be mosaic material, and written once."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import NoRoomError
from engine.images.read import read_image
from resources import example

DRAWINGS = {**example.styles(), **example.contents()}


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    return {name: draw() for name, draw in DRAWINGS.items()}


def grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(float)


def test_there_are_four_styles_and_a_content() -> None:
    assert len(example.styles()) == 4
    assert len(example.contents()) == 1


@pytest.mark.parametrize("name", DRAWINGS)
def test_size_and_tones(drawn: dict[str, np.ndarray], name: str) -> None:
    picture = drawn[name]
    assert picture.dtype == np.uint8
    assert picture.shape == ((900, 700, 3) if name in example.contents() else (700, 900, 3))
    dark, light = np.percentile(grey(picture), [5, 95])
    assert dark < 45, "a mosaic needs pieces for the shadows"
    assert light > 170, "and for the lights"


@pytest.mark.parametrize("name", example.styles())
def test_styles_are_rich_everywhere(drawn: dict[str, np.ndarray], name: str) -> None:
    blocks = grey(drawn[name])[:672, :864].reshape(7, 96, 9, 96).swapaxes(1, 2).reshape(63, -1)
    assert np.median(blocks.std(axis=1)) > 30
    assert blocks.std(axis=1).min() > 6
    few_colors = drawn[name][::7, ::7].reshape(-1, 3) // 64
    assert len(np.unique(few_colors, axis=0)) > 20


def test_the_owl_can_be_told_at_the_size_of_a_stamp(drawn: dict[str, np.ndarray]) -> None:
    stamp = cv2.resize(grey(drawn["owl"]), (60, 78), interpolation=cv2.INTER_AREA)
    left_pupil, right_pupil, between = stamp[29, 23], stamp[29, 36], stamp[29, 30]
    assert max(left_pupil, right_pupil) < 0.5 * between
    assert stamp[10, 10:50].mean() > 2 * stamp[2:8, 0:5].mean(), "the moon stands out from the night"
    mirrored = np.corrcoef(stamp[15:40, 15:45].ravel(), stamp[15:40, 15:45][:, ::-1].ravel())[0, 1]
    assert mirrored > 0.75


def test_the_same_picture_every_time(drawn: dict[str, np.ndarray]) -> None:
    assert (DRAWINGS["marbled"]() == drawn["marbled"]).all()
    assert (DRAWINGS["tesserae"]() == drawn["tesserae"]).all()


def test_written_once_and_read_back(
    drawn: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(name: str) -> Callable[[], np.ndarray]:
        return lambda: (calls.append(name), drawn[name])[1]

    monkeypatch.setattr(example, "styles", lambda: {name: counted(name) for name in ("brocade", "feathers")})
    monkeypatch.setattr(example, "contents", lambda: {"owl": counted("owl")})
    folder = tmp_path / "ünï" / "example"
    styles, content = example.write(folder)
    assert (styles, content) == example.write(folder)
    assert calls == ["brocade", "feathers", "owl"]
    assert sorted(folder.iterdir()) == sorted([*styles, content])
    assert (read_image(content).pixels.permute(1, 2, 0).numpy() == drawn["owl"]).all()

    styles[0].unlink()
    example.write(folder)
    assert calls[3:] == ["brocade"]


def test_a_folder_that_can_not_be_written_is_named(
    drawn: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example, "styles", lambda: {"brocade": lambda: drawn["brocade"]})
    (tmp_path / "file").write_text("")
    with pytest.raises(NoRoomError, match="could not be written"):
        example.write(tmp_path / "file" / "example")
