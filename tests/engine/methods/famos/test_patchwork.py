"""FAMOS with pieces and without a content: what is painted towards, and that no image is left out of it."""

from pathlib import Path

import pytest
import torch

from engine.box import Size
from engine.fields.artwork import Artwork
from engine.job import Job, PieceChoice, PieceChoices
from engine.methods.famos.method import Famos
from engine.methods.famos.patchwork import patchwork
from engine.methods.famos.settings import FamosSettings
from engine.settings import idle
from engine.templates.atlas import Atlas, Templates
from tests.engine import famos_jobs

CPU = torch.device("cpu")


def mosaic(folder: Path, **settings: object) -> Job:
    job = famos_jobs.job(folder)
    values = FamosSettings.of({**famos_jobs.TINY, "guidance": "unguided", **settings})
    return job.model_copy(update={"sources": {"style": job.sources["style"]}, "settings": values})


@pytest.mark.parametrize("size", [Size(90, 131), Size(400, 57), Size(8, 8)])
@pytest.mark.parametrize("muted", [(), (1, 3)])
def test_each_template_has_places_and_shows_itself_there(size: Size, muted: tuple[int, ...]) -> None:
    """Images of one grey value each, so that a pixel tells whose it is."""
    greys = [torch.full((3, 20, 30), 40 * index, dtype=torch.uint8) for index in range(1, 6)]
    random = torch.Generator().manual_seed(0)
    templates = Templates.drawn(Atlas(greys, CPU), 5, [1.0] * 5, "mirror", random)
    weights = torch.ones(5)
    weights[list(muted)] = 0
    found = patchwork(templates, weights, size, 32, seed=3)
    assert found.shape == (3, size.height, size.width)
    shown = {int(value) for value in found.unique()}
    allowed = {40 * (int(templates.image[index]) + 1) for index in range(5) if index not in muted}
    assert shown <= allowed
    assert size.area < 100 or shown == allowed
    assert torch.equal(found, patchwork(templates, weights, size, 32, seed=3))


def test_templates_lie_in_it_where_they_lie_on_the_canvas() -> None:
    random = torch.Generator().manual_seed(0)
    images = [torch.randint(0, 256, (3, 40, 50), dtype=torch.uint8, generator=random) for _ in range(3)]
    templates = Templates.drawn(Atlas(images, CPU), 4, [1.0] * 3, "mirror", random)
    size = Size(101, 83)
    found = patchwork(templates, torch.ones(4), size, 24, seed=1)
    each = templates.at(size.box).mul(255).round().to(torch.uint8)  # [N, 3, H, W]
    assert bool((each == found).all(1).any(0).all())


def test_it_is_asked_for_where_no_content_guides_pieces(tmp_path: Path) -> None:
    dealt, chance = Famos(mosaic(tmp_path), CPU), Famos(mosaic(tmp_path, without_content="chance"), CPU)
    assert float(dealt.step(0)["content_collage"]) > 0
    assert float(chance.step(0)["content_collage"]) == 0
    assert "content_weight" in idle(chance.settings)
    assert "content_weight" not in idle(dealt.settings)
    assert "without_content" in idle(dealt.settings.with_values({"mode": "paint"}))
    assert "without_content" in idle(dealt.settings.with_values({"guidance": "guided"}))


def test_it_follows_the_pieces_and_is_the_same_again(tmp_path: Path) -> None:
    method, size = Famos(mosaic(tmp_path), CPU), Size(64, 64)
    method.step(0)
    again = Famos(mosaic(tmp_path), CPU)
    again.restore(method.state())
    assert torch.equal(Artwork(method, size).at(size.box), Artwork(again, size).at(size.box))
    before = method._targets[0].pixels
    name = method.pieces()[0].of
    muted = PieceChoices(choices=(PieceChoice(index=0, of=name, weight=0.0),))
    assert method.try_update(mosaic(tmp_path).model_copy(update={"pieces": muted}))
    assert not torch.equal(before, method._targets[0].pixels)
