"""Processes of a killed engine, damaged state files and stale locks, which block a stack.

A stack that another update still works on is not changed: an update without its lock corrupts the state.
"""

import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path

from automation import processes
from automation.deploy import Deployment, DeploymentFailed, Failure
from automation.deploy.state import LockHolder
from automation.recover.state_files import StateFiles, backend_folder, repair
from automation.recover.steps import StepLog, Topic
from automation.stack.yaml_reader import read_mapping
from components.configuration import PROJECT


def remove_blockers(deployment: Deployment, log: StepLog, *, take_lock: bool) -> None:
    """Make the state readable and unlocked; raises DeploymentFailed."""
    files = state_files(deployment)
    holders = files.lock_holders() if files else _backend_lock_holders(deployment)
    for holder in holders:
        refuse_running_update(deployment.name, holder, take_lock=take_lock)
    _end_orphan_processes(deployment, log)
    if files is not None:
        _repair(deployment, files, log)
    _unlock(deployment, holders, log)


def state_files(deployment: Deployment) -> StateFiles | None:
    """Return the files of the stack in a file backend; None for any other backend."""
    with deployment.engine_errors():
        folder = backend_folder(deployment.engine.workspace.backend_url())
    if folder is None:
        return None
    project = read_mapping(deployment.work_folder / "Pulumi.yaml")
    return StateFiles(folder, str(project["name"]), deployment.name)


def refuse_running_update(stack: str, holder: LockHolder, *, take_lock: bool) -> None:
    """Raise DeploymentFailed when the holder of a lock still runs, or may still run."""
    if holder.host == socket.gethostname():
        if processes.is_engine(holder.pid):
            problem = f"the update by {holder} still runs on this machine"
            fix = f"wait until it ends, or interrupt it with `kill -INT {holder.pid}`"
            raise DeploymentFailed(Failure.LOCKED, problem, fix, stack=stack)
    elif not take_lock:
        problem = f"locked by {holder}, and it cannot be determined from this machine whether that update still runs"
        fix = f"when it has ended, run `agent-platform recover {stack} --take-lock`"
        raise DeploymentFailed(Failure.LOCKED, problem, fix, stack=stack)


def unrepairable_state(deployment: Deployment, failure: DeploymentFailed) -> DeploymentFailed:
    """Return the failure of a damaged state in a remote backend, with the location of its backups."""
    url = deployment.engine.workspace.backend_url()
    if url.startswith("http"):
        fix = (
            f"restore an earlier version with `pulumi stack export --stack {deployment.name} --version N` and "
            "`pulumi stack import`, and run `recover` again"
        )
    else:
        path = f".pulumi/stacks/{PROJECT}/{deployment.name}.json"
        fix = f"in {url}, copy {path}.bak or a file of .pulumi/backups over {path}, and run `recover` again"
    return failure.with_fix(fix)


def _backend_lock_holders(deployment: Deployment) -> tuple[LockHolder, ...]:
    holder = deployment.lock_holder()
    return () if holder is None else (holder,)


def _end_orphan_processes(deployment: Deployment, log: StepLog) -> None:
    for process in processes.orphans(processes.running(), lambda folder: is_work_folder(deployment, folder)):
        subject = f"{process.program} (process {process.pid})"
        if log.dry_run:
            log.add(Topic.PROCESS, subject, "runs without its engine; would be ended")
        elif processes.end(process):
            log.add(Topic.PROCESS, subject, "ran without its engine; ended")
        else:
            problem = f"{subject} runs without its engine, may still change the cloud, and cannot be ended"
            fix = "end it as the user who started it, and run `recover` again"
            raise DeploymentFailed(Failure.KILLED, problem, fix, stack=deployment.name)


def is_work_folder(deployment: Deployment, folder: Path) -> bool:
    """True for a folder in which the engine works on this stack; a temporary one has another name each time."""
    if deployment.work_folder == deployment.folder:
        return folder == deployment.folder.resolve()
    temporary = Path(tempfile.gettempdir()).resolve()
    return folder.parent == temporary and folder.name.startswith(f"{PROJECT}-{deployment.name}-")


def _repair(deployment: Deployment, files: StateFiles, log: StepLog) -> None:
    for damage in tuple(files.damages()):
        if not damage.repair:
            fix = (
                f"restore {damage.path} from a backup of this machine; without a backup, remove the file and run "
                f"`pulumi stack init {deployment.name}`, after which `recover` imports what exists in the cloud"
            )
            problem = f"{damage.path.name} is {damage.problem}"
            raise DeploymentFailed(Failure.DAMAGED, problem, fix, stack=deployment.name)
        if not log.dry_run:
            repair(damage, deployment.clock.now())
        log.add(Topic.FILE, damage.path.name, f"{damage.problem}; {'would be ' if log.dry_run else ''}{damage.repair}")


def _unlock(deployment: Deployment, holders: Iterable[LockHolder], log: StepLog) -> None:
    for holder in holders:
        if log.dry_run:
            log.add(Topic.LOCK, str(holder), "stale; would be released")
            continue
        with deployment.engine_errors():
            deployment.engine.cancel()
        log.add(Topic.LOCK, str(holder), "stale; released")
