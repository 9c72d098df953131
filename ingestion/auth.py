"""How a connection proves who it is: bearer, basic, a header of the vendor's own, a GitHub App.

An `Auth` yields headers for the client to add at the very moment of sending, to its own origin only. Tokens
are opaque: their form and length are never looked at.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pydantic import SecretStr

from ingestion.http_errors import AuthenticationError

Exchange = Callable[[str, Mapping[str, str]], Mapping[str, Any]]
"""POSTs to a path of the origin with these headers and gives the JSON answer."""


class Auth(Protocol):
    """What the client needs to know of credentials."""

    def headers(self, exchange: Exchange) -> Mapping[str, str]:
        """Headers of the next request; may use `exchange` to get a token first."""

    def renew(self) -> bool:
        """Forget what a 401 has refused; True where the next `headers` can do better."""

    def secrets(self) -> tuple[str, ...]:
        """Values that must never be seen."""


@dataclass(frozen=True)
class HeaderAuth:
    """A fixed header, such as `PRIVATE-TOKEN: …` or `Authorization: Token token=…`.

    Attributes:
        name: of the header.
        value: what nobody may see.
        prefix: before it.
        within: a secret that the value holds in another form, which nobody may see either.
    """

    name: str
    value: SecretStr
    prefix: str = ""
    within: SecretStr | None = None

    def headers(self, _exchange: Exchange) -> Mapping[str, str]:
        """The header."""
        return {self.name: f"{self.prefix}{self.value.get_secret_value()}"}

    def renew(self) -> bool:
        """A fixed value cannot be renewed."""
        return False

    def secrets(self) -> tuple[str, ...]:
        """The value, and what it holds."""
        return tuple(secret.get_secret_value() for secret in (self.value, self.within) if secret)


def bearer(token: SecretStr) -> HeaderAuth:
    """`Authorization: Bearer …`."""
    return HeaderAuth("Authorization", token, "Bearer ")


def basic(username: str, password: SecretStr) -> HeaderAuth:
    """`Authorization: Basic …` of user name and password or API token."""
    pair = base64.b64encode(f"{username}:{password.get_secret_value()}".encode()).decode()
    return HeaderAuth("Authorization", SecretStr(pair), "Basic ", password)


class NoAuth:
    """Nothing is sent."""

    def headers(self, _exchange: Exchange) -> Mapping[str, str]:
        """None."""
        return {}

    def renew(self) -> bool:
        """There is nothing to renew."""
        return False

    def secrets(self) -> tuple[str, ...]:
        """There are none."""
        return ()


@dataclass
class GitHubAppAuth:
    """Installation token of a GitHub App: fetched with a signed JWT, renewed before its end and on a 401.

    Attributes:
        app_id: the App's id or client id.
        installation_id: of the App in the organisation.
        private_key: PEM text.
        now: clock in epoch seconds, for tests.
    """

    app_id: str
    installation_id: str
    private_key: SecretStr
    now: Callable[[], float] = time.time
    _token: SecretStr | None = field(default=None, init=False, repr=False)
    _expires_at: float = field(default=0.0, init=False, repr=False)

    _EARLY_SECONDS = 120
    """A token that ends within two minutes may end within a page that is being retried."""

    def headers(self, exchange: Exchange) -> Mapping[str, str]:
        """Bearer header of a token that is still valid."""
        if self._token is None or self.now() > self._expires_at - self._EARLY_SECONDS:
            path = f"/app/installations/{self.installation_id}/access_tokens"
            answer = exchange(path, {"Authorization": f"Bearer {self._signed()}"})
            self._token = SecretStr(str(answer["token"]))
            self._expires_at = datetime.fromisoformat(str(answer["expires_at"])).timestamp()
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}

    def renew(self) -> bool:
        """Forget the token; the next request fetches another."""
        self._token = None
        return True

    def secrets(self) -> tuple[str, ...]:
        """The private key, and the token once there is one."""
        token = () if self._token is None else (self._token.get_secret_value(),)
        return (self.private_key.get_secret_value(), *token)

    def _signed(self) -> str:
        """A JWT of nine minutes, backdated by one: GitHub allows ten, and clocks differ."""
        import jwt

        issued = int(self.now())
        claims = {"iat": issued - 60, "exp": issued + 540, "iss": self.app_id}
        # Environment files hold a key in one line, with its line ends written as \n.
        key = self.private_key.get_secret_value().replace("\\n", "\n")
        try:
            return jwt.encode(claims, key, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            failure = AuthenticationError("the App's private key is no RSA key in PEM format")
        raise failure
