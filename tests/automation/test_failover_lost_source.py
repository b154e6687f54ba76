"""Moves whose source or target is lost on the way: what ends before the promotion, and which command continues."""

from automation.deploy.failover_record import FailoverRecord, Kind
from tests.automation.scripted_failover import (
    HOME,
    STANDBY,
    ScriptedDatabase,
    ScriptedRegions,
    after_failover,
    lost,
    move,
    written_by_hand,
)
from tests.automation.test_failover_driver import changes, followed, refusal, serves_alone


def test_a_planned_move_whose_source_is_lost_promotes_nothing_and_the_next_failover_does() -> None:
    moves: tuple[tuple[Kind, str, str], ...] = (("failover", HOME, STANDBY), ("failback", STANDBY, HOME))
    for kind, source, target in moves:
        stack = ScriptedRegions() if kind == "failover" else followed()
        stack.down = lost(source)
        stack.stored = FailoverRecord(kind, "stopping", source, target, planned=True, since="t")
        assert refusal(stack, kind, planned=True) == (
            f"prod: {source} does not answer any more, so nothing was promoted. Run `agent-platform failover prod`, which lets {target} "
            f"serve with what it has received; when {source} answers again, `agent-platform refresh prod` and `agent-platform up prod` start "
            "its services."
        )
        assert not [call for call in changes(stack) if call.startswith("promote")]
        move(stack, planned=False)
        assert (stack.active, stack.served) == (target, target) and stack.databases[target].writes


def test_a_region_that_is_lost_after_the_stop_is_not_asked_for_the_promotion() -> None:
    stack = ScriptedRegions()
    stack.down = lambda region, _now: region == HOME and "write promoting" in stack.calls
    move(stack)
    assert f"promote {STANDBY}" in stack.calls and stack.served == STANDBY


def test_a_failback_from_a_region_that_is_lost_ends_where_the_other_one_follows() -> None:
    stack = after_failover()
    stack.databases[HOME] = ScriptedDatabase()
    stack.stored = FailoverRecord("failback", "seeding", STANDBY, HOME, planned=True, since="t")
    stack.down = lost(STANDBY)
    assert refusal(stack, "failback") == (
        f"prod: {STANDBY} does not answer, so {HOME} gets no replica of its database. Run `agent-platform failover prod`, which lets "
        f"{HOME} serve with what its replica has received."
    )
    move(stack, planned=False)
    assert (stack.active, stack.served) == (HOME, HOME)


def test_a_failback_from_a_region_that_is_lost_never_lets_old_data_serve() -> None:
    stack = after_failover()
    stack.stored = FailoverRecord("failback", "seeding", STANDBY, HOME, planned=True, since="t")
    stack.down = lost(STANDBY)
    message = (
        f"prod: {STANDBY} does not answer, so {HOME} gets no replica of its database. Run `agent-platform failback prod` again when "
        "it does; if it is lost for good, follow `agent-platform recovery plan prod`."
    )
    assert refusal(stack, "failback") == message
    assert "a failback to" in refusal(stack)
    assert changes(stack) == [] and stack.served == STANDBY


def test_a_failback_whose_first_region_is_lost_at_its_end_renews_it_when_it_answers() -> None:
    stack = after_failover()
    stack.down = lambda region, _now: region == STANDBY and f"route {HOME}" in stack.calls
    assert refusal(stack, "failback") == (
        f"prod: {STANDBY} does not answer, so its database is not replaced. Run `agent-platform failback prod` again when it does."
    )
    assert (stack.active, stack.served) == (HOME, HOME)
    stack.down = lost("")
    move(stack, "failback")
    serves_alone(stack, HOME)
    assert not stack.databases[STANDBY].writes


def test_a_replica_that_a_failback_has_renewed_may_be_promoted_by_hand() -> None:
    stack = after_failover()
    move(stack, "failback")
    written_by_hand(stack).down = lost(HOME)
    move(stack, planned=False)
    assert stack.served == STANDBY
