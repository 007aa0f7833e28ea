"""Fast stylisation: the laws of every method, over the options that change the network; norms; noise."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.errors import BadSettingError, MissingSourcesError
from engine.fields.artwork import Artwork
from engine.images.read import read_image
from engine.job import SourceImage
from engine.methods.feedforward.stylize import Stylize
from engine.nn.residual_network import ResidualNetwork, ResidualShape
from engine.options import RenderMode
from tests.engine.famos_jobs import picture
from tests.engine.generator_jobs import CPU, job, trained
from tests.engine.method_jobs import whole

OPTIONS = [
    {"norm": norm, "noise": noise, "blocks": blocks, "padding": padding, "enlarging": enlarging}
    for (norm, noise), blocks, padding, enlarging in zip(
        product(("instance", "batch", "layer", "none"), (0, 3)),
        (1, 2, 0, 1, 2, 0, 1, 2),
        ("replicate", "circular") * 4,
        ("smooth", "nearest", "nearest", "smooth") * 2,
        strict=True,
    )
]


def test_frozen_instance_norm_gives_nearly_what_it_would_give_over_the_whole_canvas(tmp_path: Path) -> None:
    """A canvas that one settling piece covers: frozen statistics are then those of the canvas itself."""
    sources = {"style": (picture(tmp_path / "s.png", 64, 64, 1),), "content": (picture(tmp_path / "t.png", 64, 64, 2),)}
    method = Stylize(job("stylize", tmp_path, {"patch": 64, "noise": 0}, sources=sources), CPU)
    trained(method, 3)
    painted = whole(method, Size(64, 64))
    with torch.no_grad():
        content = method._patches._fields[0].at(Size(64, 64).box)[None] * 2 - 1
        exact = method.average.train()(content)[0].clamp(0, 1)
    inner = (slice(None), slice(24, 40), slice(24, 40))  # beyond it the canvas goes on mirrored, the exact one does not
    assert (painted[inner] - exact[inner]).abs().max() < 0.02


def test_it_learns_the_style_and_the_content(tmp_path: Path) -> None:
    settings = {"width": 6, "filters": 8, "learning_rate": 3e-3, "content_weight": 0.5}
    method = Stylize(job("stylize", tmp_path, settings), CPU)
    terms = [method.step(step) for step in range(30)]
    for key in ("style", "content"):
        early = torch.stack([term[key] for term in terms[:4]]).mean()
        late = torch.stack([term[key] for term in terms[-4:]]).mean()
        assert late < 0.8 * early, key


def test_shading_does_not_ask_how_light_a_practice_picture_is(tmp_path: Path) -> None:
    """Instance norm takes it away: asked for it, a network has nothing to tell it from."""
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 0.5
    contents = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    found = {}
    for content_by in ("shading", "tones"):
        method = Stylize(job("stylize", tmp_path, {"content_by": content_by}), CPU)
        found[content_by] = [float(method._tones(images + lighter, contents)) for lighter in (0.0, 0.3)]
    assert found["shading"][1] == pytest.approx(found["shading"][0], rel=1e-4)
    assert found["tones"][1] != pytest.approx(found["tones"][0], rel=0.1)
    assert found["shading"][0] <= found["tones"][0]


def test_residual_blocks_look_around_from_the_first_step_on(tmp_path: Path) -> None:
    network = Stylize(job("stylize", tmp_path, {"norm": "layer", "noise": 0}), CPU).generator
    content = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    network(content)[0, :, 32, 32].sum().backward()
    assert content.grad is not None
    seen = content.grad.abs().sum((0, 1, 2)).nonzero().flatten()
    without = 4 + 2 * 2 + 2 + 4 + 1 + 4  # of the layers around the blocks, px at most on one side
    assert int(seen.max()) - 32 > without


def test_variety_compares_stylisations_of_one_content(tmp_path: Path) -> None:
    method = trained(Stylize(job("stylize", tmp_path, {"noise": 2, "batch": 4, "diversity_weight": 1.0}), CPU), 1)
    content = method.patches()["Content"]
    assert torch.equal(content[0], content[1])
    assert torch.equal(content[2], content[3])
    assert not torch.equal(content[0], content[2])


def test_noise_makes_another_picture_of_the_same_content(tmp_path: Path) -> None:
    method = trained(Stylize(job("stylize", tmp_path, {"noise": 2}), CPU), 1)
    first = whole(method, Size(64, 64))
    method.settings = method.settings.with_values({"sample_seed": 1})
    assert not torch.equal(first, whole(method, Size(64, 64)))
    assert torch.equal(whole(method, Size(64, 64), "content"), whole(method, Size(64, 64), "content"))


def test_contents_are_practised_on_enlarged(tmp_path: Path) -> None:
    """Grain of one pixel fades where a content is enlarged; without, patches are cut from it as it is."""

    def alignment_px(enlarged: float) -> float:
        method = Stylize(job("stylize", tmp_path, {"enlarged": enlarged, "batch": 16, "noise": 0}), CPU)
        content = method._draw_batch(torch.Generator().manual_seed(1)).content
        return float(content.diff(dim=-1).abs().mean())

    assert alignment_px(16.0) < 0.5 * alignment_px(1.0)


def test_the_network_keeps_the_size() -> None:
    network = ResidualNetwork(ResidualShape(width=2, blocks=1, noise=3))
    noise = network.noise_at(Size(32, 48).box, 1, CPU)
    assert network(torch.zeros(1, 3, 32, 48), noise).shape == (1, 3, 32, 48)


def test_contents_smaller_than_the_patch_and_a_canvas_of_another_size(tmp_path: Path) -> None:
    method = trained(Stylize(job("stylize", tmp_path, {"patch": 128}, canvas_size=Size(90, 200)), CPU), 1)
    assert method.canvas_size == Size(90, 200)
    assert whole(method, method.canvas_size).shape == (3, 90, 200)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch": 50}, "patch can not be 50 here; it is a multiple of 16"),
        ({"content_by": "features"}, "content_by can not be 'features' with network filters and statistic sliced"),
    ],
)
def test_settings_that_can_not_be_had(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match=message):
        Stylize(job("stylize", tmp_path, settings), CPU)


def test_a_missing_content_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(MissingSourcesError, match="at least one image on Content"):
        Stylize(job("stylize", tmp_path, sources={"style": (picture(tmp_path / "s.png", 64, 64, 1),)}), CPU)


def test_another_content_takes_the_place_of_the_one_that_was_trained_on(tmp_path: Path) -> None:
    method = Stylize(job("stylize", tmp_path), CPU)
    other = picture(tmp_path / "other.png", 50, 60, 9)
    size, content = Size(48, 64), method.canvas_size
    with torch.no_grad():
        method.freeze_statistics()
        painted = Artwork(method.renderer(RenderMode(frame=other.path)), size).at(size.box)
        plain = Artwork(method, size).at(size.box)
        same = RenderMode(frame=str(tmp_path / "c.png"))
        box = Box(0, 0, 32, 32)
        assert torch.equal(Artwork(method.renderer(same), content).at(box), Artwork(method, content).at(box))
    assert not torch.equal(painted, plain)
    with pytest.raises(BadSettingError, match="can not repeat"):
        method.renderer(RenderMode(repeat=True))


def test_filters_respond_alike_over_style_and_contents(tmp_path: Path) -> None:
    """As in the optimisation methods: mean activation 1 for each filter over all images, styles and contents alike."""
    values = {"statistic": "gram", "filters": 8, "levels": 1, "content_scale": 1.0, "style_scale": 1.0}
    job_of = {over: job("stylize", tmp_path, values | {"normalised_over": over}) for over in ("both", "style")}
    for over, of in job_of.items():
        method = Stylize(of, CPU)
        images = [*of.sources["style"], *(of.sources["content"] if over == "both" else ())]
        means = []
        for image in images:
            pixels = read_image(Path(image.path)).pixels[None].float() / 255
            found = method.style_loss.network(pixels)
            means.append({layer: x.double().abs().mean((0, 2, 3)) for layer, x in found.items()})
        for layer in means[0]:
            mean = torch.stack([each[layer] for each in means]).mean(0)
            assert torch.allclose(mean[mean > 1e-6], torch.ones((), dtype=torch.float64), atol=1e-4), over


def test_a_large_image_counts_as_much_as_a_small_one_for_how_filters_respond(tmp_path: Path) -> None:
    """It is looked at in many pieces, here all alike, so that their mean is that of one."""
    fine = np.random.default_rng(4).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    flat = np.full((64, 64, 3), 90, np.uint8)
    flat[:, 32:] = 160
    Image.fromarray(np.tile(fine, (60, 50, 1))).save(tmp_path / "s.png")
    Image.fromarray(flat).save(tmp_path / "t.png")
    files = {"style": "s.png", "content": "t.png"}
    sources = {slot: (SourceImage(path=str(tmp_path / name)),) for slot, name in files.items()}
    values = {"statistic": "gram", "filters": 8, "levels": 1, "normalised_over": "both"}
    network = Stylize(job("stylize", tmp_path, values, sources=sources), CPU).style_loss.network
    means = [
        network(read_image(tmp_path / name).pixels[None].float() / 255)["level1"].mean((0, 2, 3))
        for name in ("s.png", "t.png")
    ]
    mean = torch.stack(means).mean(0)
    assert torch.allclose(mean[mean > 1e-6], torch.ones(()), atol=0.15), "but for what pieces see at their edges"


@pytest.mark.parametrize("values", [{"statistic": "gram"}, {"batch": 10}])
def test_a_style_that_is_looked_at_in_many_pieces_is_learned(values: dict[str, Any], tmp_path: Path) -> None:
    """More pieces than are seen at once, and no multiple of those."""
    sources = {
        "style": (picture(tmp_path / "s.png", 900, 700, 1),),
        "content": (picture(tmp_path / "t.png", 64, 64, 2),),
    }
    method = Stylize(job("stylize", tmp_path, values, sources=sources), CPU)
    assert all(torch.isfinite(torch.as_tensor(float(value))) for value in method.step(0).values())
