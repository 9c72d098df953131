"""GitHub Apps: tokens are fetched, kept, and renewed before their end or when they are refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from support.http_server import Answer, Request, ScriptedServer

from ingestion.http import AuthenticationError, GitHubAppAuth, HttpClient

START = 1_800_000_000
TOKENS = "/app/installations/42/access_tokens"


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Clock:
    def __init__(self) -> None:
        self.now = float(START)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().running() as running:
        running.script("/a", Answer({"x": 1}))
        yield running


@pytest.fixture
def client(server: ScriptedServer, private_key: rsa.RSAPrivateKey, clock: Clock) -> HttpClient:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    auth = GitHubAppAuth("7", "42", SecretStr(pem.decode()), now=clock)
    return HttpClient(server.url, auth, sleep=lambda _seconds: None)


def token(value: str, expires: int = START + 3600) -> Answer:
    at = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Answer({"token": value, "expires_at": at}, 201)


def bearers(server: ScriptedServer) -> list[str]:
    return [r.headers["Authorization"].removeprefix("Bearer ") for r in server.requests if r.path == "/a"]


def test_the_token_is_asked_for_with_a_signed_jwt_and_kept(
    server: ScriptedServer, client: HttpClient, private_key: rsa.RSAPrivateKey
) -> None:
    server.script(TOKENS, token("ghs_one"))
    client.get_json("/a")
    client.get_json("/a")
    assert bearers(server) == ["ghs_one", "ghs_one"]
    assert client.request_counts == {"token": 1, "rest": 2}
    signed = server.requests[0].headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(
        signed,
        private_key.public_key(),
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims == {"iat": START - 60, "exp": START + 540, "iss": "7"}


def test_the_form_of_a_token_does_not_matter(server: ScriptedServer, client: HttpClient) -> None:
    stateless = "ghs_7_" + "header.payload.signature" * 40
    server.script(TOKENS, token(stateless))
    client.get_json("/a")
    assert bearers(server) == [stateless]


def test_a_token_is_renewed_before_it_ends(server: ScriptedServer, client: HttpClient, clock: Clock) -> None:
    server.script(TOKENS, token("one"), token("two", START + 7200))
    client.get_json("/a")
    clock.now = START + 3600 - 60
    client.get_json("/a")
    assert bearers(server) == ["one", "two"]


def test_a_refused_token_is_renewed_once(server: ScriptedServer, client: HttpClient) -> None:
    def answer(request: Request) -> Answer:
        is_good = request.headers["Authorization"] == "Bearer two"
        return Answer({"x": 1}) if is_good else Answer({"message": "Bad credentials"}, 401)

    server.script("/a", answer)
    server.script(TOKENS, token("one"), token("two"))
    assert client.get_json("/a") == {"x": 1}
    assert bearers(server) == ["one", "two"]


def test_each_page_may_renew_the_token(server: ScriptedServer, client: HttpClient) -> None:
    page = Answer([1], headers={"Link": f'<{server.url}/a?page=2>; rel="next"'})
    refused = Answer({"message": "Bad credentials"}, 401)
    server.script("/a", refused, page, refused, Answer([2]))
    server.script(TOKENS, token("one"), token("two"), token("three"))
    assert [list(items) for items in client.pages("/a")] == [[1], [2]]


def test_a_token_that_is_refused_again_is_an_error(server: ScriptedServer, client: HttpClient) -> None:
    server.script("/a", Answer({"message": "Bad credentials"}, 401))
    server.script(TOKENS, token("one"), token("two"))
    with pytest.raises(AuthenticationError, match="Bad credentials"):
        client.get_json("/a")
    assert bearers(server) == ["one", "two"]


@pytest.mark.parametrize("key", ["not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_a_key_that_is_none_is_told_without_it(server: ScriptedServer, key: str) -> None:
    client = HttpClient(server.url, GitHubAppAuth("7", "42", SecretStr(key)))
    with pytest.raises(AuthenticationError, match="no RSA key in PEM format") as raised:
        client.get_json("/a")
    assert "AAAA" not in repr(raised.value)
    assert raised.value.__context__ is None
    assert server.requests == []


def test_a_key_in_one_line_is_understood(
    server: ScriptedServer, private_key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server.script(TOKENS, token("one"))
    auth = GitHubAppAuth("7", "42", SecretStr(pem.decode().replace("\n", "\\n")), now=clock)
    assert HttpClient(server.url, auth).get_json("/a") == {"x": 1}


def test_a_refused_app_is_an_error_without_its_key(server: ScriptedServer, client: HttpClient) -> None:
    server.script(TOKENS, Answer({"message": "A JSON web token could not be decoded"}, 401))
    with pytest.raises(AuthenticationError, match="could not be decoded"):
        client.get_json("/a")
    assert server.paths() == [TOKENS]
