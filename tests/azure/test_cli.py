"""Commands of the Azure CLI: registry, private links, logs, terminals and the place of the state."""

import json
import subprocess
import sys

import pytest

from providers import command_line
from providers.azure.cli import CLI, approve_links, pending_approvals
from providers.azure.cli_commands import context_of
from providers.azure.console_logs import execution_query, service_query, termination_query
from providers.azure.registry_access import closing_commands
from providers.contract.cli import CliFailure, LogQuery, run_missing
from providers.contract.spec import Platform
from tests.azure.fake_shell import ENVIRONMENT_ID, FakeShell, stack, text
from tests.azure.kql import faults, parses_queries
from tests.azure.plans import spec_of
from tests.planning import DROP

SUBSCRIPTION = "--subscription 00000000-0000-0000-0000-000000000001"
DENIED = (
    """{"errors":[{"code":"DENIED","message":"client with IP \\u0027203.0.113.7\\u0027 is not allowed access."}]}"""
)
UNAUTHORIZED = """{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"""
OPEN = "--public-network-enabled true --default-action Deny --allow-exports true"
CLOSED = "--public-network-enabled false --default-action Deny --allow-exports false"
STATES = "publicNetworkAccess, networkRuleSet"


def test_the_commands_are_loaded_without_an_sdk() -> None:
    code = (
        "import sys, providers; providers.command_line('azure');"
        "sys.exit(any(name.startswith('pulumi') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert command_line("azure") is CLI


def test_the_programs_are_az_and_curl() -> None:
    assert [program.name for program in CLI.programs] == ["az", "curl"]


def test_images_without_a_registry_host_are_in_the_registry_of_the_stack() -> None:
    addresses = CLI.repositories(spec_of(), "prod")
    assert set(addresses) == {"chat", "worker"}
    assert addresses["chat"].startswith("prodimages") and addresses["chat"].endswith(".azurecr.io/chat")


def test_the_address_is_that_of_the_declared_registry() -> None:
    from tests.azure.plans import base_plan

    registry = base_plan().one("prod-registry")
    assert CLI.repositories(spec_of(), "prod")["chat"] == f"{registry.inputs['registryName']}.azurecr.io/chat"


def test_docker_receives_the_token_on_standard_input() -> None:
    (login,) = CLI.registry_login(spec_of(), "prod")
    token, _, docker = text(login).partition(" | ")
    assert token.startswith("az acr login --name prodimages") and "--expose-token --query accessToken" in token
    assert docker.startswith("docker login prodimages") and docker.endswith("--password-stdin")


def test_a_stack_without_an_azure_block_fails_with_a_fix() -> None:
    with pytest.raises(CliFailure, match=r"azure: the block is missing\. Set subscription_id"):
        CLI.repositories(spec_of().model_copy(update={"azure": None}), "prod")


def test_a_private_registry_is_opened_for_the_address_that_it_denies() -> None:
    shell = FakeShell({"/v2/": [DENIED, DENIED, UNAUTHORIZED]})
    assert CLI.open_registry(stack(), shell) is True
    opened, added = shell.with_part("acr update") + shell.with_part("network-rule add")
    assert OPEN in opened and "--ip-address 203.0.113.7" in added and SUBSCRIPTION in added
    assert shell.commands.index(opened) < shell.commands.index(added)
    assert shell.slept_seconds == 10


def test_a_registry_that_is_reachable_stays_as_it_is() -> None:
    inside = FakeShell({"/v2/": [UNAUTHORIZED], STATES: ["Disabled\n"]})
    assert CLI.open_registry(stack(), inside) is False and not inside.with_part("update")
    public = FakeShell()
    open_stack = stack(spec_of({"profile": "staging", "network.private_endpoints": False}))
    assert CLI.open_registry(open_stack, public) is False and public.commands == []


def test_a_registry_that_a_killed_push_left_open_is_closed_by_the_next_one() -> None:
    shell = FakeShell({"/v2/": [UNAUTHORIZED], STATES: ["Enabled\n203.0.113.7\n"]})
    assert CLI.open_registry(stack(), shell) is True and not shell.with_part("acr update")


def test_an_address_of_version_6_is_refused_before_anything_is_opened() -> None:
    shell = FakeShell({"/v2/": [DENIED.replace("203.0.113.7", "2001:db8::7")]})
    with pytest.raises(CliFailure, match="rules accept IPv4 only"):
        CLI.open_registry(stack(), shell)
    assert not shell.with_part("acr update")


def test_a_rule_without_effect_is_taken_back() -> None:
    shell = FakeShell({"/v2/": [DENIED], STATES: ["Enabled\n203.0.113.7\n"]})
    with pytest.raises(CliFailure, match="has no effect after 300 s"):
        CLI.open_registry(stack(), shell)
    assert shell.with_part("network-rule remove") and shell.with_part(CLOSED)


def test_closing_removes_every_rule_and_the_public_access() -> None:
    shell = FakeShell({STATES: ["Enabled\n203.0.113.7\n198.51.100.9\n"]})
    CLI.close_registry(stack(), shell)
    removed = shell.with_part("network-rule remove")
    assert ["203.0.113.7" in removed[0], "198.51.100.9" in removed[1]] == [True, True]
    assert CLOSED in shell.commands[-1]


def test_the_commands_that_doctor_prints_do_the_same_as_closing() -> None:
    shell = FakeShell({STATES: ["Enabled\n203.0.113.7\n"]})
    CLI.close_registry(stack(), shell)
    remove, close = closing_commands(context_of(spec_of(), "prod"))
    assert [f"{text(remove).partition(' | xargs -r -n1 ')[2]} 203.0.113.7", text(close)] == shell.commands[-2:]
    assert remove.stdin and "networkRuleSet.ipRules[].ipAddressOrRange" in text(remove.stdin)


def test_closing_a_closed_registry_changes_nothing() -> None:
    shell = FakeShell({STATES: ["Disabled\n"]})
    CLI.close_registry(stack(), shell)
    assert len(shell.commands) == 2 and not shell.with_part("update")


def copied() -> Platform:
    return spec_of({"azure.location": "eastus2", "recovery": {"mode": "backup", "standby_region": "centralus"}})


def test_the_standby_location_has_repositories_and_a_login_of_its_own() -> None:
    assert CLI.standby_repositories(spec_of(), "prod") == {}
    home, standby = CLI.repositories(copied(), "prod"), CLI.standby_repositories(copied(), "prod")
    assert home.keys() == standby.keys() == {"chat", "worker"}
    hosts = [next(iter(each.values())).partition("/")[0] for each in (home, standby)]
    assert hosts[0] != hosts[1] and all(host.startswith("prodimages") for host in hosts)
    assert [login.arguments[2] for login in CLI.registry_login(copied(), "prod")] == hosts


def test_both_registries_are_opened_and_closed() -> None:
    shell = FakeShell({"/v2/": [DENIED, UNAUTHORIZED, DENIED, UNAUTHORIZED]})
    assert CLI.open_registry(stack(copied()), shell) is True
    groups = [each.partition("--resource-group ")[2].split()[0] for each in shell.with_part("network-rule add")]
    assert groups == ["prod-agents-eastus2", "prod-agents-centralus"]
    closing = FakeShell({STATES: ["Enabled\n203.0.113.7\n"]})
    CLI.close_registry(stack(copied()), closing)
    assert len(closing.with_part("network-rule remove")) == len(closing.with_part(CLOSED)) == 2


def test_closing_without_a_registry_succeeds() -> None:
    shell = FakeShell(missing=("acr show",))
    CLI.close_registry(stack(), shell)
    assert len(shell.commands) == 1


def test_a_rule_that_a_killed_push_left_on_a_closed_registry_is_removed() -> None:
    shell = FakeShell({STATES: ["Disabled\n203.0.113.7\n"]})
    CLI.close_registry(stack(), shell)
    assert shell.with_part("network-rule remove")


PENDING = "status=='\"'\"'Pending"
APPROVED = "status=='\"'\"'Approved"


def test_a_pending_link_is_approved_after_an_update() -> None:
    connection = f"{ENVIRONMENT_ID}/privateEndpointConnections/7f3a"
    shell = FakeShell({PENDING: ["", f"{connection}\n"], APPROVED: [""], STATES: ["Disabled\n"]})
    assert CLI.after_update(stack(), shell) == ["approved the private link of Front Door (7f3a)"]
    (approval,) = shell.with_part("private-endpoint-connection approve")
    assert approval == (
        f"az network private-endpoint-connection approve --id {connection} --description agent-platform --output none"
    )
    assert shell.slept_seconds == 10


def test_an_approved_link_is_left_alone() -> None:
    shell = FakeShell({APPROVED: ["/c/1\n"], STATES: ["Disabled\n"]})
    assert CLI.after_update(stack(), shell) == [] and not shell.with_part("approve --id")


def test_without_public_services_no_link_is_looked_for() -> None:
    shell = FakeShell({STATES: ["Disabled\n"]})
    assert CLI.after_update(stack(spec_of({"services.gateway.path": DROP})), shell) == []
    assert not shell.with_part("private-endpoint-connection")


def test_a_link_that_is_never_asked_for_is_a_failure_with_a_fix() -> None:
    with pytest.raises(CliFailure, match=r"within 180 s\. Run agent-platform up prod again"):
        approve_links(stack(), FakeShell())


def test_only_requests_of_the_platform_are_pending_approvals() -> None:
    shell = FakeShell({PENDING: ["/c/1\n/c/2\n"]})
    assert pending_approvals(stack(), spec_of().home_region, shell) == ["/c/1", "/c/2"]
    assert "agent-platform asks for the environment" in shell.commands[0] and ENVIRONMENT_ID in shell.commands[0]


def test_a_registry_that_a_killed_push_left_open_is_closed_after_an_update() -> None:
    shell = FakeShell({STATES: ["Enabled\n203.0.113.7\n"], APPROVED: ["/c/1\n"]})
    assert CLI.after_update(stack(), shell) == ["closed the registry, which a push had left open to 203.0.113.7"]


def test_logs_are_queried_in_the_workspace_of_the_stack() -> None:
    shell = FakeShell()
    assert CLI.logs(stack(), LogQuery("chat", since_seconds=900), shell) == 0
    (command,) = shell.commands
    assert "/v1/workspaces/c0ffee/query" in command and "ago(900s)" in command and "prod-chat" in command


def test_following_continues_with_the_live_stream_of_a_replica() -> None:
    shell = FakeShell()
    CLI.logs(stack(), LogQuery("chat", follow=True), shell)
    assert len(shell.commands) == 2
    assert "containerapp logs show --name prod-chat --resource-group prod-agents-westus3" in shell.commands[1]
    assert "--follow true" in shell.commands[1]
    failed = FakeShell(code=1)
    assert CLI.logs(stack(), LogQuery("chat", follow=True), failed) == 1 and len(failed.commands) == 1


def test_logs_of_a_service_that_is_not_deployed_fail_with_a_fix() -> None:
    with pytest.raises(CliFailure, match=r"prod-compute-chat is not deployed\. Run agent-platform up prod"):
        CLI.logs(stack(resources=()), LogQuery("chat"), FakeShell())


@parses_queries
def test_the_queries_of_logs_are_valid() -> None:
    written = [
        service_query("prod", "chat", 900),
        execution_query("task-1a2b3c-x7k2", 900),
        termination_query("task-1a2b3c-x7k2", 900),
    ]
    assert faults(written) == [[], [], []]


def test_a_terminal_is_opened_in_the_services_container() -> None:
    shell = FakeShell(code=3)
    assert CLI.exec(stack(), "chat", ["python", "-c", "print(1)"], shell) == 3
    assert "containerapp exec --name prod-chat" in shell.commands[0] and "--container app" in shell.commands[0]
    with pytest.raises(CliFailure, match="is not deployed"):
        CLI.exec(stack(resources=()), "chat", ["sh"], FakeShell())


def test_the_state_has_an_account_and_a_key_of_its_own() -> None:
    backend = CLI.state_backend(spec_of(), "acme-pulumi")
    account = backend.url.partition("storage_account=")[2]
    assert backend.url == f"azblob://state?storage_account={account}" and account.startswith("acmepulumi")
    assert backend.secrets_provider == f"azurekeyvault://acme-pulumi-{account[-6:]}.vault.azure.net/keys/pulumi"
    written = [text(command) for command in backend.commands]
    (create,) = [command for command in written if "storage account create" in command]
    assert "--allow-shared-key-access false --output none" in create and "--sku Standard_ZRS" in create
    assert any("--enable-versioning true" in command for command in written)
    grants = [command for command in written if "role assignment create" in command]
    assert all(command.startswith("az ad signed-in-user show --query id") for command in grants)
    assert ["Storage Blob Data Contributor" in grants[0], "Key Vault Crypto User" in grants[1]] == [True, True]


def test_repeating_creates_no_second_version_of_the_key() -> None:
    commands = [command.arguments for command in CLI.state_backend(spec_of(), "acme").commands]
    assert not [arguments for arguments in commands if arguments[1:3] == ("keyvault", "key")]
    (key,) = [arguments for arguments in commands if any("/keys/pulumi?" in part for part in arguments)]
    assert json.loads(key[key.index("--body") + 1]) == {"properties": {"kty": "RSA", "keySize": 3072}}


def test_what_exists_is_not_created_again() -> None:
    commands = CLI.state_backend(spec_of(), "acme").commands
    shell = FakeShell()
    run_missing(commands, shell)
    for part in ("group create", "storage account create", "keyvault create"):
        assert not shell.with_part(part)
    empty = FakeShell(missing=("group show", "account show", "keyvault show"))
    run_missing(commands, empty)
    for part in ("group create", "storage account create", "keyvault create"):
        assert len(empty.with_part(part)) == 1


@pytest.mark.parametrize(("name", "fault"), [("a-name-that-is-very-long", "Shorten it by 7"), ("Acme", "lower-case")])
def test_a_name_that_azure_does_not_accept_fails_before_any_command(name: str, fault: str) -> None:
    with pytest.raises(CliFailure, match=fault):
        CLI.state_backend(spec_of(), name)
