"""GitHub's hourly budgets, one for each token and kind of API, on the real clock as the vendor's are."""

import time
from threading import Lock

HOUR = 3600


class Budget:
    """Requests or points of an hour."""

    def __init__(self, limit: int, resource: str) -> None:
        self.limit = limit
        self.resource = resource
        self.remaining = limit
        self.resets_at = int(time.time()) + HOUR
        self._lock = Lock()

    def take(self, points: int = 1) -> bool:
        """Take points; False, and nothing taken, where too few are left."""
        with self._lock:
            if time.time() >= self.resets_at:
                self.remaining, self.resets_at = self.limit, int(time.time()) + HOUR
            if self.remaining < points:
                return False
            self.remaining -= points
            return True

    def headers(self) -> dict[str, str]:
        """Return GitHub's headers about this budget."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.limit - self.remaining),
            "X-RateLimit-Reset": str(self.resets_at),
            "X-RateLimit-Resource": self.resource,
        }

    def described(self) -> dict[str, int]:
        """Return the budget as `/rate_limit` shows it."""
        used = self.limit - self.remaining
        return {"limit": self.limit, "used": used, "remaining": self.remaining, "reset": self.resets_at}
