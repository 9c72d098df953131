"""The HTTP policy against a real server: what is sent, waited for, tried again and refused."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from support.http_server import Answer, Request, ScriptedServer

from ingestion.http import (
    AccessDeniedError,
    AuthenticationError,
    Budget,
    ForeignOriginError,
    GoneError,
    GraphQLError,
    HeaderAuth,
    HttpClient,
    HttpError,
    LegallyBlockedError,
    MalformedResponseError,
    NotFoundError,
    QueryFailedError,
    QueryTooHeavyError,
    RateLimitError,
    RateLimitPolicy,
    RejectedRequestError,
    RetryPolicy,
    ServerError,
    TransportError,
    TruncatedBodyError,
    UnreadableBodyError,
    basic,
    bearer,
)

TOKEN = "tok-very-secret-0123456789"
SIGNATURE = "query-secret"
GITHUB_LIKE = RateLimitPolicy(
    budgets=(Budget("X-RateLimit-Remaining", "X-RateLimit-Reset", "epoch_seconds"),)
)

ClientFactory = Callable[..., HttpClient]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().running() as running:
        yield running


@pytest.fixture
def elsewhere() -> Iterator[ScriptedServer]:
    """Another origin."""
    with ScriptedServer().running() as running:
        yield running


@pytest.fixture
def sleeps() -> list[float]:
    return []


@pytest.fixture
def client(server: ScriptedServer, sleeps: list[float]) -> HttpClient:
    return HttpClient(
        server.url,
        bearer(SecretStr(TOKEN)),
        rate_limits=GITHUB_LIKE,
        retry=RetryPolicy(attempts=4, read_seconds=5),
        sleep=sleeps.append,
    )


def http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


class TestCredentials:
    def test_bearer_token_is_sent(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/a", Answer({"x": 1}))
        assert client.get_json("/a") == {"x": 1}
        assert server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"

    def test_basic_credentials_are_sent(self, server: ScriptedServer) -> None:
        server.script("/a", Answer({}))
        HttpClient(server.url, basic("ann", SecretStr("pässword"))).get_json("/a")
        assert server.requests[0].headers["Authorization"] == "Basic YW5uOnDDpHNzd29yZA=="

    def test_a_header_of_the_vendors_own_is_sent(self, server: ScriptedServer) -> None:
        server.script("/a", Answer({}))
        HttpClient(server.url, HeaderAuth("PRIVATE-TOKEN", SecretStr(TOKEN))).get_json("/a")
        assert server.requests[0].headers["PRIVATE-TOKEN"] == TOKEN

    def test_a_netrc_file_is_not_consulted(
        self, server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login ann password pw\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        server.script("/a", Answer({}))
        HttpClient(server.url).get_json("/a")
        assert "Authorization" not in server.requests[0].headers

    @pytest.mark.parametrize("ask", ["get", "pages", "download"])
    def test_requests_go_through_the_proxy_of_the_environment(
        self, server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: str
    ) -> None:
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.setenv("no_proxy", "inside.example")
        server.script("/a", Answer([]))
        client = HttpClient("http://forge.example")
        if ask == "get":
            client.get_json("/a")
        elif ask == "pages":
            list(client.pages("/a"))
        else:
            client.download("http://forge.example/a", tmp_path / "a")
        assert len(server.requests) == 1

    def test_the_certificates_of_the_environment_are_trusted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
        with pytest.raises(OSError, match=r"none\.pem"):
            HttpClient("https://127.0.0.1:1").get_json("/a")

    def test_cookies_are_not_kept(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/a", Answer({}, headers={"Set-Cookie": "session=1; Path=/"}))
        client.get_json("/a")
        client.get_json("/a")
        assert "Cookie" not in server.requests[1].headers


class TestOrigin:
    def test_a_redirect_to_another_origin_is_refused_and_nothing_is_sent_there(
        self, server: ScriptedServer, elsewhere: ScriptedServer, client: HttpClient
    ) -> None:
        server.script("/a", Answer(status=302, headers={"Location": f"{elsewhere.url}/steal"}))
        elsewhere.script("/steal", Answer({}))
        with pytest.raises(ForeignOriginError, match="base_url"):
            client.get_json("/a")
        assert elsewhere.requests == []

    def test_a_redirect_within_the_origin_is_followed_with_the_token(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        server.script("/old", Answer(status=301, headers={"Location": "/new"}))
        server.script("/new", Answer({"x": 1}))
        assert client.get_json("/old") == {"x": 1}
        assert server.requests[1].headers["Authorization"] == f"Bearer {TOKEN}"

    def test_redirects_without_end_are_given_up(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/a", Answer(status=302, headers={"Location": "/a"}))
        with pytest.raises(RejectedRequestError, match="again and again"):
            client.get_json("/a")
        assert len(server.requests) < 10

    def test_a_redirected_post_is_refused_instead_of_becoming_a_get(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        server.script("/graphql", Answer(status=301, headers={"Location": "/new"}))
        with pytest.raises(RejectedRequestError):
            client.graphql("{ viewer { login } }")
        assert server.paths() == ["/graphql"]

    def test_a_url_of_another_origin_is_refused(self, elsewhere: ScriptedServer, client: HttpClient) -> None:
        with pytest.raises(ForeignOriginError):
            client.get_json(f"{elsewhere.url}/a")
        assert elsewhere.requests == []

    @pytest.mark.parametrize("trick", ["{url}.example.org/a", "{url}@example.org/a"])
    def test_a_host_that_only_begins_alike_is_another_origin(
        self, server: ScriptedServer, client: HttpClient, trick: str
    ) -> None:
        with pytest.raises((ForeignOriginError, RejectedRequestError)):
            client.get_json(trick.format(url=server.url))
        assert client.request_counts == {}

    def test_a_next_link_to_another_origin_is_refused(
        self, server: ScriptedServer, elsewhere: ScriptedServer, client: HttpClient
    ) -> None:
        server.script("/a", Answer([1], headers={"Link": f'<{elsewhere.url}/a?page=2>; rel="next"'}))
        pages = client.pages("/a")
        assert list(next(pages)) == [1]
        with pytest.raises(ForeignOriginError):
            next(pages)
        assert elsewhere.requests == []


class TestPaging:
    def test_link_headers_are_followed_to_the_end(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script(
            "/a",
            Answer([1, 2], headers={"Link": f'<{server.url}/a?page=2>; rel="next"'}),
            Answer([3], headers={"Link": f'<{server.url}/a?page=1>; rel="first"'}),
        )
        assert [list(page) for page in client.pages("/a", {"per_page": 2})] == [[1, 2], [3]]
        assert server.requests[0].query == {"per_page": ["2"]}
        assert server.requests[1].query == {"page": ["2"]}

    def test_page_numbers_end_at_an_empty_page(self, server: ScriptedServer, client: HttpClient) -> None:
        from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

        server.script("/a", Answer({"runs": [1]}), Answer({"runs": [2]}), Answer({"runs": []}))
        paging = PageNumberPaginator(base_page=1, total_path=None)
        pages = client.pages("/a", select="runs", paging=paging)
        assert [item for page in pages for item in page] == [1, 2]
        assert [request.query["page"] for request in server.requests] == [["1"], ["2"], ["3"]]

    def test_offsets_go_on_until_the_total(self, server: ScriptedServer, client: HttpClient) -> None:
        from dlt.sources.helpers.rest_client.paginators import OffsetPaginator

        server.script("/a", Answer({"items": [1, 2], "total": 3}), Answer({"items": [3], "total": 3}))
        pages = client.pages("/a", select="items", paging=OffsetPaginator(limit=2))
        assert [list(page) for page in pages] == [[1, 2], [3]]

    def test_cursors_are_handed_back(self, server: ScriptedServer, client: HttpClient) -> None:
        from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

        server.script("/a", Answer({"items": [1], "next": "c2"}), Answer({"items": [2], "next": None}))
        paging = JSONResponseCursorPaginator(cursor_path="next", cursor_param="cursor")
        assert [list(page) for page in client.pages("/a", select="items", paging=paging)] == [[1], [2]]
        assert server.requests[1].query == {"cursor": ["c2"]}

    def test_a_page_bears_its_response(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/a", Answer({"total_count": 7, "runs": []}))
        assert next(client.pages("/a", select="runs")).response.json()["total_count"] == 7

    def test_an_answer_without_the_promised_list_is_an_error_not_an_empty_page(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        server.script("/a", Answer({"message": "degraded"}))
        with pytest.raises(MalformedResponseError, match="runs"):
            list(client.pages("/a", select="runs"))

    def test_paging_in_a_circle_is_an_error(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/a", Answer([1], headers={"Link": f'<{server.url}/a?page=2>; rel="next"'}))
        with pytest.raises(MalformedResponseError, match="circle"):
            list(client.pages("/a"))
        assert len(server.requests) <= 3

    def test_an_empty_answer_is_an_empty_page(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/a", Answer(status=204))
        assert [list(page) for page in client.pages("/a")] == [[]]

    def test_a_body_that_is_missing_is_no_empty_page(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        server.script("/a", Answer([1], headers={"Link": f'<{server.url}/b>; rel="next"'}))
        server.script("/b", Answer(b""), Answer([2]))
        assert [list(page) for page in client.pages("/a")] == [[1], [2]]
        server.script("/b", Answer(b""))
        with pytest.raises(UnreadableBodyError):
            list(client.pages("/a"))

    def test_a_failed_page_ends_the_walk_with_an_error(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        server.script(
            "/a",
            Answer([1], headers={"Link": f'<{server.url}/a?page=2>; rel="next"'}),
            Answer({"message": "gone"}, 404),
        )
        pages = client.pages("/a")
        next(pages)
        with pytest.raises(NotFoundError):
            next(pages)


class TestFurtherAttempts:
    def test_a_server_error_is_tried_again(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        server.script("/a", Answer(b"<html>", 502), Answer({}, 500), Answer({"x": 1}))
        assert client.get_json("/a") == {"x": 1}
        assert len(sleeps) == 2
        assert client.request_counts == {"rest": 3}

    def test_waits_grow_and_differ(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        server.script("/a", Answer({}, 500))
        for _ in range(8):
            with pytest.raises(ServerError):
                client.get_json("/a")
        rounds = [sleeps[start : start + 3] for start in range(0, len(sleeps), 3)]
        assert max(wait for first, _, _ in rounds for wait in [first]) <= 1
        assert max(third for _, _, third in rounds) > 1
        assert len(set(sleeps)) == len(sleeps)

    def test_attempts_are_bounded(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/a", Answer({}, 503))
        with pytest.raises(ServerError, match=r"503.*run again later"):
            client.get_json("/a")
        assert len(server.requests) == 4

    @pytest.mark.parametrize("status", [501, 505])
    def test_what_a_server_will_never_do_is_not_tried_again(
        self, server: ScriptedServer, client: HttpClient, status: int
    ) -> None:
        server.script("/a", Answer({}, status))
        with pytest.raises(HttpError):
            client.get_json("/a")
        assert len(server.requests) == 1

    def test_retry_after_in_seconds_is_honoured(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        server.script("/a", Answer({}, 429, {"Retry-After": "17"}), Answer({"x": 1}))
        assert client.get_json("/a") == {"x": 1}
        assert 17 <= sleeps[0] <= 18.1

    def test_retry_after_as_a_date_is_honoured_by_the_servers_clock(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        their_now = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
        headers = {"Date": http_date(their_now), "Retry-After": http_date(their_now + timedelta(seconds=90))}
        server.script("/a", lambda _request: Answer({}, 503, headers), Answer({"x": 1}))
        assert client.get_json("/a") == {"x": 1}
        assert 88 <= sleeps[0] <= 92

    def test_a_wait_that_is_too_long_is_an_error_at_once(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        server.script("/a", Answer({}, 429, {"Retry-After": "86400"}))
        with pytest.raises(RateLimitError) as raised:
            client.get_json("/a")
        assert raised.value.retry_after == 86400
        assert sleeps == []

    def test_a_connection_that_fails_is_tried_again_and_told_plainly(self, sleeps: list[float]) -> None:
        with ScriptedServer().running() as gone:
            url = gone.url
        client = HttpClient(url, retry=RetryPolicy(attempts=2), sleep=sleeps.append)
        with pytest.raises(TransportError, match="could not be sent"):
            client.get_json("/a")
        assert len(sleeps) == 1

    def test_an_answer_that_does_not_come_in_time_is_tried_again(
        self, server: ScriptedServer, sleeps: list[float]
    ) -> None:
        server.script("/a", Answer({}, delay_seconds=5), Answer({"x": 1}))
        client = HttpClient(server.url, retry=RetryPolicy(read_seconds=0.2), sleep=sleeps.append)
        assert client.get_json("/a") == {"x": 1}
        assert len(sleeps) == 1

    @pytest.mark.parametrize("chunked", [False, True])
    def test_a_truncated_body_is_tried_again(
        self, server: ScriptedServer, client: HttpClient, chunked: bool
    ) -> None:
        server.script("/a", Answer({"x": "y" * 99}, cut=50, chunked=chunked), Answer({"x": 1}))
        assert client.get_json("/a") == {"x": 1}

    @pytest.mark.parametrize("chunked", [False, True])
    def test_a_body_that_stays_truncated_is_an_error(
        self, server: ScriptedServer, client: HttpClient, chunked: bool
    ) -> None:
        server.script("/a", Answer([1, 2, 3], cut=2, chunked=chunked))
        with pytest.raises(TruncatedBodyError):
            list(client.pages("/a"))

    def test_a_success_that_is_not_json_is_tried_again_and_told(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        server.script("/a", Answer(b"<html>maintenance", headers={"Content-Type": "text/html"}))
        with pytest.raises(UnreadableBodyError, match="text/html"):
            client.get_json("/a")
        assert len(server.requests) == 4


class TestRateLimits:
    def test_a_spent_budget_is_waited_for_before_the_next_request(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        headers = {
            "Date": http_date(now),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(int(now.timestamp()) + 600),
        }
        server.script(
            "/a", Answer({}, headers=headers), Answer({}, headers={"X-RateLimit-Remaining": "4999"})
        )
        client.get_json("/a")
        assert sleeps == []
        assert client.rate_limit_left == {"rest": 0}
        client.get_json("/a")
        assert 598 <= sleeps[0] <= 603
        assert client.rate_limit_left == {"rest": 4999}
        assert client.waited_seconds == sleeps[0]

    def test_time_that_has_passed_since_is_not_waited_for(
        self,
        server: ScriptedServer,
        client: HttpClient,
        sleeps: list[float],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        reset = str(int(now.timestamp()) + 600)
        spent = {"Date": http_date(now), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        server.script("/a", Answer({}, headers=spent), Answer({}))
        client.get_json("/a")
        much_later = time.monotonic() + 590
        monkeypatch.setattr("ingestion.transport.time.monotonic", lambda: much_later)
        client.get_json("/a")
        assert 8 <= sleeps[0] <= 12

    def test_a_budget_that_stays_spent_too_long_is_an_error(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        reset = str(int(datetime.now(UTC).timestamp()) + 86_400)
        server.script("/a", Answer({}, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}))
        client.get_json("/a")
        with pytest.raises(RateLimitError, match="budget is used up"):
            client.get_json("/a")
        assert sleeps == []

    def test_budgets_of_different_kinds_do_not_wait_for_each_other(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        reset = str(int(datetime.now(UTC).timestamp()) + 600)
        spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        server.script("/search", Answer({}, headers=spent))
        server.script("/a", Answer({}))
        client.get_json("/search", kind="search")
        client.get_json("/a")
        assert sleeps == []

    def test_a_refusal_for_a_spent_budget_waits_until_the_reset(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        headers = {
            "Date": http_date(now),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(int(now.timestamp()) + 120),
        }
        server.script("/a", Answer({"message": "API rate limit exceeded"}, 403, headers), Answer({"x": 1}))
        assert client.get_json("/a") == {"x": 1}
        assert len(sleeps) == 1
        assert 119 <= sleeps[0] <= 123

    def test_a_secondary_limit_backs_off_a_minute_and_doubles(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        refusal = Answer({"message": "You have exceeded a secondary rate limit."}, 403)
        server.script("/a", refusal, refusal, Answer({"x": 1}))
        assert client.get_json("/a") == {"x": 1}
        assert 60 <= sleeps[0] <= 61.1
        assert 120 <= sleeps[1] <= 121.1

    def test_a_forbidden_item_is_not_taken_for_a_limit(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float]
    ) -> None:
        server.script(
            "/a", Answer({"message": "Resource not accessible"}, 403, {"X-RateLimit-Remaining": "9"})
        )
        with pytest.raises(AccessDeniedError, match=r"Resource not accessible.*scope"):
            client.get_json("/a")
        assert sleeps == []

    def test_long_waits_are_told(self, server: ScriptedServer, client: HttpClient) -> None:
        told: list[str] = []
        client.log = told.append
        server.script("/a", Answer({}, 429, {"Retry-After": "30"}), Answer({}))
        client.get_json("/a")
        assert len(told) == 1
        assert "127.0.0.1" in told[0]


class TestGraphQL:
    def answer(self, *errors: dict[str, object], data: object = None) -> Answer:
        return Answer({"data": data, "errors": list(errors)})

    def test_data_is_given(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/graphql", Answer({"data": {"viewer": {"login": "ann"}}}))
        assert client.graphql("query($n: Int) { viewer }", {"n": 1}) == {"viewer": {"login": "ann"}}
        assert server.requests[0].json == {"query": "query($n: Int) { viewer }", "variables": {"n": 1}}
        assert client.request_counts == {"graphql": 1}

    def test_a_success_with_errors_is_a_failure_also_with_partial_data(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        error = {"type": "NOT_FOUND", "message": "Could not resolve to a node"}
        server.script("/graphql", self.answer(error, data={"nodes": [None, {"id": 1}]}))
        with pytest.raises(GraphQLError, match="Could not resolve") as raised:
            client.graphql("{ nodes }")
        assert raised.value.types == {"NOT_FOUND"}
        assert raised.value.data == {"nodes": [None, {"id": 1}]}
        assert len(server.requests) == 1

    def test_a_resource_limit_asks_the_caller_to_shrink(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        error = {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."}
        server.script("/graphql", self.answer(error, data={"partial": 1}))
        with pytest.raises(QueryTooHeavyError):
            client.graphql("{ a }", can_shrink=True)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("status", [502, 504])
    def test_a_gateway_error_asks_the_caller_to_shrink(
        self, server: ScriptedServer, client: HttpClient, status: int
    ) -> None:
        server.script("/graphql", Answer(b"<html>", status))
        with pytest.raises(QueryTooHeavyError):
            client.graphql("{ a }", can_shrink=True)
        assert len(server.requests) == 1

    def test_a_query_too_slow_for_us_asks_the_caller_to_shrink(self, server: ScriptedServer) -> None:
        server.script("/graphql", Answer({}, delay_seconds=5))
        client = HttpClient(server.url, retry=RetryPolicy(read_seconds=0.2))
        with pytest.raises(QueryTooHeavyError):
            client.graphql("{ a }", can_shrink=True)

    def test_what_cannot_be_shrunk_is_tried_again(self, server: ScriptedServer, client: HttpClient) -> None:
        error = {"message": "Something went wrong while executing your query."}
        server.script("/graphql", self.answer(error), Answer(b"", 502), Answer({"data": {"a": 1}}))
        assert client.graphql("{ a }") == {"a": 1}

    def test_a_query_that_stays_too_heavy_is_an_error(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        server.script("/graphql", self.answer({"message": "Query has complexity 9, which exceeds 5"}))
        with pytest.raises(QueryFailedError):
            client.graphql("{ a }")

    @pytest.mark.parametrize(
        "error",
        [
            {"type": "RATE_LIMITED", "message": "API rate limit exceeded"},
            {"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "limit already exceeded"},
            {"message": "slow down", "extensions": {"code": "RATELIMITED"}},
        ],
    )
    def test_a_spent_budget_told_with_status_200_is_waited_for(
        self, server: ScriptedServer, client: HttpClient, sleeps: list[float], error: dict[str, object]
    ) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        headers = {
            "Date": http_date(now),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(int(now.timestamp()) + 300),
        }
        server.script("/graphql", Answer({"errors": [error]}, headers=headers), Answer({"data": {"a": 1}}))
        assert client.graphql("{ a }") == {"a": 1}
        assert len(sleeps) == 1
        assert 299 <= sleeps[0] <= 303

    @pytest.mark.parametrize("body", [{"data": None}, {}, []])
    def test_an_answer_without_data_is_an_error(
        self, server: ScriptedServer, client: HttpClient, body: object
    ) -> None:
        server.script("/graphql", Answer(body))
        with pytest.raises(MalformedResponseError):
            client.graphql("{ a }")


class TestConditionalRequests:
    def test_an_unchanged_answer_is_told_by_its_etag(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        def answer(request: Request) -> Answer:
            if request.headers.get("If-None-Match") == '"v1"':
                return Answer(status=304)
            return Answer({"x": 1}, headers={"ETag": '"v1"'})

        server.script("/a", answer)
        first = client.fetch("/a")
        assert (first.data, first.etag, first.is_modified) == ({"x": 1}, '"v1"', True)
        second = client.fetch("/a", etag=first.etag)
        assert (second.data, second.etag, second.is_modified) == (None, '"v1"', False)

    def test_a_changed_answer_bears_its_new_etag(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/a", Answer({"x": 2}, headers={"ETag": '"v2"'}))
        reply = client.fetch("/a", etag='"v1"')
        assert (reply.data, reply.etag, reply.is_modified) == ({"x": 2}, '"v2"', True)


class TestDownloads:
    def test_a_signed_link_on_another_host_gets_no_token(
        self, elsewhere: ScriptedServer, client: HttpClient, tmp_path: Path
    ) -> None:
        elsewhere.script("/report", Answer(b"line\nline\n"))
        assert client.download(f"{elsewhere.url}/report?sig=abc", tmp_path / "report") == 10
        assert (tmp_path / "report").read_bytes() == b"line\nline\n"
        assert "Authorization" not in elsewhere.requests[0].headers
        assert client.request_counts == {"download": 1}

    def test_a_truncated_download_is_tried_again_as_a_whole(
        self, elsewhere: ScriptedServer, client: HttpClient, tmp_path: Path
    ) -> None:
        elsewhere.script("/report", Answer(b"0123456789", cut=4), Answer(b"0123456789"))
        assert client.download(f"{elsewhere.url}/report", tmp_path / "report") == 10
        assert (tmp_path / "report").read_bytes() == b"0123456789"

    def test_an_expired_link_is_an_error(
        self, elsewhere: ScriptedServer, client: HttpClient, tmp_path: Path
    ) -> None:
        elsewhere.script("/report", Answer(b"<Error>AuthenticationFailed</Error>", 403))
        with pytest.raises(AccessDeniedError):
            client.download(f"{elsewhere.url}/report?sig=abc", tmp_path / "report")


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "error", "remedy"),
        [
            (401, AuthenticationError, "token is wrong, expired or revoked"),
            (403, AccessDeniedError, "missing scope"),
            (404, NotFoundError, "check its name"),
            (410, GoneError, "deleted or is switched off"),
            (451, LegallyBlockedError, "legal reasons"),
            (422, RejectedRequestError, "422"),
        ],
    )
    def test_refusals_say_what_to_do(
        self, server: ScriptedServer, client: HttpClient, status: int, error: type[HttpError], remedy: str
    ) -> None:
        server.script("/repos/acme/x", Answer({"message": "No."}, status))
        with pytest.raises(error, match=remedy) as raised:
            client.get_json("/repos/acme/x")
        assert f"GET {server.url}/repos/acme/x answered {status} (No.)" in str(raised.value)
        assert raised.value.status == status
        assert len(server.requests) == 1


class TestSecrecy:
    """Tokens are in no log, exception or representation."""

    def everything_told(self, error: BaseException) -> str:
        chain: list[str] = []
        link: BaseException | None = error
        while link is not None:
            chain += [str(link), repr(link), repr(vars(link)), *traceback.format_exception(link)]
            link = link.__cause__ or link.__context__
        return "\n".join(chain)

    def test_a_server_that_echoes_the_token_does_not_bring_it_into_the_error(
        self, server: ScriptedServer, client: HttpClient
    ) -> None:
        server.script(
            "/a", lambda request: Answer({"message": f"bad {request.headers['Authorization']}"}, 401)
        )
        with pytest.raises(AuthenticationError, match=r"bad Bearer \*\*\*") as raised:
            client.get_json("/a")
        assert TOKEN not in self.everything_told(raised.value)

    @pytest.mark.parametrize("answer", [Answer({}, 500), Answer([1], cut=1), Answer(b"<html>")])
    def test_failures_hold_neither_token_nor_telling_query(
        self, server: ScriptedServer, client: HttpClient, answer: Answer
    ) -> None:
        server.script("/a", answer)
        with pytest.raises(HttpError) as raised:
            client.get_json("/a", {"api_key": SIGNATURE, "page": 2})
        told = self.everything_told(raised.value)
        assert TOKEN not in told
        assert SIGNATURE not in told
        assert "page=2" in str(raised.value)

    def test_a_connection_that_fails_leaves_no_trace_of_the_query(self) -> None:
        with ScriptedServer().running() as gone:
            url = gone.url
        client = HttpClient(
            url, bearer(SecretStr(TOKEN)), retry=RetryPolicy(attempts=2), sleep=lambda _: None
        )
        with pytest.raises(TransportError) as raised:
            client.get_json("/a", {"sig": SIGNATURE})
        told = self.everything_told(raised.value)
        assert SIGNATURE not in told
        assert TOKEN not in told

    def test_a_signed_link_is_not_in_the_error(
        self, elsewhere: ScriptedServer, client: HttpClient, tmp_path: Path
    ) -> None:
        elsewhere.script("/report", Answer(b"no", 404))
        with pytest.raises(NotFoundError) as raised:
            client.download(f"{elsewhere.url}/report?se=2026-01-01&sig={SIGNATURE}", tmp_path / "report")
        assert SIGNATURE not in self.everything_told(raised.value)

    def test_logs_hold_no_token(
        self, server: ScriptedServer, client: HttpClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.script("/a", Answer({}, 500), Answer([1]))
        list(client.pages("/a"))
        assert caplog.records
        assert TOKEN not in caplog.text

    def test_a_password_that_the_server_repeats_is_not_in_the_error(self, server: ScriptedServer) -> None:
        server.script("/a", Answer({"message": f"no user ann with {TOKEN}"}, 401))
        with pytest.raises(AuthenticationError) as raised:
            HttpClient(server.url, basic("ann", SecretStr(TOKEN))).get_json("/a")
        assert TOKEN not in self.everything_told(raised.value)

    def test_the_client_shows_no_token(self, client: HttpClient, server: ScriptedServer) -> None:
        assert repr(client) == f"HttpClient({server.url})"
        assert TOKEN not in repr(vars(client))

    def test_responses_hold_no_token(self, server: ScriptedServer, client: HttpClient) -> None:
        server.script("/a", Answer([1]))
        page = next(client.pages("/a"))
        assert TOKEN not in repr(page.response.request.headers)

    def test_messages_of_other_tools_can_be_cleaned(self, client: HttpClient) -> None:
        assert client.redact(f"fatal: https://x:{TOKEN}@host") == "fatal: https://x:***@host"
