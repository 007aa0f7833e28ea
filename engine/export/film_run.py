"""A film: picture after picture, of the frames of a video or along a setting, here or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from engine.errors import CancelledError
from engine.export import cluster, unfinished
from engine.export.cluster_tasks import Order, painted_frame
from engine.export.painting import Painting
from engine.export.print_sizes import Layout
from engine.export.standing import told_of_a_standing_film
from engine.export.sweep import sweep
from engine.export.tiles import ExportPlan, Report, fulfil
from engine.export.video import FRAMES_PER_S, Film, begin_film, end_film, numbered, open_film
from engine.export.video_formats import check_video, is_video
from engine.messages.events import Event, Warned
from engine.messages.exports import Exported, Progressed
from engine.options import RenderMode


class Frame(NamedTuple):
    """A picture of a film: how it is painted, and with which live settings in place of the present ones."""

    number: int
    render_mode: RenderMode
    values: Mapping[str, Any]


class ToldBetween(Protocol):
    """An export's events, with what its painters had to say; of one of `count` frames."""

    def __call__(
        self, job: Generator[Progressed, None, Report], frame: int = 0, count: int = 1
    ) -> Generator[Event, None, Report]: ...


class FilmRun:
    """One film.

    Args:
        painting: of all frames.
        project: the folder that notes unfinished exports.
        folder: what is painted so far.
        told_between: passes events on.
    """

    def __init__(self, painting: Painting, project: Path, folder: Path, told_between: ToldBetween) -> None:
        self._painting, self._request = painting, painting.request
        self._project, self._folder, self._told_between = project, folder, told_between

    def run(self, stop: Callable[[], bool]) -> Generator[Event, None, Exported]:
        """Picture after picture, those that are there already left out; a video is made of them at the end."""
        request, folder = self._request, self._folder
        film, video = self._film(), is_video(request.out)
        if video:
            check_video(request.out, self._painting.size(), request.encode_options.transparent)
        if request.sweep and (message := told_of_a_standing_film(self._painting)):
            yield Warned(message, "still")
        plan = replace(self._painting.plan(), details={}, request_json={}, resume=False, fill=lambda _: None)
        goes_on = begin_film(folder, self._about_film(film), request.resume)
        pictures: list[Path] = []
        seams: list[float] = []
        before = 0

        def target(number: int) -> Path:
            return numbered(folder / "painted.png" if video else request.out, number)

        def planned(number: int, render_mode: RenderMode) -> ExportPlan:
            return replace(plan, out=target(number), opacity=self._painting.opacity(render_mode))

        def unpainted() -> Iterator[Frame]:
            nonlocal before
            for frame in self._frames(film, lambda number: not (goes_on and target(number).exists())):
                pictures.append(target(frame.number))
                if goes_on and target(frame.number).exists():
                    before += 1
                    continue
                yield frame

        if request.cluster:
            frames = (self._kept_apart(frame, film) for frame in unpainted())
            tasks = (
                (
                    each.number,
                    (self._painting.order(each.render_mode, each.values), planned(each.number, each.render_mode)),
                )
                for each in frames
            )
            seams += yield from self._frames_elsewhere(tasks, film, stop, lambda: before)
        else:
            for number, render_mode, values in unpainted():
                with self._painting.along(values):
                    job = fulfil(self._painting.painters(render_mode), planned(number, render_mode), stop=stop)
                    report = yield from self._told_between(job, number - 1, max(film.count, number))
                seams.append(report.seam or 1.0)
        if video:
            from engine.export.video_writing import write_video  # brings FFmpeg along

            write_video(pictures, request.out, film.per_second)
        end_film(folder, pictures)
        out = request.out if video else pictures[0]
        size = Layout(self._painting.size(), request.bleed_px, request.encode_options).file
        return Exported(out, size, 0.0, 0, max(seams, default=1.0), resumed_share=before / len(pictures))

    def _film(self) -> Film:
        """What is filmed; along a setting no files are."""
        if self._request.frames is not None:
            return open_film(self._request.frames)
        return Film(Path(), (), len(self._values), FRAMES_PER_S)

    @cached_property
    def _values(self) -> list[dict[str, Any]]:
        """Of the setting that is swept, frame by frame. Raises BadSettingError."""
        return sweep(type(self._painting.now.method).Settings, self._request.sweep)

    def _frames(self, film: Film, wanted: Callable[[int], bool]) -> Iterator[Frame]:
        """All frames; a video's lie in one place, one after the other, where they are wanted."""
        mode = self._request.render_mode
        if self._request.frames is None:
            yield from (Frame(number, mode, values) for number, values in enumerate(self._values, start=1))
            return
        first = str(film.first(self._folder))
        for number, picture in film.frames(self._folder, wanted):
            yield Frame(number, replace(mode, frame=str(picture), tones=first), {})

    def _kept_apart(self, frame: Frame, film: Film) -> Frame:
        """Where several frames are painted at a time, each picture of a video has a place of its own."""
        if self._request.frames is None or film.files:
            return frame
        place = Path(frame.render_mode.frame).rename(Film.scratch(self._folder, frame.number))
        return frame._replace(render_mode=replace(frame.render_mode, frame=str(place)))

    def _frames_elsewhere(
        self,
        tasks: Iterator[tuple[int, tuple[Order, ExportPlan]]],
        film: Film,
        stop: Callable[[], bool],
        before: Callable[[], int],
    ) -> Generator[Event, None, list[float]]:
        """Whole frames as tasks of a cluster, in any order; returns their seam meters."""
        seams: list[float] = []
        unfinished.note(self._project, self._folder)
        with cluster.opened(self._request.cluster) as machines:
            for number, seam in machines.results(painted_frame, tasks):
                seams.append(seam)
                film.scratch(self._folder, number).unlink(missing_ok=True)
                yield Progressed("export", before() + len(seams), max(film.count, before() + len(seams)), None)
                if stop():
                    raise CancelledError(f"The export of {self._request.out.name} was stopped.")
        return seams

    def _about_film(self, film: Film) -> dict[str, Any]:
        """What decides the pixels of all frames."""
        files = [path.name for path in film.files]
        plan = self._painting.plan()
        encode_options = plan.encode_options.stored()
        return {
            "film": str(film.path.absolute()) if self._request.frames else self._request.sweep,
            "files": files,
            "encode_options": encode_options,
            "picture": plan.picture.stored(),
        }
