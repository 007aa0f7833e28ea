"""Where a picture comes from, inside the file itself: written as XMP, and read back into a job.

Of the images only names are written, never folders: a file that is given away tells nothing of the disk it came from.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from pydantic import ValidationError

from engine.errors import BadImageError
from engine.export.format import formats
from engine.images.decode import missing, open_image
from engine.job import Job
from engine.migrations import FORMAT, migrated
from engine.project import parse_job

SPACE = "https://ns.tessera.studio/1.0/"
_LARGEST_PACKET = 60_000  # a JPEG has no room for more than 64 KB
_LARGEST_ORIGIN = 4_000_000


@dataclass(frozen=True)
class Origin:
    """What an exported file says of itself.

    Args:
        job: method, settings, seed and images; one that was not found is expected beside the file.
        missing: names of those images.
        step: how many steps the weights had learned.
        layer: what was painted.
    """

    job: Job
    missing: tuple[str, ...]
    step: int
    layer: str


def packet(
    job: Job, *, title: str, step: int, layer: str, render_mode: dict[str, Any], credits_line: str = ""
) -> bytes:
    """An XMP packet.

    Args:
        title: of the method.
        render_mode: plain JSON of how it was painted; for people who look into it.
        credits_line: a sentence that programs show as the picture's description; none where it is empty.
    """
    stored = job.stored()
    for images in stored["sources"].values():
        for image in images:
            image["path"] = Path(image["path"]).name
    origin = {"format": FORMAT, "job": stored, "step": step, "layer": layer, "render_mode": render_mode}
    names = sorted({image["path"] for images in stored["sources"].values() for image in images})
    packed = _packet(origin, title, job, names, credits_line)
    if len(packed) > _LARGEST_PACKET:  # hundreds of images: the readable list goes first
        packed = _packet(origin, title, job, [*names[:20], "..."], credits_line)
    return packed


def read(path: Path, folders: Iterable[Path] = ()) -> Origin:
    """The origin of a file that Tessera exported (any format).

    Args:
        folders: where to look for its images, besides beside the file itself.

    Raises:
        BadImageError: the file can not be read, or says nothing of its origin.
        BadSettingError: there is no such method or setting (any more), or a value can not be had.
    """
    origin = _unpacked(_xmp(path), path)
    places = [path.absolute().parent, *folders]
    lost = []
    try:
        if origin["format"] > FORMAT:
            raise BadImageError(f"{path} was exported by a newer Tessera; please update this one.")
        for images in origin["job"]["sources"].values():
            for image in images:
                name = Path(image["path"]).name
                found = next((place / name for place in places if (place / name).is_file()), None)
                image["path"] = str(found) if found else name
                if not found:
                    lost.append(name)
        return Origin(
            parse_job(migrated(origin["job"], int(origin["format"])), path.parent),
            tuple(dict.fromkeys(lost)),
            int(origin["step"]),
            str(origin["layer"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ValidationError):
        raise BadImageError(f"{path} tells its settings in a way that can not be understood.") from None


def _packet(origin: dict[str, Any], title: str, job: Job, names: list[str], credits_line: str) -> bytes:
    packed = base64.b64encode(zlib.compress(json.dumps(origin, ensure_ascii=False).encode(), 9)).decode()
    sources = "".join(f"<rdf:li>{escape(name)}</rdf:li>" for name in names)
    said = f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(credits_line)}</rdf:li></rdf:Alt>'
    description = f"\n<dc:description>{said}</dc:description>" if credits_line else ""
    text = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:tessera="{SPACE}"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmp:CreatorTool="Tessera" tessera:method={quoteattr(title)} tessera:seed="{job.seed}" tessera:origin="{packed}">
<tessera:images><rdf:Bag>{sources}</rdf:Bag></tessera:images>{description}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
    return text.encode()


def _xmp(path: Path) -> bytes:
    says_nothing = BadImageError(f"{path} holds no settings: it was not exported by Tessera, or exported without them.")
    try:
        packets = (kind.read_packet(path) for kind in formats())
        found = next((packet for packet in packets if packet is not None), None)
        if found is None:
            image = open_image(path).image
            found = image.get("xmp-data") if image.get_typeof("xmp-data") else None
    except FileNotFoundError:
        raise BadImageError(missing(path)) from None
    except OSError as error:
        raise BadImageError(f"{path} could not be opened ({error.strerror}). Check that you may read it.") from None
    except ValueError:
        raise says_nothing from None
    if not found:
        raise says_nothing
    return bytes(found)


def _unpacked(xmp: bytes, path: Path) -> dict[str, Any]:
    try:
        root = ElementTree.fromstring(xmp.decode("utf-8").strip("\0\ufeff \n"))
        # "story" in files of 0.1
        names = [f"{{{SPACE}}}origin", f"{{{SPACE}}}story"]
        packed = next(value for node in root.iter() for name in names if (value := node.get(name)))
        unpacked = zlib.decompressobj().decompress(base64.b64decode(packed), _LARGEST_ORIGIN)
        return json.loads(unpacked)
    except (ElementTree.ParseError, StopIteration, ValueError, zlib.error):
        raise BadImageError(
            f"{path} holds no settings: it was not exported by Tessera, or another program has removed them."
        ) from None
