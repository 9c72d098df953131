"""Which accounts are one person: the other step between the canonical relations and the marts.

Holds `unite`, a pure function from accounts, declarations and what was stored before to persons, and
`resolve_identities`, which feeds it from the warehouse and keeps its outcome in `raw_flowgauge`, where no
rebuild of the models and no full refresh of a connection forgets it. It is Python because it finds connected
components and remembers; what a person's kind and teams are is decided later, in SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import duckdb

Place = tuple[str, str]
"""Connection and the account's id in it."""

Sign = Callable[..., str]
"""A keyed hash of its arguments: keys of people can be computed from ids only by who has the key."""


class Account(NamedTuple):
    """An account of a source system; `vendor` tells installations apart, whatever connections read them."""

    connection: str
    account: str
    vendor: str
    login: str | None
    email_hash: str | None
    is_human: bool
    identity: int | None = None

    @property
    def place(self) -> Place:
        """What identifies it."""
        return self.connection, self.account


class Membership(NamedTuple):
    """An account in a person's cluster.

    `method`: own (it founded the cluster), vendor_account (another connection reads the same account), email
    (equal hashes of addresses) or declared (the settings say so).
    """

    connection: str
    account: str
    account_key: str
    person_key: str
    method: str
    first_seen_at: datetime


class Ambiguity(NamedTuple):
    """An account that may belong with others, which share its `ambiguity_key`; nothing was united for it."""

    connection: str
    account: str
    reason: str
    ambiguity_key: str


class Persons(NamedTuple):
    """All accounts ever seen with their persons, keys that merges left behind, and what is undecided."""

    memberships: list[Membership]
    aliases: dict[str, str]
    ambiguities: list[Ambiguity]


def unite(
    accounts: Sequence[Account],
    stored: Sequence[Membership],
    aliases: Mapping[str, str],
    sign: Sign,
    seen_at: datetime,
) -> Persons:
    """Give every account its person: by stored clusters, equal accounts, equal addresses and declarations.

    A person's key is minted once, from the account that founded the cluster. Clusters that turn out to be
    one keep the older one's key, and the others' become aliases of it. A declaration that is taken back
    releases its accounts; whatever else united them does not expire.

    Args:
        accounts: all accounts that the canonical relations hold.
        stored: the memberships of the last time.
        aliases: the aliases of the last time, former key → key.
        sign: keyed hash.
        seen_at: when accounts that were not stored were seen first.
    """
    before = {(row.connection, row.account): row for row in stored}
    places = sorted(before.keys() | {account.place for account in accounts})
    base = _Components(places)
    for together in _lasting(accounts, stored):
        base.join(together)
    whole = base.copy()
    for group in _groups(accounts, lambda account: account.identity):
        whole.join([account.place for account in group])
    memberships = list(_memberships(base, whole, before, sign, seen_at))
    person_of = {(row.connection, row.account): row.person_key for row in memberships}
    return Persons(
        memberships,
        _aliases(stored, person_of, aliases),
        list(_ambiguities(accounts, person_of, sign)),
    )


class _Components:
    """Disjoint sets, each represented by its smallest member."""

    def __init__(self, members: Iterable[Place]) -> None:
        self._parent = {member: member for member in members}

    def root(self, member: Place) -> Place:
        while self._parent[member] != member:
            self._parent[member] = self._parent[self._parent[member]]
            member = self._parent[member]
        return member

    def join(self, members: Sequence[Place]) -> None:
        for first, second in pairwise(members):
            one, other = sorted((self.root(first), self.root(second)))
            self._parent[other] = one

    def copy(self) -> _Components:
        twin = _Components(())
        twin._parent = dict(self._parent)
        return twin

    def sets(self) -> Iterator[list[Place]]:
        found: dict[Place, list[Place]] = defaultdict(list)
        for member in self._parent:
            found[self.root(member)].append(member)
        yield from found.values()


def _groups(
    accounts: Iterable[Account], key: Callable[[Account], Hashable | None]
) -> Iterator[list[Account]]:
    """Accounts that share a key, where they have one."""
    found: dict[Hashable, list[Account]] = defaultdict(list)
    for account in accounts:
        value = key(account)
        if value is not None:
            found[value].append(account)
    yield from found.values()


def _address(account: Account) -> str | None:
    return account.email_hash if account.is_human else None


def _login(account: Account) -> str | None:
    return account.login.lower() if account.login else None


def _is_shared(group: Sequence[Account]) -> bool:
    """An address of several accounts of one system may be a mailing list's or a machine's."""
    return len({account.vendor for account in group}) < len({(a.vendor, a.account) for a in group})


