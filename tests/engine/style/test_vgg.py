"""VGG-19: its file of weights is read without running code, and it computes what the plain layers do."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import BadWeightsError, MissingWeightsError
from engine.style import weights
from engine.style.networks import open_network
from engine.style.vgg import Vgg19
from engine.style.weights import sha256
from tests.engine.style.tiny_networks import generator, image, tiny_vgg

CPU = torch.device("cpu")


# Where torchvision's vgg19().features has its convolutions, by hand from its published layout.
PLACES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)


def stored(path: Path, **changes: Tensor | None) -> Path:
    """A file of torchvision's keys and shapes; one number each is stored, repeated."""
    shapes = {}
    widths = (3, 64, 64, 128, 128, 256, 256, 256, 256, *[512] * 8)
    for index, place in enumerate(PLACES):
        shapes[f"features.{place}.weight"] = (widths[index + 1], widths[index], 3, 3)
        shapes[f"features.{place}.bias"] = (widths[index + 1],)
    for place, (rows, columns) in {0: (4096, 25088), 3: (4096, 4096), 6: (1000, 4096)}.items():
        shapes[f"classifier.{place}.weight"], shapes[f"classifier.{place}.bias"] = (rows, columns), (rows,)
    values = {key: torch.full((1,), 0.01).expand(shape) for key, shape in shapes.items()} | changes
    torch.save({key: value for key, value in values.items() if value is not None}, path)
    return path


def test_it_reads_torchvisions_file(tmp_path: Path) -> None:
    path = stored(tmp_path / "vgg19-dcbb9e9d.pth")
    network = Vgg19()
    network.load(path, prefix=sha256(path)[:8])
    assert all((tensor == 0.01).all() for tensor in network.state_dict().values())
    assert [tuple(network(torch.zeros(1, 3, 32, 32), [layer])[layer].shape) for layer in ("conv1_2", "conv5_4")] == [
        (1, 64, 32, 32),
        (1, 512, 2, 2),
    ]


def test_other_files_are_named_with_the_remedy(tmp_path: Path) -> None:
    network = Vgg19()
    path = stored(tmp_path / "a.pth")
    with pytest.raises(BadWeightsError, match=r"a\.pth is damaged or another file: .* dcbb9e9d.*Delete it"):
        network.load(path)
    for name, changes in {
        "lacking.pth": {"features.34.weight": None},
        "shaped.pth": {"features.0.weight": torch.zeros(64, 3, 5, 5)},
    }.items():
        other = stored(tmp_path / name, **changes)
        with pytest.raises(BadWeightsError, match=f"{name} belongs to another network"):
            network.load(other, prefix="")
    broken = tmp_path / "broken.pth"
    broken.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(BadWeightsError, match=r"broken\.pth is not a file of network weights"):
        network.load(broken, prefix="")
    with pytest.raises(BadWeightsError, match="could not be read"):
        network.load(tmp_path / "none.pth")


def test_a_file_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "touched",)

    path = tmp_path / "trap.pth"
    torch.save({"features.0.weight": Trap()}, path)
    with pytest.raises(BadWeightsError):
        Vgg19().load(path, prefix="")
    assert not (tmp_path / "touched").exists()


def test_without_the_file_its_name_size_and_place_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "folder", lambda: tmp_path)
    with pytest.raises(MissingWeightsError) as told:
        open_network("vgg19", statistic="gram", random=generator(), device=CPU)
    for part in ("575 MB", str(tmp_path / "vgg19-dcbb9e9d.pth"), "Built-in filters"):
        assert part in str(told.value)


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_vgg_equals_the_plain_layers(pooling: str) -> None:
    network = tiny_vgg(pooling=pooling)
    x = image(48, 64)
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], dtype=torch.float64)[
        :, :, None, None
    ]
    plain, place = (x - mean) / deviation, 0
    found = network(x)
    for block, depth in enumerate((2, 2, 4, 4, 4), 1):
        for number in range(1, depth + 1):
            weight, bias = (network.state_dict()[f"features.{PLACES[place]}.{name}"] for name in ("weight", "bias"))
            plain = functional.relu(functional.conv2d(functional.pad(plain, (1,) * 4, mode="replicate"), weight, bias))
            torch.testing.assert_close(found[f"conv{block}_{number}"], plain, rtol=1e-10, atol=1e-10)
            place += 1
        plain = (nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2))(plain)
