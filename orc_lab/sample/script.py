"""What is settled before the first day: the projects of a life and when each begins, rests and ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise

from orc_lab.model.ids import dated_id
from orc_lab.sample.catalogue import INTENTIONS, SIZE_WEIGHTS, SIZES, STORIES, Fate, Story
from orc_lab.sample.seasons import HOUR, Leave, Season

YEAR = 52  # weeks; a longer life tells the stories again each year


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A project as it happens: no work on it from `rests` on, and at `ends` its fate."""

    id: str
    intention_id: str
    story: Story
    title: str
    due: date | None
    begins: int
    rests: int
    ends: int | None
    fate: Fate
    sizes: tuple[float, ...]  # cumulated weights of SIZES


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All that the hands of one life share."""

    seed: int
    user_id: str
    device_id: str
    seasons: Sequence[Season]
    leaves: Sequence[Leave]
    intentions: Sequence[str]
    parts: Sequence[Part]

    @property
    def start(self) -> int:
        """The first instant of the life."""
        return self.seasons[0].start

    @property
    def last(self) -> Season:
        """The last week that is lived; the one after it is only planned."""
        return self.seasons[-2]

    @property
    def end(self) -> int:
        """The last instant of the life, exclusive."""
        return self.last.end


def script(seed: int, user_id: str, device_id: str, seasons: Sequence[Season], leaves: Sequence[Leave]) -> Script:
    """Return the script of a life of these weeks; the last of `seasons` is only planned for."""
    start, weeks = seasons[0].start, len(seasons) - 1
    intentions = [dated_id(start, "sample", str(seed), title) for title, _ in INTENTIONS]
    years = max(1, round(weeks / YEAR))
    bounds = [round(year * weeks / years) for year in range(years + 1)]
    parts = [
        _part(seed, story, seasons[first:last], intentions[story.intention], seasons[-2].end)
        for first, last in pairwise(bounds)
        for story in STORIES
        if first == 0 or not _endless(story)
    ]
    return Script(
        seed=seed,
        user_id=user_id,
        device_id=device_id,
        seasons=seasons,
        leaves=leaves,
        intentions=intentions,
        parts=parts,
    )


def _endless(story: Story) -> bool:
    """Return whether a project never ends, so that a second year brings no second one."""
    return story.fate is Fate.RUNNING and story.due is None


def _part(seed: int, story: Story, year: Sequence[Season], intention_id: str, end: int) -> Part:
    begins = _season(year, story.starts).midnights[0] + 9 * HOUR
    fate, ends = story.fate, _season(year, story.ends).midnights[4] + 20 * HOUR
    last = year[-1].end == end
    rests = ends
    if fate is Fate.RUNNING:
        fate, rests = Fate.COMPLETED, end if last or _endless(story) else ends
    elif fate is Fate.STALLED:
        fate, ends = Fate.ARCHIVED, year[-1].midnights[4] + 20 * HOUR
    elif fate is Fate.ARCHIVED:
        rests = _season(year, story.ends - 0.08).midnights[0]
    open_end = _endless(story) or (last and story.fate in (Fate.RUNNING, Fate.STALLED))
    title = story.title if last or _endless(story) else f"{story.title} ({year[0].week.year})"
    return Part(
        id=dated_id(begins, "sample", str(seed), title, str(year[0].week)),
        intention_id=intention_id,
        story=story,
        title=title,
        due=None if story.due is None else _due(year, story.due),
        begins=begins,
        rests=rests,
        ends=None if open_end else ends,
        fate=fate,
        sizes=tuple(accumulate(w * size**story.tilt for w, size in zip(SIZE_WEIGHTS, SIZES, strict=True))),
    )


def _season(year: Sequence[Season], share: float) -> Season:
    return year[min(int(share * len(year)), len(year) - 1)]


def _due(year: Sequence[Season], share: float) -> date:
    """Return the Friday of the week at a share of the year, which may lie beyond it."""
    return year[0].week.monday + timedelta(weeks=int(share * len(year)), days=4)
