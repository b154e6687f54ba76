"""Calls of the engine to a language host: plugins that a program needs, and one run of the program."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO, Any, Protocol

import grpc
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

PROGRAM = Path(__file__).parent / "program.py"
BAIL_EXIT_CODE = 32
"""Exit code of a program whose error has been printed; the engine prints nothing more about it."""
PLUGIN_FILE = "pulumi-plugin.json"
SDK_GENERATOR = "pulumi-python-sdk"
"""Program of `make engine` that writes the Python SDK of a package; the CLI asks the language host for it."""
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
        """Install nothing: the environment of the tests, which has the dependencies, becomes the one that a project file names."""
        virtualenv = MessageToDict(request.info.options).get("virtualenv")
        folder = Path(request.info.root_directory) / str(virtualenv)
        if virtualenv and not folder.exists():
            folder.symlink_to(sys.prefix)
        yield from ()

    def GeneratePackage(
        self, request: language_pb2.GeneratePackageRequest, context: Context
    ) -> language_pb2.GeneratePackageResponse:
        """Write the SDK of a package into a folder."""
        program = shutil.which(SDK_GENERATOR, path=self._variables.get("PATH"))
        if program is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no {SDK_GENERATOR} on PATH: run `make engine`")
        with TemporaryDirectory() as folder:
            schema = Path(folder) / "schema.json"
            schema.write_text(request.schema, encoding="utf-8")
            command = [str(program), str(schema), request.directory, request.loader_target]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            context.abort(grpc.StatusCode.UNKNOWN, done.stderr)
        return language_pb2.GeneratePackageResponse()

    def Link(self, request: language_pb2.LinkRequest, context: Context) -> language_pb2.LinkResponse:
        """Add the folders of SDKs to the requirements of a program, as the toolchain pip has them."""
        file = Path(request.info.program_directory) / "requirements.txt"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        lines += [each.path for each in request.packages if each.path not in lines]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return language_pb2.LinkResponse()

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
        process = subprocess.Popen(
            command, cwd=request.pwd, env=dict(self._variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        context.add_callback(process.kill)
        yield from _output_of(process)
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


def _output_of(process: "subprocess.Popen[bytes]") -> Iterator[language_pb2.RunPluginResponse]:
    """Yield the lines of both outputs of a process as they come."""
    lines: SimpleQueue[language_pb2.RunPluginResponse | None] = SimpleQueue()

    def read(stream: IO[bytes], *, error: bool) -> None:
        for line in stream:
            part = language_pb2.RunPluginResponse(stderr=line) if error else language_pb2.RunPluginResponse(stdout=line)
            lines.put(part)
        lines.put(None)

    assert process.stdout is not None and process.stderr is not None
    for stream in (process.stdout, process.stderr):
        Thread(target=read, args=(stream,), kwargs={"error": stream is process.stderr}, daemon=True).start()
    for _ in range(2):
        while (line := lines.get()) is not None:
            yield line


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
