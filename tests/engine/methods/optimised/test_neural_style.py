"""neural_style: how it learns, what an artist may do, and what it says of what it can not use."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadImageError, BadProjectError, BadSettingError, MissingSourcesError, MissingWeightsError
from engine.fields.artwork import Artwork
from engine.job import Job, SourceImage
from engine.method_choices import preset_values
from engine.methods.optimised import base
from engine.methods.optimised.neural_style import NeuralStyle, NeuralStyleSettings
from engine.style import weights
from tests.engine.famos_jobs import picture
from tests.engine.pixel_jobs import style_job

CPU = torch.device("cpu")

# ---------------------------------------------------------------- learning


def test_it_comes_nearer_to_style_and_content(tmp_path: Path) -> None:
    method = NeuralStyle(style_job(tmp_path, {"filters": 16, "start_noise": 1.0, "scales": 1}), CPU)
    terms = [method.step(step) for step in range(40)]
    for key in ("style", "tones"):
        late = torch.stack([t[key] for t in terms[-5:]]).mean()
        assert late < 0.7 * terms[0][key], key


def test_lbfgs_never_rises_while_its_loss_stays(tmp_path: Path) -> None:
    settings = preset_values(NeuralStyle, ["Chain"]) | {"network": "filters"}
    method = NeuralStyle(style_job(tmp_path, settings | {"filters": 6, "levels": 3}), CPU)
    losses = []
    for step in range(12):
        method.step(step)
        losses.append(float(method._objective.evaluate(method.picture, method._weights()).loss))
    assert all(b <= a * (1 + 1e-6) for a, b in pairwise(losses))
    assert losses[-1] < 0.5 * losses[0]


def test_sizes_double_from_coarse_to_fine(tmp_path: Path) -> None:
    method = NeuralStyle(style_job(tmp_path, {"scales": 3, "steps_per_scale": 2}), CPU)
    sizes = [int(method.step(step)["size"]) for step in range(7)]
    assert sizes == [19, 19, 38, 38, 77, 77, 77]
    assert method.picture.shape[2:] == (77, 101)


@pytest.mark.parametrize("network", ["filters", "vgg19"])
@pytest.mark.parametrize("statistic", ["sliced", "gram"])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_all_networks_statistics_and_optimisers_go_together(
    network: str, statistic: str, optimizer: str, tmp_path: Path
) -> None:
    for content_by, border, links in (("tones", "replicate", "chain"), ("features", "valid", "each")):
        settings = {"network": network, "statistic": statistic, "optimizer": optimizer, "content_by": content_by}
        sizes = {"border": border, "links": links, "levels": 2}
        sources = {
            "style": (picture(tmp_path / "s.png", 80, 84, 1),),
            "content": (picture(tmp_path / "content.png", 80, 90, 2),),
        }
        if network == "vgg19" and border == "valid":
            sizes["style_layers"] = "classic"
            sources = {key: (picture(tmp_path / f"{key}.png", 256, 250, len(key)),) for key in ("style", "content")}
        method = NeuralStyle(style_job(tmp_path, settings | sizes, sources=sources), CPU)
        before = method.picture.clone()
        for step in range(3):
            assert all(torch.isfinite(value) for value in method.step(step).values())
        assert before.shape != method.picture.shape or not torch.equal(before, method.picture)


# ---------------------------------------------------------------- what an artist may do


def whole(method: NeuralStyle, layer: str = "result") -> Tensor:
    with torch.no_grad():
        return Artwork(method, method.canvas_size, layer).at(method.canvas_size.box)


def test_start_from_content_noise_or_a_mixture(tmp_path: Path) -> None:
    pictures = {
        amount: NeuralStyle(style_job(tmp_path, {"start_noise": amount, "scales": 1}), CPU)
        for amount in (0.0, 0.5, 1.0)
    }
    content = whole(pictures[0.0], "content")
    assert torch.allclose(whole(pictures[0.0]), content)
    expected = (content + whole(pictures[1.0])) / 2
    assert torch.allclose(whole(pictures[0.5]), expected, atol=1e-6)
    drawn = {tuple(color) for color in (pictures[1.0].picture[0].flatten(1).T * 255).round().int().tolist()}
    styles = {
        tuple(color)
        for style in pictures[1.0]._objective.styles
        for color in (style.image[0].flatten(1).T * 255).round().int().tolist()
    }
    assert drawn <= styles


def test_without_a_content_the_style_makes_a_picture_of_any_size(tmp_path: Path) -> None:
    style = (picture(tmp_path / "s.png", 64, 80, 1),)
    method = NeuralStyle(style_job(tmp_path, sources={"style": style}, canvas_size=Size(100, 130)), CPU)
    assert method.canvas_size == Size(100, 130)
    terms = [method.step(step) for step in range(3)][-1]
    assert float(terms["tones"]) == float(terms["content"]) == 0
    assert whole(method).shape == (3, 100, 130)
    assert NeuralStyle(style_job(tmp_path, sources={"style": style}), CPU).canvas_size == Size(64, 80)


def test_the_contents_colours_can_be_kept(tmp_path: Path) -> None:
    from engine.methods.optimised.recolor import matched

    method = NeuralStyle(style_job(tmp_path, {"colors": "luminance", "scales": 1}), CPU)
    assert all(torch.equal(s.pixels[0], s.pixels[1]) for s in method._styles)
    for step in range(3):
        method.step(step)
    assert method._content is not None
    original = method._content.pixels.float() / 255
    result = whole(method)
    inside = ((result > 0.01) & (result < 0.99)).all(0)
    difference = (result - original)[:, inside]
    assert torch.allclose(difference[0], difference[1], atol=1e-5)  # only light and dark have changed
    assert difference.abs().mean() > 0.005

    style, content = method._styles[0].pixels, method._content.pixels
    soft = (torch.rand(3, 60, 60, generator=torch.Generator().manual_seed(0)) * 80 + 90).to(torch.uint8)
    moved, wanted = matched(soft, content // 3 + 80), content // 3 + 80
    for a, b in ((moved.double().flatten(1), wanted.double().flatten(1)),):
        assert torch.allclose(a.mean(1), b.mean(1), atol=1.5)
        assert torch.allclose(a.cov(), b.cov(), rtol=0.1, atol=8)
    plain = matched(torch.full_like(style, 90), content)
    assert plain.float().std((1, 2)).max() < 2


def test_live_weights_act_at_once_and_lbfgs_begins_afresh(tmp_path: Path) -> None:
    method = NeuralStyle(style_job(tmp_path, {"optimizer": "lbfgs", "scales": 1}), CPU)
    for step in range(3):
        method.step(step)
    assert method.state().plain["descent"]["count"] > 0
    before = float(method._objective.evaluate(method.picture, method._weights()).loss)
    method.settings = method.settings.with_values({"style_weight": 5.0})
    assert float(method._objective.evaluate(method.picture, method._weights()).loss) > before
    method.step(3)
    assert method.state().plain["descent"]["count"] <= 1


def test_another_setting_goes_on_with_the_picture_that_is_there(tmp_path: Path) -> None:
    old = NeuralStyle(style_job(tmp_path), CPU)
    for step in range(4):
        old.step(step)
    new = NeuralStyle(style_job(tmp_path, {"filters": 9}), CPU)
    assert new.restore(old.state(), strict=False) == []
    assert torch.equal(new.picture, old.picture)
    larger = NeuralStyle(style_job(tmp_path, {"content_scale": 2.0}), CPU)
    larger.restore(old.state(), strict=False)
    assert larger.canvas_size == Size(154, 202)
    assert (whole(larger).mean((1, 2)) - whole(old).mean((1, 2))).abs().max() < 0.02
    larger.step(4)
    with pytest.raises(BadProjectError, match="does not fit"):
        larger.restore(old.state())


def test_a_canvas_too_large_to_optimise_is_enlarged_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "MOST_PX", 5000)
    method = NeuralStyle(style_job(tmp_path), CPU)
    assert method.full.area <= 5100
    assert "too many to optimise" in method.warnings[0]
    assert whole(method).shape == (3, 77, 101)


def test_it_begins_with_the_start_image_where_there_is_one(tmp_path: Path) -> None:
    """So that a network's picture can be refined, as in figure 3 of Ulyanov et al. 2017."""
    base = style_job(tmp_path, {"start_noise": 0.0, "scales": 1})
    begun = base.model_copy(update={"sources": base.sources | {"start": (picture(tmp_path / "s.png", 77, 101, 9),)}})
    plain, refined = NeuralStyle(base, CPU), NeuralStyle(begun, CPU)
    start = torch.from_numpy(np.asarray(Image.open(tmp_path / "s.png")).copy()).permute(2, 0, 1) / 255
    assert torch.allclose(refined.picture[0], start, atol=1e-5)
    assert not torch.allclose(plain.picture[0], start, atol=0.05)
    assert torch.equal(refined._content_at(Box(0, 0, 77, 101), Size(77, 101)), plain.picture[0])
    alone = {"style": base.sources["style"], "start": begun.sources["start"]}
    larger = base.model_copy(update={"sources": alone, "canvas_size": Size(60, 60)})
    assert NeuralStyle(larger, CPU).picture.shape == (1, 3, 60, 60)


def test_what_lbfgs_is_given_to_refine_becomes_no_worse(tmp_path: Path) -> None:
    base = style_job(
        tmp_path, {"start_noise": 0.0, "scales": 1, "optimizer": "lbfgs", "statistic": "gram", "levels": 1}
    )
    begun = base.model_copy(update={"sources": base.sources | {"start": (picture(tmp_path / "s.png", 77, 101, 9),)}})
    method = NeuralStyle(begun, CPU)
    terms = [method.step(step)["style"].item() for step in range(6)]
    assert terms[-1] < terms[0]


# ---------------------------------------------------------------- bad input


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingSourcesError, match="at least one style image"):
        NeuralStyle(Job(method="neural_style", settings=NeuralStyleSettings()), CPU)
    with pytest.raises(MissingSourcesError, match=r"no usable style image.*none\.png"):
        NeuralStyle(style_job(tmp_path, sources={"style": (SourceImage(path=str(tmp_path / "none.png")),)}), CPU)


def test_without_the_vgg_file_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.style.networks import open_network

    monkeypatch.setattr(base, "open_network", open_network)
    monkeypatch.setattr(weights, "folder", lambda: tmp_path / "cache")
    with pytest.raises(MissingWeightsError, match=r"VGG-19 is not on this computer.*575 MB.*vgg19-dcbb9e9d\.pth"):
        NeuralStyle(style_job(tmp_path, preset_values(NeuralStyle, ["Classic"])), CPU)


def test_images_smaller_than_the_networks_reach_are_named(tmp_path: Path) -> None:
    small = {
        "style": (picture(tmp_path / "tiny.png", 20, 60, 1),),
        "content": (picture(tmp_path / "content.png", 300, 300, 2),),
    }
    settings = preset_values(NeuralStyle, ["Chain"])
    with pytest.raises(
        BadImageError, match=r"tiny\.png, at its working size, is too small .* 60 × 20 px, and it needs 32 px"
    ):
        NeuralStyle(style_job(tmp_path, settings, sources=small), CPU)
    with pytest.raises(BadImageError, match="The picture is too small"):
        NeuralStyle(style_job(tmp_path, settings | {"border": "valid"}), CPU)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scales": 9}, "scales can not be 9; it is a whole number from 1 to 7"),
        ({"network": "resnet"}, "network can not be 'resnet'; it is one of filters, vgg19"),
    ],
)
def test_settings_that_can_not_be_had(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match=message):
        NeuralStyle(style_job(tmp_path, settings), CPU)
