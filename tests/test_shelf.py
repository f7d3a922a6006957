import gc
import threading

import pytest

from hub.backbones.shelf import Shelf


class Thing(str):
    """Words that can be held weakly, as networks can."""


def shelf(capacity: int = 10) -> Shelf[Thing]:
    return Shelf(capacity, len)


def test_what_was_longest_not_asked_for_leaves_first():
    kept = shelf()
    for name in ("aaaa", "bbbb"):
        kept.get(name, lambda name=name: Thing(name))
    kept.get("aaaa", lambda: pytest.fail("it was here"))
    kept.get("cccc", lambda: Thing("cccc"))
    assert kept.names() == ["aaaa", "cccc"] and kept.bytes == 8


def test_it_never_holds_more_than_fits():
    kept = shelf(7)
    for n in (3, 4, 2, 7, 1, 5):
        kept.get(str(n), lambda n=n: Thing("x" * n))
        assert kept.bytes <= 7


def test_what_is_too_large_is_kept_only_while_somebody_has_it():
    kept = shelf()
    kept.get("small", lambda: Thing("small"))
    held = kept.get("large", lambda: Thing("x" * 11))
    assert kept.get("large", lambda: pytest.fail("somebody has it")) is held and kept.names() == ["small"]
    del held
    gc.collect()
    assert kept.get("large", lambda: Thing("y" * 11)) == "y" * 11


def test_what_had_to_leave_is_found_as_long_as_somebody_has_it_and_kept_again():
    kept = shelf()
    held = kept.get("one", lambda: Thing("x" * 6))
    kept.get("two", lambda: Thing("y" * 6))
    assert kept.names() == ["two"]
    assert kept.get("one", lambda: pytest.fail("somebody has it")) is held and kept.names() == ["one"]
    gc.collect()
    assert kept.get("two", lambda: Thing("new")) == "new"  # nobody had that one


def test_two_who_ask_at_once_get_the_same_one_made_once():
    kept, made, both = shelf(), [], threading.Barrier(2)

    def make() -> Thing:
        made.append(Thing("thing"))
        return made[-1]

    def ask() -> None:
        both.wait()
        found.append(kept.get("thing", make))

    found: list[Thing] = []
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert made == ["thing"] and found[0] is found[1]


def test_one_that_is_slow_to_make_holds_up_nobody_else():
    kept, begun, go_on = shelf(), threading.Event(), threading.Event()

    def slowly() -> Thing:
        begun.set()
        assert go_on.wait(60)
        return Thing("slow")

    thread = threading.Thread(target=lambda: kept.get("slow", slowly))
    thread.start()
    assert begun.wait(60) and kept.get("quick", lambda: Thing("quick")) == "quick"
    go_on.set()
    thread.join()
    assert kept.names() == ["quick", "slow"]


def test_what_cannot_be_made_is_asked_for_again():
    kept = shelf()
    with pytest.raises(ValueError, match="not today"):
        kept.get("thing", lambda: (_ for _ in ()).throw(ValueError("not today")))
    assert kept.get("thing", lambda: Thing("thing")) == "thing"
