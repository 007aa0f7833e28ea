"""ICC profiles: sRGB and one compatible with Adobe RGB (1998), made from their formulas; checking and converting.

The primaries, white and curves are those of IEC 61966-2-1 and of the Adobe RGB (1998) encoding, the structure that of
ICC.1:2001-04 (version 2.4, which every program reads).
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine.errors import BadSettingError
from engine.images.decode import vips
from engine.nearest import instead
from engine.options import ADOBE_RGB, SRGB, EncodeOptions

_D65 = (0.3127, 0.3290)
_D50 = np.array([0.9642, 1.0, 0.8249])
_PRIMARIES = {
    SRGB: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    ADOBE_RGB: ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
}
_TITLES = {SRGB: "sRGB IEC61966-2.1 compatible", ADOBE_RGB: "Adobe RGB (1998) compatible"}
_ADOBE_GAMMA = 0x0233  # 2 + 51 / 256 in the format's fixed point, as the encoding has it
_CURVE_POINTS = 1024
_LARGEST_BYTES = 64_000_000


@dataclass(frozen=True)
class Profile:
    """An ICC profile: its bytes, its name, and whether its colours are RGB or CMYK."""

    data: bytes
    title: str
    space: Literal["RGB", "CMYK"]

    @property
    def bands(self) -> int:
        return 4 if self.space == "CMYK" else 3


def load(profile: str) -> Profile:
    """The profile that `EncodeOptions.profile` names.

    Raises:
        BadSettingError: the file is not there, is no ICC profile, or is one that pictures can not be converted to.
    """
    if profile in _TITLES:
        return Profile(made(profile), _TITLES[profile], "RGB")
    path = Path(profile).expanduser()
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BadSettingError(f"{path} is no ICC profile. Choose the .icc or .icm file that the print shop gives.")
        data = path.read_bytes()
    except OSError as error:
        if not (path.suffix or path.exists()):
            there = instead(profile, _TITLES)
            raise BadSettingError(f"There is no profile {profile}; {there} An .icc file can be named, too.") from None
        raise BadSettingError(f"The profile {path} could not be read ({error.strerror}). Choose it again.") from None
    if len(data) < 132 or data[36:40] != b"acsp" or struct.unpack(">I", data[:4])[0] > len(data):
        raise BadSettingError(f"{path} is no ICC profile. Choose the .icc or .icm file that the print shop gives.")
    space = data[16:20].decode("ascii", "replace").strip()
    if space not in ("RGB", "CMYK") or data[12:16] in (b"link", b"abst", b"nmcl"):
        raise BadSettingError(
            f"{path} is a profile for {_SPACES.get(space, space)}, which a picture can not be saved in. "
            "Choose one for RGB or CMYK."
        )
    found = Profile(data, _description(data) or path.stem, "CMYK" if space == "CMYK" else "RGB")
    if not _works(found):
        raise BadSettingError(
            f"{path} can not be converted to: it is damaged, or made for scanners only. Choose another."
        )
    return found


_SPACES = {"GRAY": "grey pictures", "Lab": "Lab colours", "XYZ": "XYZ colours"}


@cache
def made(key: str) -> bytes:
    """The bytes of "srgb" or "adobe-rgb"."""
    if key == SRGB:
        curve = _curve(np.round(_srgb_decoded(np.linspace(0, 1, _CURVE_POINTS)) * 65535).astype(int).tolist())
    else:
        curve = _curve([_ADOBE_GAMMA])
    red, green, blue = _colorants(_PRIMARIES[key]).T
    # ICC.1 has the media's white relative to D50, which for an adapted display is D65 itself in version 2.
    white = _xyz(_D65)
    parts = {
        b"desc": _described(_TITLES[key]),
        b"cprt": b"text\0\0\0\0" + b"No copyright, use freely.\0",
        b"wtpt": _point(white),
        b"rXYZ": _point(red),
        b"gXYZ": _point(green),
        b"bXYZ": _point(blue),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _packed(parts)


def converted(image: Any, profile: Profile, encode_options: EncodeOptions, bits: int) -> Any:
    """An sRGB vips image in the colours of a profile, which is not attached yet.

    Args:
        image: 8 or 16 bit RGB.
        bits: of the result.
    """
    with on_disk(made(SRGB)) as source, on_disk(profile.data) as target:
        return image.icc_transform(
            str(target),
            input_profile=str(source),
            embedded=False,
            intent=encode_options.intent,
            black_point_compensation=encode_options.black_point,
            depth=bits,
        )


def soft_proof(pixels: np.ndarray, profile: Profile, encode_options: EncodeOptions) -> np.ndarray:
    """How a print will look, on the screen: uint8 [h, w, 3] in sRGB to the profile and back, the same shape.

    Costs about 50 ms a megapixel; meant for what a canvas shows.
    """
    image = vips().Image.new_from_array(np.ascontiguousarray(pixels), interpretation="srgb")
    with on_disk(made(SRGB)) as screen, on_disk(profile.data) as target:
        printed = converted(image, profile, encode_options, 8)
        # The shop's black and white are shown as the screen's own, so that the eye can adapt.
        shown = printed.icc_transform(
            str(screen), input_profile=str(target), embedded=False, intent="relative", black_point_compensation=True
        )
        return np.ascontiguousarray(shown.numpy()[..., :3])


@contextmanager
def on_disk(data: bytes) -> Iterator[Path]:
    """libvips takes profiles by name only."""
    handle, name = tempfile.mkstemp(suffix=".icc")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _works(profile: Profile) -> bool:
    pixel = vips().Image.black(1, 1, bands=3).copy(interpretation="srgb").cast("uchar")
    try:
        return converted(pixel, profile, EncodeOptions(), 8).copy_memory().bands == profile.bands
    except vips().Error:
        return False


# ---------------------------------------------------------------- the format


def _xyz(place: tuple[float, float]) -> np.ndarray:
    """A chromaticity (x, y) at luminance 1."""
    x, y = place
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _colorants(primaries: tuple[tuple[float, float], ...]) -> np.ndarray:
    """XYZ of red, green and blue as columns [3, 3], adapted from D65 to D50 (Bradford); they add up to D50."""
    raw = np.stack([_xyz(primary) for primary in primaries], 1)
    to_xyz = raw * np.linalg.solve(raw, _xyz(_D65))
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gain = (bradford @ _D50) / (bradford @ _xyz(_D65))
    return np.linalg.inv(bradford) @ (gain[:, None] * bradford) @ to_xyz


def _srgb_decoded(value: np.ndarray) -> np.ndarray:
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _point(xyz: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in xyz))


def _curve(points: list[int]) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(f">I{len(points)}H", len(points), *points)


def _described(title: str) -> bytes:
    text = title.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(8) + bytes(3) + bytes(67)


def _packed(parts: dict[bytes, bytes]) -> bytes:
    start = 128 + 4 + 12 * len(parts)
    table, body, places = b"", b"", {}
    for key, part in parts.items():
        if part not in places:  # the three curves are one
            places[part] = start + len(body)
            body += part + bytes(-len(part) % 4)
        table += key + struct.pack(">2I", places[part], len(part))
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sIIIQI3i4s44x",
        *(start + len(body), b"\0" * 4, 0x02400000, b"mntr", b"RGB ", b"XYZ "),
        *(2026, 1, 1, 0, 0, 0, b"acsp", b"\0" * 4, 0, 0, 0, 0, 0),
        *(round(value * 65536) for value in _D50),
        b"\0" * 4,
    )
    return header + struct.pack(">I", len(parts)) + table + body


def _description(data: bytes) -> str:
    """The profile's name for people: `desc` of version 2, or `mluc` of version 4."""
    (count,) = struct.unpack(">I", data[128:132])
    for index in range(min(count, 100)):
        entry = data[132 + 12 * index : 144 + 12 * index]
        if len(entry) == 12 and entry[:4] == b"desc":
            start, length = struct.unpack(">2I", entry[4:])
            tag = data[start : start + length]
            if tag[:4] == b"desc" and len(tag) > 12:
                (size,) = struct.unpack(">I", tag[8:12])
                return tag[12 : 12 + size].split(b"\0")[0].decode("latin-1")
            if tag[:4] == b"mluc" and len(tag) >= 28:
                size, place = struct.unpack(">2I", tag[20:28])
                return tag[place : place + size].decode("utf-16-be", "replace").strip("\0")
    return ""
