"""Analyze resources with the pack: `python analyze.py <policies> < request.json`, in the pack's environment.

The request has the configuration of the stack and of the pack, and resources as the engine sends them. Prints the policies, the
diagnostics and what does not apply. Uses the server class of pulumi-policy, because a `PolicyPack` serves for ever.
"""

import json
import sys
from pathlib import Path
from typing import Any

from google.protobuf import json_format


def main(folder: Path) -> None:
    """Answer the request on standard input."""
    sys.path[:0] = [str(folder), str(folder.parent)]
    from pack import PACK, ConfiguredServicer, policies
    from pulumi.runtime.proto import analyzer_pb2
    from pulumi_policy import EnforcementLevel

    request: dict[str, Any] = json.load(sys.stdin)
    servicer = ConfiguredServicer(PACK, "0.1.0", policies(), EnforcementLevel.ADVISORY)
    servicer.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(config=request["config"]), None)
    configuration = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, settings in request["policies"].items():
        level = settings.pop("enforcementLevel")
        configuration.policyConfig[name].enforcementLevel = analyzer_pb2.EnforcementLevel.Value(level)
        configuration.policyConfig[name].properties.update(settings)
    servicer.Configure(configuration, None)
    resources = [json_format.ParseDict(each, analyzer_pb2.AnalyzerResource()) for each in request["resources"]]
    response = servicer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), None)
    info = servicer.GetAnalyzerInfo(None, None)
    json.dump({"info": json_format.MessageToDict(info), "response": json_format.MessageToDict(response)}, sys.stdout)


main(Path(sys.argv[1]))
