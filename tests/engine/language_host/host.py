"""Calls of the engine to a language host: plugins that a program needs, and one run of the program."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Protocol

import grpc
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

PROGRAM = Path(__file__).parent / "program.py"
BAIL_EXIT_CODE = 32
"""Exit code of a program whose error has been printed; the engine prints nothing more about it."""
PLUGIN_FILE = "pulumi-plugin.json"
Context = grpc.ServicerContext


class RunningProgram(Protocol):
    """Process of a program."""

    def wait(self) -> int:
        """Wait for the end of the program and return its exit code."""
        ...

    def poll(self) -> int | None:
        """Return the exit code, or None while the program runs."""
        ...

    def send_signal(self, sig: int, /) -> None:
        """Send a signal to the program."""
        ...


StartProgram = Callable[[list[str], str | None, Mapping[str, str]], RunningProgram]
"""Start of a command in a folder with environment variables."""


def start_process(command: list[str], folder: str | None, variables: Mapping[str, str]) -> RunningProgram:
    """Start a program in a separate process."""
    return subprocess.Popen(command, cwd=folder, env=dict(variables))


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Language host of the engine at an address, to which programs send their messages."""

    def __init__(
        self, engine_address: str, variables: Mapping[str, str] = os.environ, start: StartProgram = start_process
    ) -> None:
        self._engine_address = engine_address
        self._variables = variables
        self._start = start
        self._program: RunningProgram | None = None

    def Handshake(self, request: Any, context: Context) -> language_pb2.LanguageHandshakeResponse:
        """Accept the engine, which may give its address only here."""
        self._engine_address = self._engine_address or request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Context) -> plugin_pb2.PluginInfo:
        """Return the version of this host."""
        return plugin_pb2.PluginInfo(version="0.0.0")

    def GetRequiredPackages(self, request: Any, context: Context) -> language_pb2.GetRequiredPackagesResponse:
        """Return the provider packages that are installed in this environment.

        Of a package none: the engine downloads what it installs one with, and the providers of the tests are on PATH.
        """
        is_package = (Path(request.info.program_directory) / "PulumiPlugin.yaml").is_file()
        return language_pb2.GetRequiredPackagesResponse(packages=[] if is_package else list(required_packages()))

    def Run(self, request: language_pb2.RunRequest, context: Context) -> language_pb2.RunResponse:
        """Run the program until it ends."""
        python = interpreter(request)
        if python is None:
            context.abort(grpc.StatusCode.UNKNOWN, f"no Python environment in {options_of(request).get('virtualenv')}")
        command = [str(python), str(PROGRAM), settings(request, self._engine_address), request.info.entry_point]
        variables = {**self._variables, **configuration(request)}
        start = self._start if str(python) == sys.executable else start_process
        self._program = start(command, request.pwd or None, variables)
        exit_code = self._program.wait()
        if exit_code == BAIL_EXIT_CODE:
            return language_pb2.RunResponse(bail=True)
        error = f"program exited with non-zero exit code: {exit_code}" if exit_code else ""
        return language_pb2.RunResponse(error=error)

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: Context
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install nothing: the environment of the tests has the dependencies."""
        yield from ()

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: Context
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack or a provider until the engine cancels the call, and send what it prints; the first line is its port."""
        python = interpreter(request)
        if python is None:
            context.abort(grpc.StatusCode.UNKNOWN, f"no Python environment in {options_of(request).get('virtualenv')}")
        folder = request.info.program_directory
        arguments = (
            ["-m", "pulumi.policy", *request.args, folder] if request.kind == "analyzer" else [folder, *request.args]
        )
        command = [str(python), "-u", *arguments]
        process = subprocess.Popen(command, cwd=request.pwd, env=dict(self._variables), stdout=subprocess.PIPE)
        context.add_callback(process.kill)
        assert process.stdout is not None
        for line in process.stdout:
            yield language_pb2.RunPluginResponse(stdout=line)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def Cancel(self, request: Any, context: Context) -> empty_pb2.Empty:
        """Interrupt the program."""
        self.interrupt_program()
        return empty_pb2.Empty()

    def interrupt_program(self) -> None:
        """Interrupt the program if it is running."""
        self._send(signal.SIGINT)

    def kill_program(self) -> None:
        """Kill the program if it is running."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self._program is not None and self._program.poll() is None:
            self._program.send_signal(number)


def required_packages() -> Iterator[plugin_pb2.PackageDependency]:
    """Yield name and version of every installed package with a provider plugin."""
    for distribution in distributions():
        plugin = _plugin_of(distribution)
        if plugin.get("resource"):
            version = str(plugin.get("version") or distribution.version)
            yield plugin_pb2.PackageDependency(name=str(plugin["name"]), kind="resource", version=f"v{version}")


def _plugin_of(distribution: Distribution) -> Mapping[str, object]:
    if not distribution.name.replace("_", "-").startswith("pulumi-"):
        return {}
    files = (file for file in distribution.files or () if file.name == PLUGIN_FILE)
    file = next(files, None)
    content: Mapping[str, object] = json.loads(file.read_text()) if file else {}
    return content


def options_of(request: language_pb2.RunRequest | language_pb2.RunPluginRequest) -> Mapping[str, object]:
    """Return the runtime options of the project file."""
    return MessageToDict(request.info.options)


def interpreter(request: language_pb2.RunRequest | language_pb2.RunPluginRequest) -> Path | None:
    """Return the interpreter of the environment that the project names; None where it does not exist."""
    virtualenv = options_of(request).get("virtualenv")
    if not virtualenv:
        return Path(sys.executable)
    python = Path(request.info.root_directory) / str(virtualenv) / "bin" / "python"
    return python if python.exists() else None


def settings(request: language_pb2.RunRequest, engine_address: str) -> str:
    """Return the arguments of `pulumi.runtime.Settings` as JSON."""
    return json.dumps(
        {
            "project": request.project,
            "stack": request.stack,
            "monitor": request.monitor_address,
            "engine": engine_address,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
        }
    )


def configuration(request: language_pb2.RunRequest) -> dict[str, str]:
    """Return the environment variables with the configuration of the stack."""
    return {
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }
