"""The embedded network's pictures mean something: a second network, which nothing was optimised against, names them."""

from __future__ import annotations

import json

import pytest
import torch

from hub import backbones, metrics, sheets
from hub.backbones.card import held_out, transfer
from hub.pixels import images


@pytest.fixture(scope="module")
def named() -> dict[str, list[bool]]:
    drawn = sheets.class_pictures("embedded")
    return transfer(torch.cat([images.to_tensor(image) for image, _ in drawn.images]))


def test_the_judge_names_the_class_pictures(named):
    assert len(named["as drawn"]) >= 64
    assert sum(named["as drawn"]) >= 0.98 * len(named["as drawn"])  # all of them where the card was measured


@pytest.mark.parametrize("transform", metrics.HELD_OUT)
def test_the_judge_names_them_under_transforms_never_used(named, transform):
    assert sum(named[transform]) >= 0.95 * len(named[transform])


def test_both_networks_name_held_out_pictures():
    embedded, _ = held_out(backbones.load("embedded"), 96, per_class=4, shard=900)
    judge, _ = held_out(backbones.judge(), 64, per_class=4, shard=900)
    assert embedded >= 0.95 and judge >= 0.95


def test_class_sheets_are_shuffled_and_keep_their_key_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "class_pictures", lambda *_: sheets.Result(images=[
        (images.to_image(torch.full((1, 3, 8, 8), i / 40)), f"classes · thing {i}") for i in range(40)]))
    *pages, key = sheets.class_sheets(tmp_path)
    names = list(json.loads(key.read_text()).values())
    assert [page.name for page in pages] == ["sheet-1.png", "sheet-2.png"]
    assert sorted(names) == sorted(f"thing {i}" for i in range(40)) and names != sorted(names)
