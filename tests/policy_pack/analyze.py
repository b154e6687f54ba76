"""Analyze resources with the pack: `python analyze.py <policies> < request.json`, in the pack's environment.

The request has the configuration of the stack and of the pack, and resources as the engine sends them. Prints the policies, the
diagnostics and what does not apply. Uses the server class of pulumi-policy, because a `PolicyPack` serves without an end.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from google.protobuf import json_format


def main(folder: Path) -> None:
    """Answer the request on standard input."""
    sys.path[:0] = [str(folder), str(folder.parent)]
    from pulumi.runtime.proto import analyzer_pb2

    # both exist in the environment of the pack only
    pack, level = import_module("pack"), import_module("pulumi_policy").EnforcementLevel
    request: dict[str, Any] = json.load(sys.stdin)
    servicer = pack.ConfiguredServicer(pack.PACK, "0.1.0", pack.policies(), level.ADVISORY)
    servicer.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(config=request["config"]), None)
    configuration = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, settings in request["policies"].items():
        chosen = settings.pop("enforcementLevel")
        configuration.policyConfig[name].enforcementLevel = analyzer_pb2.EnforcementLevel.Value(chosen)
        configuration.policyConfig[name].properties.update(settings)
    servicer.Configure(configuration, None)
    resources = [json_format.ParseDict(each, analyzer_pb2.AnalyzerResource()) for each in request["resources"]]
    response = servicer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), None)
    info = servicer.GetAnalyzerInfo(None, None)
    json.dump({"info": json_format.MessageToDict(info), "response": json_format.MessageToDict(response)}, sys.stdout)


main(Path(sys.argv[1]))
