"""Recovery plan: every command can be run, every variable is explained, every failure has numbers, files are not stale."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from automation.plan.build import Plan, plan_of
from automation.plan.docs.recovery import RECOVERY_FILE, in_mode, recovery_text, stack_plans
from automation.plan.spec_keys import BASE
from automation.recovery.document import Grid, Heading, Paragraph, ShellLines, document
from automation.recovery.plan import RecoveryPlan, commands_of, recovery_plan, unset_variables
from automation.recovery.renderers import html_page, markdown, text
from automation.recovery.stale import difference
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, recovery
from providers.contract.capabilities import WARM_STANDBY
from providers.contract.recovery_plan import MODES, CloudCommand, Incident, Phase, Scenario, promises_of
from tests.automation.command_line import Run, parse_command, runner, write_stack_file
from tests.planning import ROOT, production

PROGRAMS = {"aws": "aws", "gcp": "gcloud", "azure": "az", "docker": "docker", "kubernetes": "kubectl"}
ANYWHERE = ("agent-platform", "pulumi", "curl", "cp")
PLACE = {"aws": "--region", "gcp": "--project=", "azure": "--subscription", "kubernetes": "--context"}
"""Option with which a command does not depend on the login's defaults."""
OF_NO_STACK = ("gcloud kms keys versions", "gcloud projects", "az account list")
"""ShellLines about a project or a key by its full name, which have no such option or need none."""
STANDBY = {"aws": "us-east-1", "gcp": "us-east1", "azure": "eastus", "docker": "", "kubernetes": ""}
ONE_REGION = ("docker", "kubernetes")
"""Targets without a second region."""
HOSTILE = "a`b|<script>x</script>*_[y](https://evil.example)@example.com"


@cache
def planned(cloud: str) -> Plan:
    """Plan of production on a cloud, recorded once."""
    return plan_of(stack_of("prod", {PLATFORM_KEY: production(cloud=cloud)}), ROOT)


def in_a_mode(plan: Plan, mode: str) -> RecoveryPlan:
    """Return the recovery plan in a mode, whatever the validation of the stack file accepts."""
    spec = in_mode(plan.stack.spec, mode)
    standby = spec.recovery.model_copy(update={"standby_region": STANDBY[spec.cloud]})
    return recovery_plan(replace(plan, stack=replace(plan.stack, spec=spec.model_copy(update={"recovery": standby}))))


def changed(cloud: str, **parts: object) -> RecoveryPlan:
    """Return the recovery plan of production with other parts of the spec, which is not validated again."""
    plan = planned(cloud)
    spec = plan.stack.spec.model_copy(update=parts)
    return recovery_plan(replace(plan, stack=replace(plan.stack, spec=spec)))


CASES = [
    (cloud, mode)
    for cloud in AVAILABLE
    for mode in MODES
    if mode == "none" or (cloud not in ONE_REGION and (mode == "backup" or cloud in WARM_STANDBY))
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(case))
def plan(request: pytest.FixtureRequest) -> RecoveryPlan:
    """Recovery plan of production on each cloud in each mode."""
    cloud, mode = request.param
    return in_a_mode(planned(cloud), mode)


def commands(of: RecoveryPlan) -> Iterator[CloudCommand]:
    return (command for scenario in of.scenarios for step in scenario.steps for command in commands_of(step))


def test_every_command_of_this_project_is_accepted_by_its_own_parser(plan: RecoveryPlan) -> None:
    own = [command.text for command in commands(plan) if command.arguments[0] == "agent-platform"]
    assert len(own) > 10
    for line in own:
        parse_command(line, plan.stack)


def test_every_other_command_is_one_of_the_stacks_cloud_and_names_its_place(plan: RecoveryPlan) -> None:
    program = PROGRAMS[plan.cloud]
    for command in commands(plan):
        assert command.arguments[0] in (program, *ANYWHERE), command.text
        assert all(command.arguments), command.text
        if command.arguments[0] == program and not command.text.removeprefix(f"{command.sets}=$(").startswith(
            OF_NO_STACK
        ):
            assert any(each.startswith(PLACE.get(plan.cloud, "")) for each in command.arguments), command.text


