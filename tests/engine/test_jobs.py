"""Jobs with the real engine on each cloud: created, changed in place, and removed."""

import json
from collections.abc import Mapping

from tests.engine.project import EngineProject, small_platform
from tests.planning import JOBS

SCHEDULES: Mapping[str, tuple[str, str, str]] = {
    "aws": ("aws:scheduler/schedule:Schedule", "cron(0 3 * * ? *)", "cron(30 4 ? * SUN *)"),
    "gcp": ("gcp:cloudscheduler/job:Job", "0 3 * * *", "30 4 * * 0"),
    "azure": ("azure-native:app:Job", "0 3 * * *", "30 4 * * 0"),
}
"""Resource with the schedule of a job, and the schedule before and after the change."""
CHANGED = {"jobs": {"nightly": {**JOBS["nightly"], "schedule": "30 4 * * SUN"}}}


def schedules(project: EngineProject, cloud: str) -> list[str]:
    token, *_ = SCHEDULES[cloud]
    return [json.dumps(json.loads(item.inputs)) for item in project.cloud.objects() if item.token == token]


def test_a_job_is_created_changes_its_schedule_in_place_and_is_removed(small_copy: EngineProject, cloud: str) -> None:
    project = small_copy
    without = {(item.token, item.name) for item in project.cloud.objects()}

    project.write(small_platform(cloud, jobs=JOBS))
    project.up()
    token, before, after = SCHEDULES[cloud]
    (first,) = schedules(project, cloud)
    assert json.dumps(before) in first
    assert "unchanged" in project.up("--expect-no-changes")

    created, deleted = len(project.cloud.calls("create")), len(project.cloud.calls("delete"))
    project.write(small_platform(cloud, **CHANGED))
    project.up()
    (second,) = schedules(project, cloud)
    assert json.dumps(after) in second and (token, before) != (token, after)
    assert len(project.cloud.calls("create")) == created
    # the alarm on a missing success goes where the cloud cannot look back a week
    gone = [name for _, name in project.cloud.calls("delete")[deleted:]]
    assert all(name.endswith("nightly-job-missed") for name in gone)

    project.write(small_platform(cloud))
    project.up()
    assert {(item.token, item.name) for item in project.cloud.objects()} == without
    assert schedules(project, cloud) == []
