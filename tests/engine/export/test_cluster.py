"""Prints and films over other processes: equal to those of one, and a worker that dies costs its tile only."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.__main__ import main
from engine.box import Box
from engine.errors import ClusterError, TesseraError
from engine.export import cluster
from tests.engine import famos_jobs

lacking = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="Dask is not installed: pip install 'tessera[cluster]'"
)
QUICK = [f"{name}={value}" for name, value in famos_jobs.TINY.items()]


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("train", "render"):
        monkeypatch.setattr(f"engine.cli.{command}.prepare_thread", lambda device, threads=None: None)


@pytest.fixture(scope="module")
def machines() -> Iterator[cluster.Cluster]:
    """Two processes that paint."""
    pytest.importorskip("distributed")
    with cluster.opened(cluster.LOCAL, processes=2) as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path) -> Path:
    famos_jobs.job(tmp_path)
    images = ["--style", str(tmp_path / "a.png"), str(tmp_path / "b.png"), "--content", str(tmp_path / "c.png")]
    begun = ["train", "--method", "famos", *images, "--device", "cpu", "--set", *QUICK]
    assert main([*begun, "--steps", "2", "--out", str(tmp_path / "p")]) == 0
    return tmp_path / "p"


def render(project: Path, out: Path, *more: str) -> int:
    return main(["render", str(project), "--out", str(out), "--device", "cpu", "--tile", "64", *more])


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def ends_its_worker_once(mark: Path, number: int) -> int:
    """A task for the tests: the first that comes to it takes the process along."""
    if number == 2 and not mark.exists():
        mark.write_text("died here")
        os._exit(1)
    return number


def refuses(number: int) -> int:
    raise TesseraError(f"There is no paint for {number}.")


@lacking
@pytest.mark.parametrize(("cards", "processes"), [(2, 2), (0, 3)])
def test_a_machine_with_cards_has_a_process_for_each(
    cards: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed

    asked: list[int] = []

    def local(n_workers: int, **_: object) -> None:
        asked.append(n_workers)
        raise OSError("not here")

    monkeypatch.setattr(distributed, "LocalCluster", local)
    monkeypatch.setattr(cluster, "available", lambda: range(cards + 1))
    monkeypatch.setattr(cluster.cores, "usable", lambda: 3)
    with pytest.raises(OSError, match="not here"), cluster.opened(cluster.LOCAL):
        pass
    assert asked == [processes]


@lacking
@pytest.mark.slow
def test_a_print_and_a_film_are_equal_to_those_of_one_process(
    project: Path, machines: cluster.Cluster, tmp_path: Path
) -> None:
    address = machines.address
    assert render(project, tmp_path / "one.png", "--width", "190") == 0
    assert render(project, tmp_path / "many.png", "--width", "190", "--cluster", address) == 0
    assert digest(tmp_path / "one.png") == digest(tmp_path / "many.png")
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(3):
        famos_jobs.picture(frames / f"{number}.png", 77, 101, 10 + number)
    film = ["--frames", str(frames), "--width", "101"]
    assert render(project, tmp_path / "one-film.png", *film) == 0
    assert render(project, tmp_path / "many-film.png", *film, "--cluster", address) == 0
    for number in (1, 2, 3):
        one, many = (tmp_path / f"{name}-film-{number:05d}.png" for name in ("one", "many"))
        assert digest(one) == digest(many)
    assert not list(tmp_path.glob("*.unfinished"))


@lacking
def test_a_worker_that_dies_costs_its_task_only(machines: cluster.Cluster, tmp_path: Path) -> None:
    tasks = ((number, (tmp_path / "mark", number)) for number in range(8))
    found = dict(machines.results(ends_its_worker_once, tasks))
    assert (tmp_path / "mark").exists()
    assert found == {number: number for number in range(8)}


@lacking
def test_no_port_that_others_use_is_taken(machines: cluster.Cluster) -> None:
    """Dask's own, 8787, may belong to a cluster of somebody else; it would say so, and answer the whole network."""
    server = machines._client.cluster.scheduler.http_server
    assert server.address == "127.0.0.1"
    assert server.port != 8787


