"""The sandbox's present: what has happened by `now` can be seen, the rest is still to come."""

from sandbox.calendar import isoformat


class ClockError(ValueError):
    """The clock was asked to go where it cannot."""


class Clock:
    """Stands still until it is moved, forwards only, at most to the end of the simulated time.

    `seconds_per_request` lets it run on with each request, so that lists shift while they are being read.
    """

    def __init__(self, now: int, end: int) -> None:
        self.now = now
        self.end = end
        self.seconds_per_request = 0

    def move_to(self, now: int) -> None:
        """Move to an instant; raises ClockError if it lies in the past or beyond the simulated time."""
        if not self.now <= now <= self.end:
            raise ClockError(
                f"the clock stands at {isoformat(self.now)} and can be moved up to {isoformat(self.end)}"
            )
        self.now = now

    def tick(self) -> None:
        """Let the time of one request pass."""
        if self.seconds_per_request:
            self.now = min(self.end, self.now + self.seconds_per_request)
