"""Every registered technique keeps the contract: one test a check and technique."""

import pytest

from hub import registry, testing


@pytest.mark.parametrize("check", [check for name in registry.techniques() for check in testing.checks(name)], ids=str)
def test_contract(check):
    check()


def test_everything_built_in_loads():
    assert [f"{record.name}: {record.error}" for record in registry.failures() if record.source == "built in"] == []


def test_a_technique_that_uses_every_kind_of_parameter_keeps_it_too(toy):
    assert [f"{check}: {said}" for check in testing.checks(toy) if (said := check.fault())] == []