def test_every_variable_is_set_by_a_command_or_explained(plan: RecoveryPlan) -> None:
    explained = {variable.name for variable in plan.variables}
    needed = {name for scenario in plan.scenarios for name in unset_variables(scenario)}
    assert needed == explained
    assert all(variable.meaning and variable.example for variable in plan.variables)


def test_every_scenario_has_all_that_a_reader_needs(plan: RecoveryPlan) -> None:
    assert [scenario.failure for scenario in plan.scenarios] == [
        failure for failure in Incident if failure in {scenario.failure for scenario in plan.scenarios}
    ]
    for scenario in plan.scenarios:
        assert scenario.promise.by_itself and scenario.promise.assumption, scenario.failure
        assert scenario.phases[Phase.RECOVER], scenario.failure
        assert scenario.phases[Phase.VERIFY], scenario.failure
        for step in scenario.steps:
            assert step.text.endswith((".", ":", "GitHub")), step.text


def test_a_plan_covers_every_failure_that_the_stack_can_have(plan: RecoveryPlan) -> None:
    spec = planned(plan.cloud).stack.spec
    promised = set(promises_of(recovery(plan.cloud).promises, in_mode(spec, plan.mode)))
    assert {scenario.failure for scenario in plan.scenarios} == promised


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_cloud_covers_the_failures_of_the_service_that_it_is(cloud: str) -> None:
    shown = {scenario.failure for scenario in in_a_mode(planned(cloud), "none").scenarios}
    assert shown == set(Incident) - {Incident.HOST}


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_only_the_loss_of_a_region_depends_on_the_mode(cloud: str) -> None:
    by_mode = [in_a_mode(planned(cloud), mode) for mode in ("none", "backup")]
    without, copied = ({each.failure: each.promise for each in one.scenarios} for one in by_mode)
    assert {failure for failure in without if without[failure] != copied[failure]} == {Incident.REGION}
    assert without[Incident.REGION].rpo.minutes is None
    assert copied[Incident.REGION].rpo.minutes is not None
    commands_of_region = "\n".join(
        command.text for step in by_mode[1].scenario(Incident.REGION).steps for command in commands_of(step)
    )
    assert STANDBY[cloud] in commands_of_region or "$NEW_STACK" in commands_of_region


def test_the_recovery_point_with_copies_is_that_of_the_vendor() -> None:
    promises = {
        cloud: in_a_mode(planned(cloud), "backup").scenario(Incident.REGION).promise
        for cloud in STANDBY
        if cloud not in ONE_REGION
    }
    assert {cloud: promise.rpo.minutes for cloud, promise in promises.items()} == {"aws": 30, "gcp": 1560, "azure": 60}


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_copies_cost_something_and_an_unknown_price_is_named(cloud: str) -> None:
    assert in_a_mode(planned(cloud), "none").usd_per_month is None
    copied = in_a_mode(planned(cloud), "backup")
    assert copied.usd_per_month is not None
    assert copied.usd_per_month > 1
    assert "transfer between the regions" in copied.unknown_costs


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_stack_without_data_has_a_plan_for_what_it_has(cloud: str) -> None:
    raw = with_values(BASE, {"cloud": cloud, "profile": "development"})
    found = recovery_plan(plan_of(stack_of("trial", {PLATFORM_KEY: raw}), ROOT))
    failures = {scenario.failure for scenario in found.scenarios}
    assert not failures & {
        Incident.DATABASE,
        Incident.ROWS,
        Incident.BY_HAND,
        Incident.BUCKET,
        Incident.CACHE,
        Incident.SECRET,
    }
    assert {Incident.SERVICE, Incident.STATE, Incident.SECRETS_KEY} <= failures
    needed = {name for scenario in found.scenarios for name in unset_variables(scenario)}
    assert needed == {variable.name for variable in found.variables}


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_without_backups_nothing_is_promised_and_no_restore_is_shown(cloud: str) -> None:
    database = planned(cloud).stack.spec.database
    assert database is not None
    kept_none = database.model_copy(update={"backup": database.backup.model_copy(update={"retention_days": 0})})
    found = changed(cloud, database=kept_none)
    for failure in (Incident.DATABASE, Incident.ROWS):
        scenario = found.scenario(failure)
        assert scenario.promise.rpo.minutes is None
        assert "restore" not in " ".join(command.text for step in scenario.steps for command in commands_of(step))
    (step,) = found.scenario(Incident.ROWS).phases[Phase.RECOVER]
    assert step.text.startswith("Nothing restores the rows.")


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_database_in_one_zone_is_restored_after_the_loss_of_the_zone(cloud: str) -> None:
    database = planned(cloud).stack.spec.database
    assert database is not None
    zone = changed(cloud, database=database.model_copy(update={"high_availability": False})).scenario(Incident.ZONE)
    assert (zone.promise.rpo.minutes, zone.promise.rto.minutes) == (5, 60)
    text_of = " ".join(command.text for step in zone.steps for command in commands_of(step))
    assert "restore" in text_of or "clone" in text_of
    assert "failover" not in text_of


