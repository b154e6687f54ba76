"""Backups: schedule, retention, access rights, upload and drill.

The scripts run as in their containers, with fake commands in place of those that need a server.
"""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from automation.plan.inventory import Inventory
from providers.docker.base.containers import SCRIPTS_FOLDER, script
from tests.docker.plans import container, files, networks, settings, variables
from tests.planning import DROP, plan, production

SCRIPTS = sorted(path.stem for path in SCRIPTS_FOLDER.glob("*.sh"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_has_no_syntax_error(name: str) -> None:
    result = subprocess.run(["sh", "-n"], input=script(name), capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_stops_at_its_first_error_and_has_a_description(name: str) -> None:
    first, second, *_ = script(name).splitlines()
    assert first == "#!/bin/sh"
    assert second.startswith("# ")
    assert "set -eu" in script(name).splitlines()


def test_the_spec_sets_schedule_and_retention(prod: Inventory) -> None:
    assert variables(container(prod, "backup-dump"))["BACKUP_START"] == "0200"
    assert variables(container(prod, "backup-courier"))["BACKUP_DAYS"] == "7"


def test_each_of_the_three_containers_has_one_access_right(prod: Inventory) -> None:
    dump, courier, drill = (container(prod, f"backup-{name}") for name in ("dump", "courier", "drill"))
    assert "PGHOST" in variables(dump) and "AWS_ENDPOINT_URL" not in variables(dump)
    assert "AWS_ENDPOINT_URL" in variables(courier) and "PGHOST" not in variables(courier)
    assert (networks(drill), variables(drill)) == (set(), {})


def test_the_key_to_the_store_is_a_file(prod: Inventory) -> None:
    courier = container(prod, "backup-courier")
    assert (
        "aws_secret_access_key = <random:RandomPassword prod-identity-courier>.result"
        in files(prod, "backup-courier")["credentials"]
    )
    assert "RandomPassword" not in " ".join(variables(courier).values())


def test_the_host_exporter_reads_the_metrics_of_the_backups(prod: Inventory) -> None:
    exporter, courier = container(prod, "monitoring-host-exporter"), container(prod, "backup-courier")
    shared = [
        volume["volumeName"] for volume in settings(courier, "volumes") if volume.get("containerPath") == "/exchange"
    ]
    assert shared == [v["volumeName"] for v in settings(exporter, "volumes") if v.get("containerPath") == "/exchange"]


def test_a_platform_without_backups_has_no_backup_containers() -> None:
    inventory = plan(production({"profile": "development", "database.backup": {"retention_days": 0}}, cloud="docker"))
    assert not [found for found in inventory.custom if found.name.startswith("prod-backup")]


def test_backups_have_a_store_without_storage_in_the_spec() -> None:
    uses = {"services.gateway.uses": ["database", "cache"], "storage": DROP}
    inventory = plan(production(uses, cloud="docker"))
    assert container(inventory, "backup-server").inputs["entrypoints"] == ["weed"]


def fake_command(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def run_script(name: str, folder: Path, seconds: float = 3, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script with its folders replaced by `folder`; `sleep` ends it."""
    fake_command(folder, "sleep", "kill $PPID")
    text = script(name).replace("/exchange", str(folder)).replace("/etc/agent-platform", str(folder))
    (folder / "password").write_text("x", encoding="utf-8")
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", **variables}
    return subprocess.run(
        ["sh"], input=text, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )


def test_a_new_database_is_dumped_at_once(tmp_path: Path) -> None:
    fake_command(tmp_path, "pg_dump", 'for word; do case $word in --file=*) echo dump > "${word#--file=}";; esac; done')
    run_script("dump", tmp_path, BACKUP_START="0200")
    assert len(list(tmp_path.glob("out-*.dump"))) == 1
    assert (tmp_path / "dumped").is_file()


def test_a_database_is_dumped_once_a_day(tmp_path: Path) -> None:
    fake_command(tmp_path, "pg_dump", f"touch {tmp_path}/calls")
    fake_command(tmp_path, "date", "case $2 in +%H%M) echo 2359;; *) echo 2026-11-21;; esac")
    (tmp_path / "dumped").write_text("2026-11-21\n", encoding="utf-8")
    run_script("dump", tmp_path, BACKUP_START="0200")
    assert not (tmp_path / "calls").exists()


@pytest.mark.parametrize(("clock", "dumped"), [("0159", False), ("0200", True), ("0830", True)])
def test_the_next_dump_starts_at_the_hour_of_the_spec(tmp_path: Path, clock: str, dumped: bool) -> None:
    fake_command(tmp_path, "pg_dump", "true")
    fake_command(tmp_path, "date", f"case $2 in +%H%M) echo {clock};; *) echo 2026-11-22;; esac")
    (tmp_path / "dumped").write_text("2026-11-21\n", encoding="utf-8")
    run_script("dump", tmp_path, BACKUP_START="0200")
    assert ((tmp_path / "dumped").read_text(encoding="utf-8") == "2026-11-22\n") is dumped


def test_a_failed_dump_leaves_no_backup(tmp_path: Path) -> None:
    fake_command(tmp_path, "pg_dump", "exit 1")
    result = run_script("dump", tmp_path, BACKUP_START="0200")
    assert "the dump failed" in result.stderr
    dumps = [
        path.name for path in tmp_path.iterdir() if "dump" in path.name and not path.name.endswith((".sh", "pg_dump"))
    ]
    assert not dumps


def test_a_backup_is_successful_when_it_is_stored(tmp_path: Path) -> None:
    fake_command(tmp_path, "aws", "case $* in *s3api*) echo None;; esac")
    (tmp_path / "out-20261121T020000Z.dump").write_text("dump", encoding="utf-8")
    run_script("courier", tmp_path, BACKUP_DAYS="7")
    name, _, seconds = (tmp_path / "backup.prom").read_text(encoding="utf-8").partition(" ")
    assert (name, int(seconds) > 0) == ("backup_last_success_timestamp_seconds", True)
    assert not list(tmp_path.glob("out-*"))


def test_a_backup_that_cannot_be_stored_is_kept_and_not_successful(tmp_path: Path) -> None:
    fake_command(tmp_path, "aws", "exit 1")
    (tmp_path / "out-20261121T020000Z.dump").write_text("dump", encoding="utf-8")
    run_script("courier", tmp_path, BACKUP_DAYS="7")
    assert (tmp_path / "backup.prom").read_text(encoding="utf-8") == "backup_last_success_timestamp_seconds 0\n"
    assert list(tmp_path.glob("out-*"))


def test_old_backups_are_deleted_and_the_newest_is_kept(tmp_path: Path) -> None:
    record_call = f'echo "$*" >> {tmp_path}/calls'
    fake_command(
        tmp_path,
        "aws",
        f'{record_call}; case $* in *Key\\<*|*"Key<"*) echo old.dump; echo new.dump;; *s3api*) echo new.dump;; esac',
    )
    run_script("courier", tmp_path, BACKUP_DAYS="7")
    text = (tmp_path / "calls").read_text(encoding="utf-8")
    assert "s3 rm --only-show-errors s3://backups/old.dump" in text
    assert "s3 rm --only-show-errors s3://backups/new.dump" not in text


def test_the_newest_backup_is_downloaded_for_the_drill_once(tmp_path: Path) -> None:
    fake_command(
        tmp_path,
        "aws",
        f'echo "$*" >> {tmp_path}/calls; case $* in *s3api*) echo new.dump;; *in.part*) touch {tmp_path}/.in.part;; esac',
    )
    run_script("courier", tmp_path, BACKUP_DAYS="7")
    assert (tmp_path / "in.name").read_text(encoding="utf-8") == "new.dump\n"
    (tmp_path / "in.dump").unlink()
    (tmp_path / "verified").write_text("new.dump\n", encoding="utf-8")
    (tmp_path / "calls").unlink()
    run_script("courier", tmp_path, BACKUP_DAYS="7")
    assert ".in.part" not in (tmp_path / "calls").read_text(encoding="utf-8")


def drill_metrics(folder: Path, restore: str) -> str:
    for name in ("initdb", "pg_ctl", "createdb", "pg_dump"):
        fake_command(folder, name, "true")
    fake_command(folder, "pg_restore", restore)
    (folder / "in.dump").write_text("dump", encoding="utf-8")
    (folder / "in.name").write_text("new.dump\n", encoding="utf-8")
    run_script("drill", folder)
    return (folder / "drill.prom").read_text(encoding="utf-8")


def test_a_restored_backup_is_verified(tmp_path: Path) -> None:
    text = drill_metrics(tmp_path, "true")
    assert "backup_verification_failed 0\n" in text
    assert (tmp_path / "verified").read_text(encoding="utf-8") == "new.dump\n"


def test_a_backup_that_cannot_be_restored_is_reported_and_tried_again(tmp_path: Path) -> None:
    text = drill_metrics(tmp_path, "exit 1")
    assert text == "backup_verification_failed 1\nbackup_verified_timestamp_seconds 0\n"
    assert not (tmp_path / "verified").exists() and not (tmp_path / "in.dump").exists()
