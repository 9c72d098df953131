"""What the connector delivers: each raw table with its columns."""

from __future__ import annotations

from ingestion.connector import Column, Table

USERS = Table(
    name="users",
    description="One row per user of the account; those that were deleted since stay.",
    key=("id",),
    columns=(
        Column("id", "text", "PagerDuty's id."),
        Column("name", "text", "Name, as shown."),
        Column("email_hash", "text", "Keyed hash of the e-mail address."),
    ),
    outlives_source=True,
)
SERVICES = Table(
    name="services",
    description="One row per technical service.",
    key=("id",),
    columns=(
        Column("id", "text", "PagerDuty's id."),
        Column("name", "text", "Name."),
        Column("status", "text", "active, warning, critical, maintenance or disabled."),
        Column("created_at", "timestamp", "When it was created."),
    ),
    outlives_source=True,
)
INCIDENTS = Table(
    name="incidents",
    description="One row per incident, as it was when last read.",
    key=("id",),
    columns=(
        Column("id", "text", "PagerDuty's id."),
        Column("number", "bigint", "Number that people call it by."),
        Column("status", "text", "triggered, acknowledged or resolved.", nullable=False),
        Column("urgency", "text", "high or low."),
        Column("priority", "text", "Name of the priority, such as P1; null where none is set."),
        Column("service_id", "text", "Service, services.id."),
        Column("created_at", "timestamp", "When it was opened.", nullable=False),
        Column("updated_at", "timestamp", "When it last changed."),
        Column("last_status_change_at", "timestamp", "When its status last changed."),
        Column("resolve_reason", "text", "PagerDuty's word; merge_resolve_reason is the only one so far."),
        Column("merged_into_id", "text", "Incident that it was merged into, incidents.id."),
        Column("gone_at", "timestamp", "When PagerDuty first said that it is no more; null while it is."),
    ),
    updated="updated_at",
    outlives_source=True,
)
LOG_ENTRIES = Table(
    name="log_entries",
    description="One row per entry of an incident's log.",
    key=("id",),
    columns=(
        Column("id", "text", "PagerDuty's id."),
        Column("incident_id", "text", "Incident, incidents.id."),
        Column("type", "text", "PagerDuty's word, such as acknowledge_log_entry.", nullable=False),
        Column("occurred_at", "timestamp", "When it happened.", nullable=False),
        Column("agent_type", "text", "What did it: user_reference, service_reference …"),
        Column("agent_id", "text", "Its id; of users users.id."),
        Column("channel_type", "text", "By which way: website, mobile, api, auto, timeout …"),
        Column("assignee_type", "text", "What it was first assigned to."),
        Column("assignee_id", "text", "Its id; of users users.id."),
        Column("assignee_count", "bigint", "How many it was assigned to."),
    ),
    outlives_source=True,
)
TABLES = (USERS, SERVICES, INCIDENTS, LOG_ENTRIES)
