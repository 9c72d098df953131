"""`flowgauge serve` in a real browser: everything seen, everything runnable, one writer."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.command import environment_of
from support.installations import TESTS, Installation
from support.miniature import write_settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = "/usr/bin/chromium"
LOCATION = "support.miniature_location"
START_SECONDS = 240
PATIENCE_MILLISECONDS = 240_000

pytestmark = pytest.mark.browser


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def browser_path() -> str:
    """Chromium where there is one; on CI there has to be."""
    path = shutil.which("chromium") or CHROMIUM
    if not Path(path).exists():
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return path


@pytest.fixture(scope="module")
def served_installation(
    published_once: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    folder = tmp_path_factory.mktemp("served") / "installation"
    shutil.copytree(published_once.folder, folder, symlinks=True)
    write_settings(folder, "one", "two")
    return Installation(folder)


@pytest.fixture(scope="module")
def port(served_installation: Installation) -> Iterator[int]:
    """The port of a running `flowgauge serve`."""
    port = free_port()
    folder = served_installation.folder
    with (folder / "serve.log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "support.miniature", "serve", "--port", str(port)],
            cwd=folder,
            env=environment_of(folder, {"PYTHONPATH": str(TESTS)}),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_up(port, server, folder / "serve.log")
        yield port
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_until_up(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"the server did not start: {log.read_text(encoding='utf-8')}")


@pytest.fixture
def page(browser_path: str, port: int) -> Iterator["Page"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}", viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        yield page
        browser.close()


def test_server_listens_on_loopback_only(port: int) -> None:
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("this system has no /proc/net/tcp")
    listening = [line.split()[1] for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    assert {each.split(":")[0] for each in listening if each.endswith(f":{port:04X}")} == {"0100007F"}


def test_second_server_on_one_home_is_refused_in_one_sentence(
    port: int, served_installation: Installation
) -> None:
    ended = served_installation.command("serve", "--port", str(free_port()))
    assert port
    assert ended.status == 1
    assert "is being served already" in ended.output


def test_runs_of_the_command_are_seen(page: "Page") -> None:
    page.goto("/runs")
    page.get_by_text("flowgauge/launched_by: command").first.wait_for()
    for job in ("ingest", "build"):
        assert page.get_by_role("link", name=job, exact=True).count() >= 1


def test_assets_of_every_layer_and_the_schedules_are_seen(page: "Page") -> None:
    page.goto("/asset-groups")
    for group in ("toy", "flowgauge", "staging", "canonical", "marts", "serving"):
        page.get_by_text(group, exact=True).first.wait_for()
    page.goto("/automation")
    for name in ("hourly_ingest", "daily_clock", "build_what_was_loaded"):
        page.get_by_text(name).first.wait_for()
    page.goto("/assets/marts/fct_items?view=checks")
    page.get_by_text("marts_is_sound").first.wait_for()


def test_ingest_is_launched_from_the_browser_and_refused_while_another_run_writes(
    page: "Page", served_installation: Installation
) -> None:
    with served_installation.another_writer() as pid:
        launch(page, "ingest")
        page.get_by_text(f"another run (pid {pid}, since").first.wait_for()
    launch(page, "ingest")
    page.get_by_text("Success", exact=True).first.wait_for()


def launch(page: "Page", job: str) -> None:
    """Open the job's launchpad, press the button and follow to the run."""
    page.goto(f"/locations/{LOCATION}/jobs/{job}/playground")
    page.get_by_role("button", name="Launch run").click()
    page.wait_for_url("**/runs/*")
