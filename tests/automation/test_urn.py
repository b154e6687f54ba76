"""Parts of a URN."""

from automation.urn import Urn, short_type

PLATFORM = "agent-platform:index:AgentPlatform$agent-platform:index:Region"
INSTANCE = Urn(
    f"urn:pulumi:prod::agent-platform::{PLATFORM}$agent-platform:index:Database$aws:rds/instance:Instance::prod-database"
)


def test_a_urn_has_stack_type_name_and_component() -> None:
    assert INSTANCE.stack == "prod"
    assert INSTANCE.type == "aws:rds/instance:Instance"
    assert INSTANCE.short_type == "rds:Instance"
    assert INSTANCE.name == "prod-database"
    assert INSTANCE.component == "Database"


def test_the_parent_is_the_type_before_the_own_type() -> None:
    assert INSTANCE.parent == "agent-platform:index:Database"
    assert INSTANCE.parent_types[0] == "agent-platform:index:AgentPlatform"
    assert Urn("urn:pulumi:prod::agent-platform::pulumi:pulumi:Stack::agent-platform-prod").parent == ""


def test_a_component_is_its_own_component() -> None:
    assert Urn(f"urn:pulumi:prod::agent-platform::{PLATFORM}::prod").component == "Region"


def test_a_resource_without_component_belongs_to_the_stack() -> None:
    assert Urn("urn:pulumi:prod::agent-platform::pulumi:providers:aws::default_7_34_0").component == "Stack"


def test_a_logical_name_may_contain_the_separators() -> None:
    assert Urn("urn:pulumi:prod::agent-platform::a:b:C::odd::name$here").name == "odd::name$here"


def test_a_provider_reference_holds_the_urn_of_the_provider() -> None:
    provider = Urn.of_provider("urn:pulumi:prod::agent-platform::pulumi:providers:aws::prod::1b2c")
    assert provider.name == "prod"
    assert provider.is_provider


def test_text_that_is_no_urn_is_its_own_name() -> None:
    assert (Urn("gateway").name, Urn("gateway").type, Urn("gateway").component) == ("gateway", "", "Stack")


def test_a_short_type_leaves_out_the_module_index() -> None:
    assert short_type("random:index/randomPassword:RandomPassword") == "random:RandomPassword"
    assert short_type("azure-native:app:ContainerApp") == "app:ContainerApp"
