"""What a comparison of truth and marts is: two queries, and which of their columns mean what."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """Something that both sides tell.

    Attributes:
        name: what it is.
        truth: query over the truth's tables; columns `key`, `instants`, `values`, `group_name`, `reason`.
        marts: query over the built warehouse; the same columns without `reason`.
        key: columns that name a row.
        instants: columns that may differ by the stamps' tolerance.
        values: columns that must be equal; null in truth means that nothing is claimed.
    """

    name: str
    truth: str
    marts: str
    key: Sequence[str]
    instants: Sequence[str] = ()
    values: Sequence[str] = ()
