"""The trained network as a file, what is kept beside it, and how a stopped training goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pydantic
from torch import Tensor

from plugins.autoencoders._file import packed, spoiled, unpacked
from plugins.autoencoders._networks import Autoencoder

if TYPE_CHECKING:
    from plugins.autoencoders.build_autoencoder.bench import Bench

NAME = "autoencoder.safetensors"
MOST_WORDS = 200


class _Plain(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, allow_inf_nan=False, frozen=True)


class Unfinished(_Plain):
    """A training on its way: `Training.state`, and what was measured beside it. mark: of what its course depends on."""

    mark: str
    step: int = pydantic.Field(ge=1)
    first: float
    training: list[tuple[float, float]]
    held: list[tuple[float, float]]
    train_errors: list[float]
    losses: list[float]
    costs: list[float]
    best: float | None = None


class Facts(_Plain):
    """What is known of a network in a file. steps: in all. settings: of the last training. figures: name -> number."""

    learnt_from: str = pydantic.Field(max_length=MOST_WORDS)
    steps: int = pydantic.Field(ge=0)
    seed: int
    settings: dict[str, str | int | float]
    figures: dict[str, float]
    unfinished: Unfinished | None = None


@dataclass(frozen=True)
class Saved:
    """A network from a file, its facts, and an optimiser's tensors where its training was stopped."""

    made: Autoencoder
    facts: Facts
    tensors: dict[str, Tensor]

    def resume(self, bench: Bench) -> bool:
        """Set a training to where this one was stopped; False where it was of another course, or had ended.

        Raises BadFile where the file says it can go on and cannot.
        """
        left, course = self.facts.unfinished, bench.training.course
        if left is None or left.mark != bench.mark or left.step > course.steps:
            return False
        try:
            if not len(left.held) == len(left.train_errors) == len(left.losses) == len(left.costs):
                raise ValueError("measured more and less often")
            bench.training.resume(self.tensors, left.model_dump())
        except (LookupError, ValueError, TypeError, RuntimeError) as error:
            raise spoiled() from error
        bench.train_errors[:], bench.losses[:], bench.costs[:] = left.train_errors, left.losses, left.costs
        bench.before = self.facts.steps - left.step
        return True


def read(data: bytes) -> Saved:
    """A file's network and facts, checked. Raises BadFile, one line."""
    made, facts, tensors = unpacked(data)
    try:
        return Saved(made, Facts.model_validate_json(json.dumps(facts)), tensors)
    except (pydantic.ValidationError, ValueError, RecursionError) as error:
        raise spoiled() from error


def files(bench: Bench, figures: dict[str, float] | None = None) -> dict[str, bytes]:
    """The network as it is now, by the name of its file. A training on its way takes its optimiser and chance along.

    figures: of a finished one; without them it can go on, if only to its figures. What is only looked at keeps what its file
    said.
    """
    training, past = bench.training, bench.past
    if past is not None and not training.course.steps:
        return {NAME: packed(bench.made, past.model_dump(exclude={"unfinished"}))}
    facts: dict[str, Any] = {
        "learnt_from": _learnt_from(bench.pictures.what.replace("your", "a"), past),
        "steps": bench.before + training.step,
        "seed": bench.seed,
        "settings": bench.task.values(),
        "figures": figures or {},
    }
    if figures is not None:
        return {NAME: packed(bench.made, facts)}
    tensors, plain = training.state()
    beside = {"mark": bench.mark} | {name: getattr(bench, name) for name in ("train_errors", "losses", "costs")}
    return {NAME: packed(bench.made, {**facts, "unfinished": {**plain, **beside}}, tensors)}


def _learnt_from(what: str, past: Facts | None) -> str:
    """The last of what it learnt from, as far as a file may say."""
    if past is None or past.learnt_from.endswith(what):
        return past.learnt_from if past else what
    return f"{past.learnt_from}, then {what}"[-MOST_WORDS:]
