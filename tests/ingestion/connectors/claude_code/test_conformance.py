"""Claude Code's connector keeps the rules of the kit."""

from support.conformance import conformance

test_conformance = conformance("claude_code")
