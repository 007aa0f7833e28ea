"""Films: read frame by frame, painted to numbered pictures or a video, and gone on with where they were stopped."""

from itertools import pairwise
from pathlib import Path

import av.error
import cv2
import numpy as np
import pytest
from PIL import Image

from engine.box import Size
from engine.errors import BadCanvasError, BadImageError, BadSettingError, NoRoomError
from engine.export.video import begin_film, open_film
from engine.export.video_formats import VIDEO_FORMATS, check_video
from engine.export.video_writing import write_video
from engine.images.read import read_image
from engine.messages.commands import Command, Stop
from engine.messages.events import Event, Failed
from engine.messages.exports import CancelExport, ExportCancelled, Exported, ExportRequest, Progressed
from engine.training.session import Session
from tests.engine import famos_jobs

SIZE = Size(48, 64)


def folder_of_frames(folder: Path, count: int = 4) -> Path:
    place = folder / "film"
    place.mkdir()
    for number in range(count):  # 10 comes after 9
        pixels = np.full((30, 40, 3), 40 * number % 256, np.uint8)
        pixels[:, 8 * number : 8 * number + 8] = 250
        Image.fromarray(pixels).save(place / f"frame{number + 8}.png")
    return place


def video(folder: Path, count: int = 4) -> Path:
    path = folder / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12.0, (40, 30))
    for number in range(count):
        writer.write(np.full((30, 40, 3), 60 * number, np.uint8))
    writer.release()
    return path


def run(folder: Path, command: ExportRequest, react=lambda event: None) -> list[Event]:
    session = Session(famos_jobs.job(folder), folder / "project", device="cpu", paused=True)
    session.post(command)
    events = []
    for event in session.run():
        events.append(event)
        answer: Command | None = react(event)
        if answer is not None:
            session.post(answer)
        if isinstance(event, Exported | ExportCancelled | Failed):
            session.post(Stop(keep=False))
    return events