@pytest.mark.parametrize("minutes", [30, None])
def test_a_plan_names_the_failover_of_a_schedule_or_what_allows_one(minutes: int | None) -> None:
    spec = in_mode(planned("aws").stack.spec, "warm")
    settings = spec.recovery.model_copy(update={"standby_region": "us-east-1", "failover_timeout_minutes": minutes})
    (region,) = [each for each in changed("aws", recovery=settings).scenarios if each.failure is Incident.REGION]
    first = region.phases[Phase.RECOVER][0]
    assert first.own == (("failover", "prod", "--when-unreachable", "--yes") if minutes else ())
    assert ("within 30 min" if minutes else "set `recovery.failover_timeout_minutes`") in first.text


def test_the_names_of_a_plan_are_those_of_the_stack() -> None:
    text_of = "\n".join(command.text for command in commands(in_a_mode(planned("aws"), "none")))
    assert "--db-instance-identifier prod-database " in text_of
    assert "--cluster prod-agents " in text_of
    assert "agent-platform/prod/chat" in text_of
    text_of = "\n".join(command.text for command in commands(in_a_mode(planned("azure"), "none")))
    assert "--resource-group prod-agents-westus3 " in text_of
    assert "prod-database-ec276e" in text_of


ARGUMENTS = (
    "a b", "it's", "x[?!IsLatest]", "[?a=='b' && !c]", "$NAME-1", "say \"$NAME\" `id` \\ $(id) 'q' $5", "it's `id` $(id)", "%{http_code}",
)  # fmt: skip


def test_a_command_is_quoted_for_a_shell_and_its_variables_are_expanded() -> None:
    command = CloudCommand(("printf", "%s\\n", *ARGUMENTS), sets="FOUND")
    script = f'NAME=v; {command.text}; echo "$FOUND"'
    # the text is made of the constants above
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout.splitlines() == [argument.replace("$NAME", "v") for argument in ARGUMENTS]
    assert command.reads == ("NAME",)


def test_alarms_reach_the_channels_of_the_stack(plan: RecoveryPlan) -> None:
    assert plan.contacts == ("oncall@example.com", "Slack channel C0000000 of the workspace T0000000")


