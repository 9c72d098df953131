"""What the connector delivers: each raw table with its columns."""

from __future__ import annotations

from ingestion.connector import Column, Table

ACCOUNTS = Table(
    name="accounts",
    description="One row per member of the organisation who made or changed a flag.",
    key=("id",),
    columns=(
        Column("id", "text", "Keyed hash of the e-mail address, the one id that every answer tells."),
        Column("first_name", "text", "First name, as shown."),
        Column("email_hash", "text", "Keyed hash of the e-mail address."),
    ),
    outlives_source=True,
)
FEATURE_FLAGS = Table(
    name="feature_flags",
    description="One row per feature flag, as it was when last read.",
    key=("id",),
    columns=(
        Column("id", "text", "PostHog's numeric id."),
        Column("key", "text", "Name that code asks for.", nullable=False),
        Column("is_active", "bool", "Whether it is switched on.", nullable=False),
        Column("is_deleted", "bool", "Whether it was deleted; its row stays."),
        Column("enabled_share", "double", "Share of all users, 0 to 1; null if conditions alone decide."),
        Column("target_count", "bigint", "Customers that are named one by one."),
        Column("targets", "json", "Keyed hashes of those customers."),
        Column("created_at", "timestamp", "When it was created.", nullable=False),
        Column("created_by_id", "text", "Who created it, accounts.id."),
    ),
    outlives_source=True,
)
FEATURE_FLAG_ACTIVITY = Table(
    name="feature_flag_activity",
    description="One row per entry of a flag's activity log.",
    key=("id",),
    columns=(
        Column("id", "text", "Made of flag, instant and activity, for the log tells no id."),
        Column("flag_id", "text", "Flag, feature_flags.id."),
        Column("occurred_at", "timestamp", "When it happened.", nullable=False),
        Column("activity", "text", "PostHog's word: created, updated, deleted …"),
        Column("flag_key", "text", "Name of the flag at that time."),
        Column("actor_id", "text", "Who did it, accounts.id; null for the system."),
        Column("is_active_before", "bool", "Whether it was switched on; null if that did not change."),
        Column("is_active_after", "bool", "Whether it is switched on; null if that did not change."),
        Column("has_new_filters", "bool", "Whether the rollout changed.", nullable=False),
        Column("enabled_share_before", "double", "Share before a change of the rollout."),
        Column("enabled_share_after", "double", "Share after a change of the rollout."),
        Column("target_count_before", "bigint", "Named customers before a change of the rollout."),
        Column("target_count_after", "bigint", "Named customers after a change of the rollout."),
        Column("targets_after", "json", "Keyed hashes of them after a change of the rollout."),
        Column("is_deleted_after", "bool", "Whether it is deleted; null if that did not change."),
    ),
    outlives_source=True,
)
EVENTS = Table(
    name="events",
    description="One row per product event of a name that the settings list, and per flag evaluation.",
    key=("uuid",),
    columns=(
        Column("uuid", "text", "PostHog's id of the event."),
        Column("event", "text", "Name of the event.", nullable=False),
        Column("customer_id", "text", "Keyed hash of the customer's id; null where the event bears none."),
        Column("flag_key", "text", "Flag that was evaluated; null for other events."),
        Column("flag_response", "text", "What it said: true, false or the name of a variant."),
        Column("occurred_at", "timestamp", "By the client's clock, as PostHog corrects it.", nullable=False),
        Column("received_at", "timestamp", "When PostHog received it."),
    ),
    outlives_source=True,
    is_bulk=True,
    is_by_day=True,
)
TABLES = (ACCOUNTS, FEATURE_FLAGS, FEATURE_FLAG_ACTIVITY, EVENTS)