def of(events: list[Event], kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def test_a_folder_is_read_in_the_order_that_people_count(tmp_path: Path) -> None:
    film = open_film(folder_of_frames(tmp_path))
    read = list(film.frames(tmp_path, lambda number: True))
    assert [(number, path.name) for number, path in read] == [
        (1, "frame8.png"),
        (2, "frame9.png"),
        (3, "frame10.png"),
        (4, "frame11.png"),
    ]
    assert film.first(tmp_path) == film.files[0]


def test_a_video_is_read_frame_by_frame(tmp_path: Path) -> None:
    film = open_film(video(tmp_path))
    assert (film.count, film.per_second) == (4, 12.0)
    scratch = tmp_path / "scratch"
    shades = [float(read_image(path).pixels.float().mean()) for _, path in film.frames(scratch, lambda number: True)]
    assert shades == pytest.approx([0, 60, 120, 180], abs=4)
    assert len(list(scratch.iterdir())) == 1, "one at a time"
    assert read_image(film.first(scratch)).pixels.max() < 5


@pytest.mark.parametrize("name", ["text.mp4", "gone.mp4", "empty"])
def test_what_is_no_film_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.mp4").write_text("no video at all" * 100)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadImageError, match=name):
        open_film(tmp_path / name)


def test_numbered_pictures_with_the_same_noise(tmp_path: Path) -> None:
    out = tmp_path / "out" / "walk.png"
    events = run(tmp_path, ExportRequest(out, SIZE, frames=folder_of_frames(tmp_path), tile_px=32))
    assert not of(events, Failed), of(events, Failed)
    names = [f"walk-0000{number}.png" for number in range(1, 5)]
    assert sorted(path.name for path in out.parent.iterdir()) == names
    done = of(events, Exported)[0]
    assert (done.out.name, done.size, done.resumed_share) == (names[0], SIZE, 0.0)
    progress = [(event.done, event.total) for event in of(events, Progressed)]
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)
    assert progress[-1][0] == progress[-1][1]
    pictures = [read_image(out.parent / name).pixels.float() for name in names]
    assert all((a - b).abs().mean() > 0 for a, b in pairwise(pictures))


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_video_of_a_video(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / "out" / f"walk{suffix}"
    events = run(tmp_path, ExportRequest(out, Size(49, 64), frames=video(tmp_path)))
    assert not of(events, Failed), of(events, Failed)
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    written = cv2.VideoCapture(str(out))
    assert written.get(cv2.CAP_PROP_FPS) == pytest.approx(12)
    assert (written.get(cv2.CAP_PROP_FRAME_WIDTH), written.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (64, 48)
    count = 0
    while written.read()[0]:
        count += 1
    written.release()
    assert count == 4


@pytest.mark.parametrize("name", ["walk.png", "walk.avi"])
def test_a_film_is_gone_on_with(tmp_path: Path, name: str) -> None:
    film = folder_of_frames(tmp_path)
    whole, out = tmp_path / "whole" / name, tmp_path / "out" / name
    run(tmp_path, ExportRequest(whole, SIZE, frames=film))

    def cancel(event: Event) -> CancelExport | None:
        third = isinstance(event, Progressed) and event.done / event.total > 0.55
        return CancelExport(keep=True) if third else None

    stopped = run(tmp_path, ExportRequest(out, SIZE, frames=film, tile_px=16), cancel)
    assert of(stopped, ExportCancelled)[0].kept == out.with_name(f"{name}.unfinished")
    again = run(tmp_path, ExportRequest(out, SIZE, frames=film, tile_px=16, resume=True))
    assert not of(again, Failed), of(again, Failed)
    assert of(again, Exported)[0].resumed_share == 0.5
    names = sorted(path.name for path in whole.parent.iterdir())
    assert sorted(path.name for path in out.parent.iterdir()) == names
    if name.endswith(".png"):
        assert all((whole.parent / n).read_bytes() == (out.parent / n).read_bytes() for n in names)


def test_frames_of_another_film_are_not_mixed(tmp_path: Path) -> None:
    assert begin_film(tmp_path / "f", {"film": "a"}, True) is False
    assert begin_film(tmp_path / "f", {"film": "a"}, True) is True
    with pytest.raises(BadCanvasError, match="another film"):
        begin_film(tmp_path / "f", {"film": "b"}, True)
    (tmp_path / "f" / "frames.json").write_text("{")
    with pytest.raises(BadCanvasError, match="is damaged"):
        begin_film(tmp_path / "f", {"film": "a"}, True)
    assert begin_film(tmp_path / "f", {"film": "b"}, False) is False


@pytest.mark.parametrize(("name", "size"), [("a.webm", SIZE), ("a.mp4", Size(9000, 90))])
def test_videos_that_can_not_be_written_are_told_before_the_first_frame(tmp_path: Path, name: str, size: Size) -> None:
    with pytest.raises(BadSettingError, match=r"end in|ends? at"):
        check_video(tmp_path / name, size)
    events = run(tmp_path, ExportRequest(tmp_path / name, size, frames=folder_of_frames(tmp_path)))
    assert of(events, Failed)
    assert not of(events, Progressed)


@pytest.mark.parametrize("suffix", [kind.suffix for kind in VIDEO_FORMATS])
def test_a_film_of_a_still_picture_stands_still(tmp_path: Path, suffix: str) -> None:
    """Key frames as well: fine grain that each of them drew anew, coarser, was a pulse of four grey levels."""
    random = np.random.default_rng(0)
    picture = tmp_path / "picture.png"
    Image.fromarray(random.integers(0, 256, (96, 128, 3), np.uint8)).resize((256, 192)).save(picture)
    out = tmp_path / f"still{suffix}"
    write_video([picture] * 300, out, 25.0)
    frames = decoded(out)
    assert len(frames) == 300
    steps = [float(np.abs(later - earlier).mean()) for earlier, later in pairwise(frames)]
    assert max(steps) < 0.1, (max(steps), steps.index(max(steps)))


@pytest.mark.parametrize("suffix", [kind.suffix for kind in VIDEO_FORMATS])
@pytest.mark.parametrize("color", [(230, 40, 30), (20, 160, 60), (30, 60, 220), (128, 128, 128), (4, 2, 8)])
def test_a_video_has_the_colors_of_its_pictures(tmp_path: Path, suffix: str, color: tuple[int, int, int]) -> None:
    picture, out = tmp_path / "plain.png", tmp_path / f"plain{suffix}"
    Image.new("RGB", (64, 48), color).save(picture)
    write_video([picture] * 3, out, 25.0)
    for frame in decoded(out):
        assert np.abs(frame[:, :, ::-1] - np.array(color)).max() <= 4


def test_a_video_for_which_there_is_no_room_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, out = tmp_path / "plain.png", tmp_path / "plain.mp4"
    Image.new("RGB", (64, 48)).save(picture)

    def full(*_: object, **__: object) -> None:
        raise av.error.OSError(28, "No space left on device", str(out))

    monkeypatch.setattr(av, "open", full)
    with pytest.raises(NoRoomError, match="No space left"):
        write_video([picture], out, 25.0)
    assert [path.name for path in tmp_path.iterdir()] == [picture.name]


def decoded(path: Path) -> list[np.ndarray]:
    """Frames float32 [h, w, 3], blue first."""
    video, frames = cv2.VideoCapture(str(path)), []
    while (read := video.read())[0]:
        frames.append(read[1].astype(np.float32))
    video.release()
    return frames
