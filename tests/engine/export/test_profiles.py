"""The profiles made here are those of the standards, and what is no profile is told."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import ImageCms

from engine.errors import BadSettingError
from engine.export import profiles
from engine.options import ADOBE_RGB, SRGB, EncodeOptions
from tests.engine.export.test_encoders import press_profile


def colors(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3)).astype(np.uint8)


@pytest.mark.parametrize("key", [SRGB, ADOBE_RGB])
def test_a_made_profile_is_valid_for_others(key: str) -> None:
    data = profiles.made(key)
    opened = ImageCms.ImageCmsProfile(io.BytesIO(data))
    assert ImageCms.getProfileDescription(opened).strip() == profiles.load(key).title
    core: Any = opened.profile  # Pillow does not say that it is its own CmsProfile
    assert core.xcolor_space.strip() == "RGB"
    assert core.version == pytest.approx(2.4)
    assert int.from_bytes(data[:4], "big") == len(data)
    assert all(
        ImageCms.isIntentSupported(opened, intent, ImageCms.Direction.OUTPUT)
        for intent in (ImageCms.Intent.PERCEPTUAL, ImageCms.Intent.RELATIVE_COLORIMETRIC)
    )


def test_srgb_equals_that_of_the_colour_library() -> None:
    """littlecms makes sRGB from the standard as well."""
    ours = ImageCms.ImageCmsProfile(io.BytesIO(profiles.made(SRGB))).profile
    theirs = ImageCms.createProfile("sRGB")
    for channel in ("red_colorant", "green_colorant", "blue_colorant"):
        assert np.allclose(getattr(ours, channel)[0], getattr(theirs, channel)[0], atol=2e-4)
    image = pyvips.Image.new_from_array(colors(), interpretation="srgb")
    with profiles.on_disk(profiles.made(SRGB)) as path:
        assert (image.icc_transform(str(path), input_profile="srgb", embedded=False).numpy() == colors()).all()


def test_colorants_add_up_to_the_white_of_the_format() -> None:
    for primaries in profiles._PRIMARIES.values():
        assert np.allclose(profiles._colorants(primaries).sum(1), [0.9642, 1.0, 0.8249], atol=1e-6)


def test_adobe_rgb_follows_its_formula() -> None:
    image = pyvips.Image.new_from_array(colors(), interpretation="srgb")
    converted = profiles.converted(image, profiles.load(ADOBE_RGB), EncodeOptions(), 16).numpy() / 65535
    light = profiles._srgb_decoded(colors() / 255)
    to_adobe = np.linalg.inv(profiles._colorants(profiles._PRIMARIES[ADOBE_RGB])) @ profiles._colorants(
        profiles._PRIMARIES[SRGB]
    )
    expected = np.clip(light @ to_adobe.T, 0, 1) ** (256 / 563)
    assert np.abs(converted - expected).max() < 0.002


@pytest.mark.parametrize(("intent", "black_point"), [("relative", True), ("relative", False), ("perceptual", True)])
def test_intents_differ_where_the_press_can_not_follow(tmp_path: Path, intent: str, black_point: bool) -> None:
    (tmp_path / "press.icc").write_bytes(press_profile())
    press = profiles.load(str(tmp_path / "press.icc"))
    assert (press.space, press.bands) == ("CMYK", 4)
    image = pyvips.Image.new_from_array(colors(), interpretation="srgb")
    plain = profiles.converted(image, press, EncodeOptions(), 8).numpy()
    other = profiles.converted(image, press, EncodeOptions(intent=intent, black_point=black_point), 8).numpy()  # type: ignore[arg-type]
    assert (other == plain).all() == (intent == "relative" and black_point)


def test_soft_proof_dims_what_a_press_can_not_print(tmp_path: Path) -> None:
    (tmp_path / "press.icc").write_bytes(press_profile())
    press = profiles.load(str(tmp_path / "press.icc"))
    neon = np.zeros((8, 9, 3), np.uint8)
    neon[..., 1] = 255
    proof = profiles.soft_proof(neon, press, EncodeOptions())
    assert proof.shape == neon.shape
    assert proof.dtype == np.uint8
    saturation = proof.max(-1).astype(int) - proof.min(-1)
    assert saturation.max() < 220
    grey = np.full((8, 9, 3), 128, np.uint8)
    assert np.abs(profiles.soft_proof(grey, press, EncodeOptions()).astype(int) - 128).max() <= 12
    assert (profiles.soft_proof(neon, profiles.load(SRGB), EncodeOptions()) == neon).all()


def grey_profile() -> bytes:
    data = bytearray(profiles.made(SRGB))
    data[16:20] = b"GRAY"
    return bytes(data)


def broken_profile() -> bytes:
    return profiles.made(SRGB)[:128] + bytes(len(profiles.made(SRGB)) - 128)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no ICC profile"),
        (b"\x89PNG\r\n\x1a\n" * 100, "is no ICC profile"),
        (profiles.made(SRGB)[:300], "is no ICC profile"),
        (grey_profile(), "is a profile for grey pictures"),
        (broken_profile(), "can not be converted to"),
        (None, "could not be read"),
    ],
)
def test_what_is_no_profile_is_told(tmp_path: Path, data: bytes | None, message: str) -> None:
    path = tmp_path / "my profile.icc"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(BadSettingError, match=message) as caught:
        profiles.load(str(path))
    assert "my profile.icc" in str(caught.value)


def test_no_profile_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    profiles.soft_proof(colors(), profiles.load(ADOBE_RGB), EncodeOptions())
    assert not list(tmp_path.iterdir())