def _lasting(accounts: Sequence[Account], stored: Sequence[Membership]) -> Iterator[list[Place]]:
    """What belongs together and stays so."""
    clusters: dict[str, list[Place]] = defaultdict(list)
    for row in stored:
        if row.method != "declared":
            clusters[row.person_key].append((row.connection, row.account))
    yield from clusters.values()
    for readings in _groups(accounts, lambda account: (account.vendor, account.account)):
        yield [account.place for account in readings]
    for holders in _groups(accounts, _address):
        if not _is_shared(holders):
            yield [account.place for account in holders]


def _memberships(
    base: _Components, whole: _Components, before: Mapping[Place, Membership], sign: Sign, seen_at: datetime
) -> Iterator[Membership]:
    def first_seen(place: Place) -> datetime:
        return before[place].first_seen_at if place in before else seen_at

    for members in whole.sets():
        founder = min(members, key=lambda place: (first_seen(place), place))
        standing = before.get(founder)
        is_kept = standing is not None and standing.method != "declared"
        person_key = standing.person_key if standing and is_kept else sign("person", *founder)
        ids = {account for _, account in members}
        for place in members:
            if place == founder:
                method = "own"
            elif base.root(place) != base.root(founder):
                method = "declared"
            else:
                method = "vendor_account" if len(ids) == 1 else "email"
            account_key = before[place].account_key if place in before else sign("account", *place)
            yield Membership(*place, account_key, person_key, method, first_seen(place))


def _aliases(
    stored: Iterable[Membership], person_of: Mapping[Place, str], aliases: Mapping[str, str]
) -> dict[str, str]:
    moved = {row.person_key: person_of[row.connection, row.account] for row in stored}
    found = {former: moved.get(key, key) for former, key in aliases.items()}
    found.update({former: key for former, key in moved.items() if former != key})
    living = set(person_of.values())
    return {former: key for former, key in sorted(found.items()) if former not in living}


def _ambiguities(
    accounts: Sequence[Account], person_of: Mapping[Place, str], sign: Sign
) -> Iterator[Ambiguity]:
    """Accounts of different persons that share an address or, across systems, a login."""
    humans = [account for account in accounts if account.is_human]
    for reason, key in (("shared_address", _address), ("same_login", _login)):
        for group in _groups(humans, key):
            if len({person_of[account.place] for account in group}) > 1:
                for account in group:
                    yield Ambiguity(*account.place, reason, sign(reason, str(key(account))))


_ACCOUNTS = """
select
    accounts.connection, accounts.source_id, accounts.connector || '|' || coalesce(base_url, connection),
    accounts.login, accounts.email_hash,
    accounts.kind = 'human' and not exists (
        select 1 from raw_flowgauge.bots as bots
        where lower(bots.login) = lower(accounts.login)
            and coalesce(bots.connection, accounts.connection) = accounts.connection
    ),
    (
        select min(identity) from raw_flowgauge.identities as identities
        where lower(identities.login) = lower(accounts.login)
            and coalesce(identities.connection, accounts.connection) = accounts.connection
    )
from canonical.accounts as accounts
left join raw_flowgauge.connections as connections using (connection)
"""
_SEEN_AT = "select coalesce(max(started_at), timestamp '1970-01-01') from raw_flowgauge.runs"


def resolve_identities(warehouse: Path, sign: Sign) -> int:
    """Unite the accounts of all connections into persons, and remember.

    Replaces `raw_flowgauge.person_accounts`, `person_aliases` and `ambiguous_accounts` in one transaction.

    Args:
        warehouse: the DuckDB file in which the canonical relations have been built.
        sign: keyed hash of its arguments.

    Returns:
        The number of accounts.
    """
    import duckdb

    with duckdb.connect(str(warehouse)) as connection:
        accounts = [Account(*row) for row in connection.execute(_ACCOUNTS).fetchall()]
        stored = [
            Membership(*row)
            for row in connection.execute("select * from raw_flowgauge.person_accounts").fetchall()
        ]
        aliases = dict(connection.execute("select * from raw_flowgauge.person_aliases").fetchall())
        (seen_at,) = connection.execute(_SEEN_AT).fetchone() or (None,)
        persons = unite(accounts, stored, aliases, sign, seen_at)
        connection.begin()
        _replace(connection, "person_accounts", persons.memberships)
        _replace(connection, "person_aliases", list(persons.aliases.items()))
        _replace(connection, "ambiguous_accounts", persons.ambiguities)
        connection.commit()
    return len(persons.memberships)


def _replace(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[object, ...]]) -> None:
    connection.execute(f"delete from raw_flowgauge.{name}")  # noqa: S608 - a name of this module
    if rows:
        import pyarrow

        names = [column for column, *_ in connection.table(f"raw_flowgauge.{name}").description]
        table = pyarrow.table(dict(zip(names, zip(*sorted(rows, key=str), strict=True), strict=True)))
        connection.register("replacement", table)
        connection.execute(f"insert into raw_flowgauge.{name} by name select * from replacement")  # noqa: S608
        connection.unregister("replacement")
