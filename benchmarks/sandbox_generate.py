"""How long a hundred thousand changes take to generate, and how much memory: at most 5 minutes and 2 GB.

`python benchmarks/sandbox_generate.py [weeks]` simulates a large organisation in a process of its own, truth
written, and prints seconds by the clock and of the processor, and peak memory.
"""

import re
import resource
import subprocess
import sys
import tempfile
import time

WEEKS = 40


def main(weeks: int) -> None:
    """Generate once and print what it took."""
    command = [sys.executable, "-m", "sandbox", "generate", "--size", "large", "--weeks", str(weeks)]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run(  # noqa: S603
            [*command, "--folder", folder], check=True, capture_output=True, text=True
        )
    took = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    counted = re.search(r"([\d,]+) changes", ended.stderr)
    count = int(counted[1].replace(",", "")) if counted else 0
    seconds, kilobytes = used.ru_utime + used.ru_stime, used.ru_maxrss
    print(  # noqa: T201
        f"{count:,} changes in {took:.0f} s by the clock, {seconds:.0f} s of processor time, "
        f"{kilobytes / 1e6:.2f} GB at most; "
        f"{kilobytes / count:.1f} kB and {1000 * seconds / count:.2f} ms a change"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else WEEKS)
