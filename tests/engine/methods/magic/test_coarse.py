"""The coarse picture that comes first, of another content too."""

from pathlib import Path

import torch

from engine.box import Size
from engine.fields.artwork import Artwork
from engine.messages.commands import RenderView
from engine.methods.magic.method import Magic
from engine.options import RenderMode
from engine.preview import views
from tests.engine import magic_jobs
from tests.engine.famos_jobs import picture

CPU = torch.device("cpu")


def test_another_content_is_coarse_first_as_well(tmp_path: Path) -> None:
    method = Magic(magic_jobs.job(tmp_path), CPU)
    other = picture(tmp_path / "other.png", 600, 400, 9)
    mode = RenderMode(frame=other.path, own_shape=True)
    size = Size(600, 400)
    look = RenderView(size.box, Size(300, 200), "content", canvas_size=size, render_mode=mode, coarse_first=True)
    pieces = list(views.answer(method, look))
    first = pieces[0]
    assert first.box == size.box
    assert not first.done
    assert first.image.shape == (300, 200, 3)
    with torch.no_grad():
        sharp = Artwork(method.renderer(mode), size, "content").at(size.box)
    small = torch.nn.functional.avg_pool2d(sharp[None], 2)[0]
    seen = torch.from_numpy(first.image).permute(2, 0, 1) / 255
    with torch.no_grad():
        own = torch.nn.functional.avg_pool2d(Artwork(method, size, "content").at(size.box)[None], 2)[0]
    off, off_from_own = (float((seen - content).abs().mean()) for content in (small, own))
    assert 2 * off < off_from_own


def test_what_is_remembered_of_ones_own_content_is_not_taken_for_another(tmp_path: Path) -> None:
    method = Magic(magic_jobs.job(tmp_path), CPU)
    other = picture(tmp_path / "other.png", 77, 101, 9)
    small = Size(40, 52)

    def coarse(mode: RenderMode | None) -> torch.Tensor:
        with torch.no_grad():
            return Artwork(method.coarse(2, mode), small).at(small.box)

    before = coarse(None)
    another = coarse(RenderMode(frame=other.path))
    assert not torch.equal(before, another)
    assert torch.equal(before, coarse(None))


def test_it_is_as_coarse_as_that_of_ones_own_content(tmp_path: Path) -> None:
    values = {"smoothing_px": 6.0, "color_matching": 1.0}
    method = Magic(magic_jobs.job(tmp_path, values), CPU)
    frame = picture(tmp_path / "other.png", 77, 101, 9)
    job = magic_jobs.job(tmp_path, values)
    other = Magic(job.model_copy(update={"sources": {**job.sources, "content": (frame,)}}), CPU)
    small = Size(40, 52)
    with torch.no_grad():
        followed = Artwork(method.coarse(2, RenderMode(frame=frame.path)), small).at(small.box)
        expected = Artwork(other.coarse(2), small).at(small.box)
    torch.testing.assert_close(followed, expected)