class Tags(HTMLParser):
    """Tags of a page, balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_is_complete_and_refers_to_no_other_file(plan: RecoveryPlan) -> None:
    tags = Tags()
    tags.feed(html_page(tuple(document(plan))))
    assert not tags.open
    assert {"h1", "h2", "h3", "p", "table", "pre", "style"} <= tags.names
    assert not tags.names & {"script", "link", "img", "iframe"}
    assert tags.attributes == {"charset", "content", "http-equiv", "lang", "name", "scope"}


def test_what_a_user_writes_is_escaped_in_every_form(plan: RecoveryPlan) -> None:
    hostile = replace(plan, contacts=(HOSTILE,), url=f"https://{HOSTILE}")
    blocks = tuple(document(hostile))
    page = html_page(blocks)
    assert "<script>" not in page
    table = next(line for line in markdown(blocks).splitlines() if line.startswith("| Notified"))
    assert table.count("`") == 2
    assert table.replace("\\|", "").count("|") == 3


def test_text_for_a_terminal_has_no_control_characters() -> None:
    shown = text(
        [Heading(1, "a\x1b[31mb"), Paragraph("c\x07"), Grid(("x", "y"), (("d\x1b", "e"),)), ShellLines(("ls",))]
    )
    assert not [character for character in shown if not character.isprintable() and character != "\n"]


def test_the_same_stack_has_the_same_document(plan: RecoveryPlan) -> None:
    assert markdown(document(plan)) == markdown(document(plan))


@pytest.mark.parametrize(("file", "expected"), list(stack_plans(ROOT)), ids=lambda value: getattr(value, "name", ""))
def test_the_plans_of_the_shipped_stacks_are_up_to_date(file: Path, expected: str) -> None:
    assert file.read_text(encoding="utf-8") == expected, f"{file.name} is stale: run `make docs`"


def test_the_tables_of_the_guide_are_up_to_date() -> None:
    assert (ROOT / RECOVERY_FILE).read_text(encoding="utf-8") == recovery_text(ROOT), "run `make docs`"


def test_the_guide_has_every_row_of_every_cloud() -> None:
    text_of = recovery_text(ROOT)
    rows = sum(line.startswith("| ") and line.count(" | ") == 7 for line in text_of.splitlines())
    # a head and a rule for each cloud
    assert rows == sum(len(recovery(cloud).promises) for cloud in AVAILABLE) + 2 * len(AVAILABLE)


@pytest.mark.parametrize(
    ("found", "expected", "line"),
    [
        ("a\nb\n", "a\nb\n", ""),
        ("a\nb\n", "a\nc\n", 'line 2 is "b", and the plan has "c"'),
        ("a\n", "a\nb\n", 'line 2 is missing, and the plan has "b"'),
        ("a\nb\n", "a\n", 'line 2 is "b", and the plan has missing'),
        ("a", "a\n", "the end of the file differs"),
    ],
)
def test_the_first_difference_is_one_line(found: str, expected: str, line: str) -> None:
    assert difference(found, expected) == line


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    write_stack_file(tmp_path, "trial", with_values(BASE, {"database": {}}))
    return runner(capsys)


def test_a_written_plan_is_stale_after_a_change_of_the_stack(run: Run, tmp_path: Path) -> None:
    name = "plan.md"
    assert run("recovery", "plan", "trial", "-o", name).code == 0
    assert run("recovery", "plan", "trial", "--check", name).code == 0
    write_stack_file(tmp_path, "trial", with_values(BASE, {"database": {}, "cache": {}}))
    stale = run("recovery", "plan", "trial", "--check", name)
    assert stale.code == 3
    (line,) = stale.errors
    assert line.startswith(f"{name} is stale: line ")
    assert line.endswith(f"Run `agent-platform recovery plan trial -o {name}`.")


def test_a_plan_is_printed_in_the_form_of_its_option(run: Run) -> None:
    assert run("recovery", "plan", "trial").out.startswith("RECOVERY PLAN OF TRIAL")
    assert run("recovery", "plan", "trial", "-o", "plan.md").code == 0
    assert Path("plan.md").read_text(encoding="utf-8").startswith("# Recovery plan of trial")
    assert run("recovery", "plan", "trial", "--html").out.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("--markdown", "--html"),
            "--html: not possible with --markdown. Leave one out; the suffix of a file selects its form.",
        ),
        (
            ("--check", "no.md"),
            "--check: cannot read no.md: No such file or directory. Write it with `agent-platform recovery plan STACK -o FILE`.",
        ),
        (
            ("-o", "no/plan.md"),
            "--output: cannot write no/plan.md: No such file or directory. Use a file in a folder that exists.",
        ),
        (
            ("-o", "a.md", "--check", "b.md"),
            "--check: not possible with --output. Leave one out; the suffix of a file selects its form.",
        ),
    ],
)
def test_a_wrong_option_is_refused_in_one_sentence(run: Run, arguments: tuple[str, ...], error: str) -> None:
    refused = run("recovery", "plan", "trial", *arguments)
    assert (refused.code, refused.errors) == (2, [error])


def test_a_scenario_is_found_by_its_failure(plan: RecoveryPlan) -> None:
    found: Scenario = plan.scenario(plan.scenarios[0].failure)
    assert found is plan.scenarios[0]
