"""The tables that the Jenkins connector delivers.

A job is known by its full name (`folder/job/branch`), which is the only id that Jenkins has for it, a build
by job and number. Builds that the log rotator removed, and those of branches that are gone, have expired:
their rows stay.
"""

from __future__ import annotations

from ingestion.connector import Column, Table


def _text(name: str, description: str) -> Column:
    return Column(name, "text", description)


def _id(name: str, description: str) -> Column:
    return Column(name, "text", description, nullable=False)


_JOB = _id("job_name", "Full name of the job, jobs.name.")
_NUMBER = Column("build_number", "bigint", "Number of the build within its job.", nullable=False)

JOBS = Table(
    name="jobs",
    description="One row per job that has builds of its own; each branch of a multibranch project is one.",
    key=("name",),
    outlives_source=True,
    columns=(
        _id("name", "Full name, with folders and branch, slashes between."),
        _id("pipeline", "Full name without the branch where a multibranch project made the job."),
        _text("branch", "Branch or change request (PR-7) of such a job; null for others."),
        _id("type", "Jenkins' class of the job."),
        _text("deployed_service", "Service that its builds deploy, as the settings say."),
        _text("deployed_environment", "Environment that its builds deploy to; null if they deploy nothing."),
    ),
)

REPOSITORIES = Table(
    name="repositories",
    description="One row per git repository that builds checked out.",
    key=("id",),
    outlives_source=True,
    columns=(
        _id("id", "Host and path of its address, in lower case; the path alone where the settings name it."),
        _id("name", "Path of its address, as owner/name."),
    ),
)

BUILDS = Table(
    name="builds",
    description="One row per build of a job.",
    key=("job_name", "build_number"),
    outlives_source=True,
    columns=(
        _JOB,
        _NUMBER,
        _id("type", "Jenkins' class of the build."),
        _text("trigger", "Class of the first cause, for example UserIdCause or BranchEventCause."),
        _text("upstream_job_name", "Job whose build started this one."),
        Column("upstream_build_number", "bigint", "Number of that build."),
        Column("is_building", "bool", "Whether it still runs.", nullable=False),
        _text("result", "SUCCESS, UNSTABLE, FAILURE, ABORTED or NOT_BUILT; null while it runs."),
        Column("is_timed_out", "bool", "Whether a timeout of the pipeline interrupted it.", nullable=False),
        Column("started_at", "timestamp", "When an executor took it (Jenkins' timestamp).", nullable=False),
        Column("finished_at", "timestamp", "Start and duration; null while it runs."),
        Column("duration_milliseconds", "bigint", "How long it ran; null while it runs."),
        Column("queuing_milliseconds", "bigint", "Wait before it; null without the Metrics plugin."),
        _text("repository_id", "Repository that was built, repositories.id; null if not told."),
        _text("sha", "Commit that was built; null if not told."),
        _text("branch", "Branch that the commit was on, without the name of the remote."),
        Column("test_count", "bigint", "Tests in its report; null without one."),
        Column("failed_test_count", "bigint", "Tests that failed."),
        Column("skipped_test_count", "bigint", "Tests that were skipped."),
    ),
)

STAGES = Table(
    name="stages",
    description="One row per stage of a pipeline's build.",
    key=("job_name", "build_number", "stage_id"),
    complete_within=("job_name", "build_number"),
    outlives_source=True,
    columns=(
        _JOB,
        _NUMBER,
        _id("stage_id", "Number of its node in the pipeline's graph."),
        _id("name", "Name of the stage."),
        _text(
            "status", "SUCCESS, FAILED, UNSTABLE, ABORTED, NOT_EXECUTED, IN_PROGRESS or PAUSED_…; may lack."
        ),
        Column("started_at", "timestamp", "When it started; null if it did not."),
        Column("finished_at", "timestamp", "Start and duration; null while it runs or if it did not start."),
        Column("paused_milliseconds", "bigint", "How long it waited for somebody's input."),
    ),
)

TABLES = (JOBS, REPOSITORIES, BUILDS, STAGES)