@lacking
def test_a_worker_s_sentence_arrives(machines: cluster.Cluster) -> None:
    with pytest.raises(TesseraError, match="There is no paint for 3"):
        list(machines.results(refuses, [(3, (3,))]))


@lacking
def test_images_that_changed_meanwhile_are_named(project: Path, machines: cluster.Cluster, tmp_path: Path) -> None:
    from engine import snapshots
    from engine.box import Size
    from engine.export.cluster_tasks import Order
    from engine.export.fingerprint import image_digests
    from engine.options import RenderMode

    snapshot = snapshots.listing(project)[-1]
    images = image_digests(snapshot.job)
    wrong = Order(snapshot.job, snapshot.folder, "other", images, Size(77, 101), "result", RenderMode())
    with pytest.raises(ClusterError, match="other weights"):
        list(machines.tiles(wrong)([(0, Box(0, 0, 32, 32))]))
    (tmp_path / "a.png").unlink()
    with pytest.raises(ClusterError, match=r"a\.png.*disk that all machines share"):
        list(machines.tiles(wrong)([(0, Box(0, 0, 32, 32))]))


@lacking
def test_without_workers_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client, LocalCluster

    monkeypatch.setattr(cluster, "PATIENCE_S", 0.0)
    monkeypatch.setattr(cluster, "_LOOK_S", 0.1)
    nobody = LocalCluster(n_workers=0, processes=False, **cluster.WITHOUT_DASHBOARD)
    with nobody, Client(nobody, set_as_default=False) as client:
        machines = cluster.Cluster(client, "tcp://here:1")
        with pytest.raises(ClusterError, match="has no workers"):
            list(machines.results(refuses, [(1, (1,))]))


@lacking
def test_a_scheduler_that_goes_is_said_in_a_sentence() -> None:
    from distributed import Client, LocalCluster

    here = LocalCluster(n_workers=0, processes=False, **cluster.WITHOUT_DASHBOARD)
    with here, Client(here, set_as_default=False) as client:
        machines = cluster.Cluster(client, "tcp://render:8786")
        client.close()
        with pytest.raises(ClusterError, match=r"scheduler at tcp://render:8786 has gone\. Start it again.*--resume"):
            list(machines.results(refuses, [(1, (1,))]))


@lacking
def test_what_ends_workers_and_what_they_lack_is_named() -> None:
    """Too little memory ends a process without a word; a worker may have another version, or none."""
    from distributed import KilledWorker

    class Broken:
        def __init__(self, error: Exception) -> None:
            self._error = error

        def result(self) -> None:
            raise self._error

    machines = cluster.Cluster(None, "tcp://render:8786")
    with pytest.raises(ClusterError, match=r"ended several workers.*--tile 512.*--resume"):
        machines._result(Broken(KilledWorker("tile", None, 3)))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ClusterError, match=r"lacks Tessera.*No module named 'engine'.*same version there"):
        machines._result(Broken(ModuleNotFoundError("No module named 'engine'")))


@lacking
@pytest.mark.parametrize("address", ["render:8786", "tcp://"])
def test_addresses_that_lead_nowhere_are_said_in_a_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_S", 0.2)
    with pytest.raises(ClusterError, match="No scheduler of Dask answers at"), cluster.opened(address):
        pass


@lacking
def test_no_scheduler_is_said_in_a_sentence(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_S", 0.5)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        assert render(project, tmp_path / "x.png", "--cluster", address) == 1
    said = capsys.readouterr().err
    assert f"No scheduler of Dask answers at {address}" in said
    assert "dask scheduler" in said


def test_without_dask_it_says_what_to_install(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert render(project, tmp_path / "x.png", "--cluster", "local") == 1
    assert "pip install 'tessera[cluster]'" in capsys.readouterr().err


def test_it_goes_with_no_other_way_of_sharing(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert render(project, tmp_path / "x.png", "--cluster", "local", "--part", "1/2") == 2
    assert "--cluster" in capsys.readouterr().err
    assert torch.get_num_threads() == 1
