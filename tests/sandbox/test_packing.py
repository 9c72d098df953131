from sandbox.gitobjects import Signature
from sandbox.history import Account, Attempt, Job
from sandbox.truth import BATCH, Rows

BOT = Account(1, "bot", "service", Signature("Bot", "bot@example.com"))
ENDED = [
    Job(1_000_000_001, "lint", 1_780_000_000, 1_780_000_005, 20, 1_780_000_100, "success", 3),
    Job(1_000_000_002, "unit", 1_780_000_000, None, 0, 1_780_000_050, "cancelled", 0),
    Job(1_000_000_003, "unit", 1_780_000_000, 1_779_999_990, 39, 1_780_021_600, "timed_out", 60_000),
]


def test_packed_jobs_are_told_as_they_were() -> None:
    attempt = Attempt(1, 1_780_000_000, BOT, ("lint", "unit"))
    attempt.jobs.extend(ENDED)
    attempt.pack()
    assert attempt.jobs == ENDED
    assert attempt.jobs[0] is not ENDED[0]


def test_jobs_are_not_packed_while_one_may_still_change() -> None:
    attempt = Attempt(1, 1_780_000_000, BOT, ("lint", "unit"))
    job = Job(1_000_000_004, "lint", 1_780_000_000)
    attempt.jobs.extend([*ENDED, job])
    attempt.pack()
    job.started_at = 1_780_000_009
    assert attempt.jobs[-1].started_at == 1_780_000_009


def test_rows_of_the_truth_keep_order_values_and_nulls_when_they_are_packed() -> None:
    given = [(number, number * 10, None if number % 3 else "ci") for number in range(2 * BATCH + 5)]
    rows = Rows(("change", "entered_at", "stage"))
    for row in given:
        rows.append(row)
    assert list(rows) == given
