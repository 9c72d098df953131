"""The recorded APIs as tests start them: whoever starts one speaks to that one."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from support.replay import replay_folder, running_replay


def test_replays_that_start_at_the_same_time_have_addresses_of_their_own() -> None:
    folder, wanted = replay_folder(), 3
    with ExitStack() as running, ThreadPoolExecutor(wanted) as threads:
        replays = threads.map(lambda _: running.enter_context(running_replay(folder, None)), range(wanted))
        assert len({replay.github_url for replay in replays}) == wanted
