"""What stands between a stack and its state: processes of a killed engine, files that it broke, its lock.

A stack that somebody is still working on is left alone: an update that goes on without its lock ruins the state.
"""

import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import yaml

from automation import processes
from automation.deploy import Deployment, DeploymentFailed, Failure
from automation.deploy.locks import LockHolder
from automation.recover.messages import Log
from automation.recover.results import Topic
from automation.recover.state_files import StateFiles, folder_of, mend
from components.configuration import PROJECT
from providers.contract.spec.defaults import Raw


def unblock(deployment: Deployment, log: Log, *, take_lock: bool) -> None:
    """Make the state readable and free; raises DeploymentFailed."""
    files = state_files(deployment)
    holders = files.held() if files else _held_elsewhere(deployment)
    for held in holders:
        refuse_living(deployment.name, held, take_lock=take_lock)
    _end_left_over(deployment, log)
    if files is not None:
        _mend(deployment, files, log)
    _unlock(deployment, holders, log)


def state_files(deployment: Deployment) -> StateFiles | None:
    """The stack's files in a backend of files; None for any other."""
    with deployment.engine_errors():
        folder = folder_of(deployment.engine.workspace.backend_url())
    if folder is None:
        return None
    project = cast("Raw", yaml.safe_load((deployment.work_folder / "Pulumi.yaml").read_text(encoding="utf-8")))
    return StateFiles(folder, str(project["name"]), deployment.name)


def refuse_living(stack: str, held: LockHolder, *, take_lock: bool) -> None:
    """Raise DeploymentFailed for a lock whose holder works, or may work, on."""
    if held.host == socket.gethostname():
        if processes.is_engine(held.pid):
            sentence = f"{stack}: the update by {held} still runs on this machine, so there is nothing to recover yet"
            advice = f"wait until it ends, or press ctrl-C there (`kill -INT {held.pid}`)"
            raise DeploymentFailed(Failure.LOCKED, sentence, advice)
    elif not take_lock:
        sentence = f"{stack}: {held} holds the stack, and whether that still runs cannot be seen from this machine"
        advice = f"when it is over, run `agent-platform recover {stack} --take-lock`"
        raise DeploymentFailed(Failure.LOCKED, sentence, advice)


def damaged_elsewhere(deployment: Deployment, failure: DeploymentFailed) -> DeploymentFailed:
    """The failure of a damaged state that is not in files here: where its copies are."""
    url = deployment.engine.workspace.backend_url()
    if url.startswith("http"):
        advice = (
            f"take back an earlier version with `pulumi stack export --stack {deployment.name} --version N` and "
            "`pulumi stack import`, and run `recover` again"
        )
    else:
        path = f".pulumi/stacks/{PROJECT}/{deployment.name}.json"
        advice = (
            f"copy {path}.bak over {path} in {url}, or take an older one of .pulumi/backups, and run `recover` again"
        )
    return DeploymentFailed(failure.kind, failure.problem, advice, failure.log)


def _held_elsewhere(deployment: Deployment) -> tuple[LockHolder, ...]:
    held = deployment.lock_holder()
    return () if held is None else (held,)


def _end_left_over(deployment: Deployment, log: Log) -> None:
    for process in processes.orphans(processes.running(), lambda folder: works_for(deployment, folder)):
        subject = f"{process.program} (process {process.pid})"
        if log.dry_run:
            log.tell(Topic.PROCESS, subject, "outlived its engine: would be ended")
        elif processes.end(process):
            log.tell(Topic.PROCESS, subject, "had outlived its engine: ended")
        else:
            sentence = (
                f"{deployment.name}: {subject} outlived its engine, may still change the cloud, and cannot be ended"
            )
            raise DeploymentFailed(
                Failure.KILLED, sentence, "end it as the user who started it, and run `recover` again"
            )


def works_for(deployment: Deployment, folder: Path) -> bool:
    """True for the folder that the engine works in; a stack with a name of its own has a new one each time."""
    if not deployment.ephemeral:
        return folder == deployment.work_folder.resolve()
    made = Path(tempfile.gettempdir()).resolve()
    return folder.parent == made and folder.name.startswith(f"{PROJECT}-{deployment.name}-")


def _mend(deployment: Deployment, files: StateFiles, log: Log) -> None:
    for damage in tuple(files.damages()):
        if damage.hopeless:
            advice = (
                f"put a copy of {damage.path} from a backup of this machine in its place; without any, take the file away "
                f"and run `pulumi stack init {deployment.name}`, and `recover` takes over what it finds in the cloud"
            )
            raise DeploymentFailed(Failure.DAMAGED, f"{deployment.name}: {damage.path.name} {damage.told}", advice)
        if not log.dry_run:
            mend(damage, deployment.clock.now())
        log.tell(Topic.FILE, damage.path.name, f"{damage.told}{' (not done: --dry-run)' if log.dry_run else ''}")


def _unlock(deployment: Deployment, holders: Iterable[LockHolder], log: Log) -> None:
    for held in holders:
        if log.dry_run:
            log.tell(Topic.LOCK, str(held), "has left its lock: would be taken away")
            continue
        with deployment.engine_errors():
            deployment.engine.cancel()
        log.tell(Topic.LOCK, str(held), "had left its lock: taken away")
