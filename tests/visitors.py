"""What a visitor does in a browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

PATIENCE = 60_000  # ms; for machines that are busy, not for us
DESKTOP = {"width": 1280, "height": 900}
expect.set_options(timeout=PATIENCE)


def line(page: Page) -> Locator:
    """What is said about the run."""
    return page.locator(".status p:visible")


def dial(page: Page, **values: float) -> None:
    """Set numbers by the names of their parameters."""
    for name, value in values.items():
        field = page.locator(f".field-{name} input[type=number]:visible")
        if not field.count():
            unfold(page)
        for _ in range(20):  # a control that has just been unfolded takes its own value once more, a moment after it is seen
            field.fill(str(value))
            field.press("Enter")
            page.evaluate("() => new Promise(then => setTimeout(() => requestAnimationFrame(then), 100))")
            if field.input_value() == str(value):
                break
        else:
            raise AssertionError(f"{name} does not keep {value}")


def unfold(page: Page) -> None:
    """Open what stands under More."""
    page.locator(".more > button:visible", has_text=re.compile("^More")).click()
