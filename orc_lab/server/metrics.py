"""Counts of one server process, in the text format of Prometheus. Nothing in them tells of one account."""

from collections import defaultdict
from collections.abc import Mapping

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
_HELP = {
    "orc_requests_total": "Requests by route and status.",
    "orc_records_total": "Records that devices pushed and pulled.",
    "orc_rejected_total": "Records that were refused, by reason.",
    "orc_wrong_keys_total": "Requests with a key that is unknown or revoked.",
    "orc_bytes_total": "Bytes of bodies that came and went.",
}
Labels = tuple[tuple[str, str], ...]


class Metrics:
    """What has happened since the process began. Used by one thread."""

    def __init__(self) -> None:
        self.running = 0
        self._counts: dict[str, dict[Labels, float]] = {name: defaultdict(float) for name in _HELP}
        self._buckets = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0

    def add(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Count something."""
        self._counts[name][tuple(sorted(labels.items()))] += amount

    def took(self, seconds: float) -> None:
        """Count the seconds of a sync request."""
        self._seconds += seconds
        self._buckets[next((at for at, most in enumerate(_BUCKETS) if seconds <= most), len(_BUCKETS))] += 1

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return everything as text; `gauges` are further values of this moment."""
        lines = []
        for name, help in _HELP.items():
            lines += [f"# HELP {name} {help}", f"# TYPE {name} counter"]
            lines += [f"{name}{_labels(labels)} {value:g}" for labels, value in sorted(self._counts[name].items())]
        name = "orc_sync_seconds"
        lines += [f"# HELP {name} Seconds that sync requests took, their bodies' arrival included.",
                  f"# TYPE {name} histogram"]  # fmt: skip
        total = 0
        for most, count in zip((*map(str, _BUCKETS), "+Inf"), self._buckets, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{most}"}} {total}')
        lines += [f"{name}_sum {self._seconds:g}", f"{name}_count {total}"]
        for name, value in {"orc_running_requests": self.running, **gauges}.items():
            lines += [f"# TYPE {name} gauge", f"{name} {value:.15g}"]
        return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""
