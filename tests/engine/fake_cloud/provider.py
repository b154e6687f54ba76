"""Fake provider of one package, which works on the objects of `FakeCloud`.

The outputs of an object are its inputs and every other output that the SDK's annotations declare. The setting `outputs`
of the cloud is `real` for values in the format of the cloud, or `symbolic` for the placeholders of the plan without an
engine and no generated names, so that both can be compared exactly.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import replace

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from automation.plan.chain import minutes_of
from automation.plan.inventory import Declared, Value
from automation.plan.placeholders import echo, fill_outputs, placeholder
from automation.plan.sdk_internals import decode, encode
from automation.urn import Urn
from tests.engine.fake_cloud import functions, ids, search
from tests.engine.fake_cloud.cloud import ANSWER, FakeCloud, FakeObject
from tests.engine.fake_cloud.property_checks import property_errors
from tests.engine.fake_cloud.replacements import refused_update, replaced_properties
from tests.engine.fake_cloud.revisions import after_create, after_update
from tests.engine.fake_cloud.sdk_schema import package_schema, sdk_version, shape_of

VAULT_KEY = "vaultName"
"""Input of a stored secret, whose name must be unique in its vault only."""
Diff = provider_pb2.DiffResponse
Kind = provider_pb2.PropertyDiff


REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
"""Region of AWS."""
FAULT_SECONDS = 300.0
"""Longest time of a call that hangs: no test waits longer, so one that does has lost its fault to another call."""
LOST_SECONDS = 20.0
"""Time for which the provider of a region that does not answer is configured, until it fails."""


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Provider of one package, with its configuration as its only state."""

    def __init__(self, package: str, cloud: FakeCloud) -> None:
        self.package = package
        self.cloud = cloud
        self.config: dict[str, Value] = {}
        self.cancelled = threading.Event()
        self.ended = threading.Event()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Return the version of the installed SDK."""
        return plugin_pb2.PluginInfo(version=sdk_version(self.package))

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """Return the schema of the types that programs in YAML declare."""
        return provider_pb2.GetSchemaResponse(schema=package_schema(self.package))

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Accept every configuration."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Replace nothing when the configuration changes."""
        same = decode(request.olds) == decode(request.news)
        return Diff(changes=Diff.DIFF_NONE if same else Diff.DIFF_SOME)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Store the settings; reject an account that the program does not allow."""
        self.config = functions.plain_config(decode(request.args))
        region = self.config.get("region")
        if region is not None and region == self.cloud.setting("lost_region"):
            self.cloud.record_call("Configure", "lost region", str(region))
            self.ended.wait(LOST_SECONDS)
            context.abort(grpc.StatusCode.UNAVAILABLE, f"{region} does not answer")
        allowed, account = self.config.get("allowedAccountIds"), functions.account_of(self.cloud, self.config)
        if isinstance(allowed, list) and account not in allowed:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"AWS account ID not allowed: {account}")
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False)

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Validate all properties and generate a name when none is set."""
        token, name = token_of(request.urn), name_of(request.urn)
        failures = [
            provider_pb2.CheckFailure(property=key, reason=why) for key, why in property_errors(token, request.news)
        ]
        symbolic = self.cloud.setting("outputs") == "symbolic"
        inputs = request.news if symbolic else ids.with_name(token, name, request.news, request.olds)
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Compare the inputs property by property."""
        token = token_of(request.urn)
        old, new = decode(request.old_inputs), decode(request.news)
        changed = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
        changed = [key for key in changed if key not in request.ignoreChanges]
        forcing = [key for key in replaced_properties(token, old, new) if key in changed]
        fault = self._begin(context, "diff", token, name_of(request.urn), struct_pb2.Struct(), immediate=True)
        refusal = refused_update(token, old, new)
        if refusal:
            context.abort(grpc.StatusCode.UNKNOWN, refusal)
        if fault == "replace":
            changed = forcing = sorted(new)[:1]
        name = ids.name_key(token)
        return Diff(
            changes=Diff.DIFF_SOME if changed else Diff.DIFF_NONE,
            diffs=changed,
            replaces=forcing,
            # a name that the program sets is unique, so the old object is deleted first
            deleteBeforeReplace=bool(forcing) and name is not None and name in new and old.get(name) == new.get(name)
            and not _is_generated(old.get(name), name_of(request.urn)),
            detailedDiff={key: Kind(kind=_kind(key, old, new, key in forcing), inputDiff=True) for key in changed},
            hasDetailedDiff=True,
        )  # fmt: skip

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Create an object in its typical time; in a preview, return its known outputs."""
        token, name = token_of(request.urn), name_of(request.urn)
        if request.preview:
            return provider_pb2.CreateResponse(properties=self._unknown(token, name, request.properties))
        self.cloud.record_call("create", token, name)
        fault = self._begin(context, "create", token, name, request.properties)
        made = self._make(context, token, name, request.properties)
        if fault == "drop":
            self.cloud.record_call("lost", token, name)
            context.abort(grpc.StatusCode.UNAVAILABLE, "error reading from server: connection reset by peer")
        return provider_pb2.CreateResponse(id=made.id, properties=ids.as_struct(made.outputs))

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """Return the object; empty when it does not exist."""
        token, name = token_of(request.urn), name_of(request.urn)
        self._begin(context, "read", token, name, struct_pb2.Struct(), immediate=True)
        identity, region = self._located(request)
        found = self.cloud.find(self._stored(token), identity)
        if found is None or (region and found.input("region") not in (None, region)):
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.id, inputs=ids.as_struct(found.inputs), properties=ids.as_struct(found.outputs)
        )

    def _located(self, request: provider_pb2.ReadRequest) -> tuple[str, str]:
        """Return the ID of an object and the region that is asked for it; empty for other clouds than AWS.

        An import ID ends with the region of an object that is not in that of the provider.
        """
        if self.package != "aws":
            return request.id, ""
        identity, _, region = request.id.rpartition("@")
        if identity and REGION.fullmatch(region):
            return identity, region
        known = request.properties.fields["region"].string_value if "region" in request.properties.fields else ""
        return request.id, known or str(self.config.get("region") or "")

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Update an object in place and keep its computed outputs."""
        token, name = token_of(request.urn), name_of(request.urn)
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.olds)
        for gone in [key for key in request.old_inputs.fields if key not in request.news.fields]:
            outputs.fields.pop(gone, None)
        for key, value in request.news.fields.items():
            outputs.fields[key].CopyFrom(value)
        outputs = echo(outputs, shape_of(token).resource, placeholder(token, name), unknown=request.preview)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=outputs)
        self.cloud.record_call("update", token, name)
        fault = self._begin(context, "update", token, name, request.news)
        outputs = after_update(token, outputs, request.olds, rolled_back=fault == "rollback")
        text, output_text = ids.as_text(request.news), ids.as_text(outputs)
        self.cloud.put(FakeObject(self._stored(token), request.id, name, text, output_text))
        if fault == "drop":
            context.abort(grpc.StatusCode.UNAVAILABLE, "error reading from server: connection reset by peer")
        return provider_pb2.UpdateResponse(properties=outputs)

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Delete an object."""
        token, name = token_of(request.urn), name_of(request.urn)
        self.cloud.record_call("delete", token, name)
        self._begin(context, "delete", token, name, struct_pb2.Struct(), immediate=True)
        self.cloud.remove(self._stored(token), request.id)
        return empty_pb2.Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """Call a function."""
        response = provider_pb2.InvokeResponse()
        found = functions.answer(self.cloud, request.tok, decode(request.args), self.config)
        getattr(response, "return").CopyFrom(encode(found))
        return response

    def end(self) -> None:
        """End every running call."""
        self.ended.set()
        self.cancelled.set()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Cancel every running call."""
        self.cancelled.set()
        return empty_pb2.Empty()

    def _begin(
        self,
        context: grpc.ServicerContext,
        verb: str,
        token: str,
        name: str,
        inputs: struct_pb2.Struct,
        immediate: bool = False,
    ) -> str:
        """Apply a planned fault or wait for the typical time; return a fault that takes effect at the end of the call.

        A provider of Azure is configured without a call, and compares without one; its location answers every other request.
        An object in another region than that of its provider is created and updated there.
        """
        own = decode(inputs)
        location = self.config.get("location") or own.get("region") or own.get("location")
        if location is not None and verb != "diff" and location == self.cloud.setting("lost_region"):
            self.cloud.record_call("request", "lost region", str(location))
            self.ended.wait(LOST_SECONDS)
            context.abort(grpc.StatusCode.UNAVAILABLE, f"{location} does not answer")
        fault = self.cloud.take_fault(verb, token, name)
        if fault and verb in ("diff", "read"):
            self.cloud.record_call(verb, token, name)
        if fault == "fail":
            context.abort(grpc.StatusCode.UNKNOWN, f"{verb} failed: the quota of this account is used up")
        if fault.startswith(ANSWER):
            context.abort(grpc.StatusCode.UNKNOWN, fault.removeprefix(ANSWER))
        if fault == "offline":
            context.abort(grpc.StatusCode.UNKNOWN, "dial tcp: lookup api.example: no such host")
        if fault in ("stuck", "hang"):
            is_ended = (self.ended if fault == "stuck" else self.cancelled).wait(FAULT_SECONDS)
            why = "was cancelled" if is_ended else f"was not cancelled within {FAULT_SECONDS:g} seconds"
            context.abort(grpc.StatusCode.CANCELLED, f"{verb} {why}")
        seconds = 0.0
        if not immediate and not token.startswith("random:"):
            minutes = minutes_of(Declared(Urn(""), token, name, "", "", True, decode(inputs)))
            seconds = minutes * float(str(self.cloud.setting("seconds_a_minute", 0)))
        if seconds and self.cancelled.wait(seconds):
            context.abort(grpc.StatusCode.CANCELLED, f"{verb} was cancelled")
        return fault

    def _unknown(self, token: str, name: str, inputs: struct_pb2.Struct) -> struct_pb2.Struct:
        shape = shape_of(token)
        known = echo(inputs, shape.resource, placeholder(token, name), unknown=True)
        for key in shape.outputs:
            if key not in known.fields and key not in ("id", "urn"):
                known.fields[key].string_value = rpc.UNKNOWN
        return known

    def _make(self, context: grpc.ServicerContext, token: str, name: str, inputs: struct_pb2.Struct) -> FakeObject:
        subject = placeholder(token, name)
        outputs = fill_outputs(inputs, shape_of(token).resource, subject)
        if self.cloud.setting("outputs") == "symbolic":
            return self._keep(FakeObject(token, f"{subject}.id", name, ids.as_text(inputs), ids.as_text(outputs)))
        self._refuse_taken_name(context, token, inputs)
        made = ids.new_id(token, name, inputs, self.config)
        if token.startswith("random:"):
            outputs.MergeFrom(ids.random_outputs(token, decode(inputs)))
        outputs = after_create(token, ids.with_realistic_values(outputs, subject, made))
        outputs.MergeFrom(search.search_outputs(token, made, inputs, self.config))
        return self._keep(FakeObject(token, made, name, ids.as_text(inputs), ids.as_text(outputs)))

    def _keep(self, item: FakeObject) -> FakeObject:
        self.cloud.put(replace(item, token=self._stored(item.token)))
        return item

    def _stored(self, token: str) -> str:
        """Type under which an object is stored: in the second region of a cloud, names of the first one may be taken again."""
        region = self.config.get("region") or self.config.get("location")
        return f"{token}@{region}" if region and region == self.cloud.setting("second_region") else token

    def _refuse_taken_name(self, context: grpc.ServicerContext, token: str, inputs: struct_pb2.Struct) -> None:
        key = ids.name_key(token)
        if key is None or key not in inputs.fields or not ids.taggable(token):
            return
        name, place = inputs.fields[key].string_value, ids.place_key(token) or VAULT_KEY
        parent = inputs.fields[place].string_value if place in inputs.fields else None
        taken = (item for item in self.cloud.objects(self._stored(token)) if item.input(key) == name)
        if name and any(item.input(place) == parent for item in taken):
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"a {token.rpartition(':')[2]} named {name} already exists")


def token_of(urn: str) -> str:
    """Return the type token of a URN."""
    return urn.split("::")[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """Return the logical name of a URN."""
    return urn.split("::", 3)[3]


def _is_generated(name: Value, logical_name: str) -> bool:
    return isinstance(name, str) and name.startswith(f"{logical_name}-")


def _kind(key: str, old: Mapping[str, Value], new: Mapping[str, Value], replacing: bool) -> Kind.Kind.ValueType:
    word = "ADD" if key not in old else "DELETE" if key not in new else "UPDATE"
    return Kind.Kind.Value(f"{word}_REPLACE" if replacing else word)
