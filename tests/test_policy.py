"""Limits: two sets of them, frozen, the public one nowhere looser than the local one."""

from dataclasses import FrozenInstanceError

import pytest

from hub.policy import Policy

LIMITS = ["upload_bytes", "body_bytes", "source_pixels", "source_side", "working_side", "queue"]


@pytest.mark.parametrize("limit", LIMITS)
def test_public_is_stricter_than_local(limit):
    assert 0 < getattr(Policy.public(), limit) < getattr(Policy.local(), limit)


def test_public_takes_no_paths_no_strange_models_and_fewer_formats():
    public, local = Policy.public(), Policy.local()
    assert (public.paths, public.any_model) == (False, False)
    assert public.formats < local.formats


def test_public_ends_a_run_and_local_does_not():
    assert Policy.public().deadline is not None and Policy.local().deadline is None


def test_a_policy_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        Policy.public().paths = True


def test_but_changes_one_limit_and_keeps_the_rest():
    changed = Policy.public().but(queue=7)
    assert changed.queue == 7 and changed.but(queue=Policy.public().queue) == Policy.public()


def test_but_refuses_a_limit_that_does_not_exist():
    with pytest.raises(TypeError, match="upload_byte"):
        Policy.local().but(upload_byte=1)
