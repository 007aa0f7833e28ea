"""The contents of a job as methods see them: their tones and colours moved towards those of the styles."""

from __future__ import annotations

from collections.abc import Sequence

from engine.images.color_matching import ColorMapping, color_mapping, color_matched
from engine.images.sources import Source
from engine.images.tone_matching import tone_matched


class MatchedContents:
    """Made when they are asked for, and kept while the same are: amounts follow a slider.

    Args:
        contents: as they were loaded.
        styles: what they are matched to.
        like: the picture whose tones and colours decide for all of them, as the first of a film; else each for itself.
    """

    def __init__(self, contents: Sequence[Source], styles: Sequence[Source], like: Source | None = None) -> None:
        self._contents, self._styles, self._like = list(contents), styles, like
        self._in_tones: tuple[float, list[Source]] = 0.0, self._contents
        self._in_colors: list[Source] | None = None

    @property
    def as_loaded(self) -> Sequence[Source]:
        """Nothing matched."""
        return self._contents

    def at(self, tones: float, in_colors: bool) -> list[Source]:
        """The same list while both stay.

        Args:
            tones: how far tones are matched, see `tone_matched`.
            in_colors: whether colours are, too.
        """
        if self._in_tones[0] != tones:
            contents = [tone_matched(content, self._styles, tones, self._like) for content in self._contents]
            self._in_tones, self._in_colors = (tones, contents), None
        if not in_colors:
            return self._in_tones[1]
        if self._in_colors is None:
            mappings = self._mappings(*self._in_tones)
            self._in_colors = [color_matched(*pair) for pair in zip(self._in_tones[1], mappings, strict=True)]
        return self._in_colors

    def _mappings(self, tones: float, contents: Sequence[Source]) -> list[ColorMapping]:
        """Where the colours of each go; those of `like` for all where it decides."""
        if self._like is None:
            return [color_mapping(content, self._styles) for content in contents]
        return [color_mapping(tone_matched(self._like, self._styles, tones), self._styles)] * len(contents)
