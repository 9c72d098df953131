"""Random streams that stay apart: each is named, so drawing more in one place changes nothing in another.

A stream depends on the seed and its name alone, never on hash() or on the order of creation; two simulations
that differ in one parameter therefore meet the same tickets, the same efforts and the same accidents.
"""

import hashlib
from dataclasses import dataclass
from random import Random

SECONDS_PER_HOUR = 3600


class Streams:
    """Makes the random stream of a name for one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def stream(self, *name: object) -> Random:
        """Return a fresh stream for `name`; the same name gives the same numbers again."""
        text = "/".join([str(self._seed), *map(str, name)])
        return Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big"))  # noqa: S311


@dataclass(frozen=True, slots=True)
class Spread:
    """A log-normal quantity: its median, and the standard deviation of its logarithm."""

    median: float
    spread: float

    def draw(self, random: Random) -> float:
        """Draw one value, in the unit of the median."""
        return self.median * random.lognormvariate(0.0, self.spread)

    def seconds(self, random: Random) -> int:
        """Draw one value of a median given in hours, as whole seconds, at least one."""
        return max(1, round(self.draw(random) * SECONDS_PER_HOUR))

    def scaled(self, factor: float) -> "Spread":
        """Return the same shape with the median multiplied."""
        return Spread(self.median * factor, self.spread)
