"""Training while one looks on: a falling rate, a held-out error, the exact optimum as a line, previews, a state to go on from."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from hub import Curve, Image, Result
from hub.errors import NotFinite

Objective = Callable[[Tensor], Tensor]
"""A batch of the data -> the loss, one number."""
LOOKS = 200
"""So many times at most the held-out error is measured and a preview offered."""
LARGE = 1e4
"""What L-BFGS is given for the first loss."""
RUNAWAY = 1e4
"""A loss that so many times exceeds the first one has run away."""
PATIENCE = 1.0
"""Seconds without a look after which the last preview is offered again, so that a long training can be stopped."""


@dataclass(frozen=True)
class Course:
    """How a training goes.

    steps: of gradient descent. batch: examples at each; all of them where there are fewer. rate: the largest step size of AdamW
    (Loshchilov and Hutter 2019), which rises over the first tenth of the steps and then falls to nothing along half a cosine.
    rule: "adamw", or "lbfgs" (Liu and Nocedal 1989) on all data at once, which searches along lines and has
    no rate; a step is five of its iterations.
    decay: weight decay, for "adamw". clip: the longest gradient, in the norm over all weights; 0 for any.
    fused: all of AdamW in one pass over the weights, which is faster where they are many; it rounds differently.
    """

    steps: int
    batch: int = 512
    rate: float = 2e-3
    rule: Literal["adamw", "lbfgs"] = "adamw"
    decay: float = 0.0
    clip: float = 0.0
    fused: bool = False

    def rate_at(self, step: int) -> float:
        done = step / max(1, self.steps)
        return self.rate * min(1.0, (done + 1 / max(1, self.steps)) / 0.1) * 0.5 * (1 + math.cos(math.pi * done))


@dataclass
class Log:
    """What happened: losses by step, and the errors that theory or another method gives, as lines under them.

    chart, label: of the drawing and of its upright axis. references: name -> error; the exact optimum, a baseline.
    """

    chart: str = "Error while it learns"
    label: str = "mean squared error"
    references: Mapping[str, float] = field(default_factory=dict)
    training: list[tuple[float, float]] = field(default_factory=list)
    held: list[tuple[float, float]] = field(default_factory=list)

    def curves(self) -> dict[str, Curve]:
        """Training, held-out, and a dashed line for each reference, in one drawing with a logarithmic scale."""
        drawn = {
            name: Curve([x for x, _ in points], [y for _, y in points], "step", self.label, chart=self.chart, log="y")
            for name, points in (("training", self.training), ("held out", self.held))
            if points
        }
        lines = {
            name: Curve([0.0], [value], "step", self.label, chart=self.chart, kind="reference", log="y")
            for name, value in self.references.items()
        }
        return drawn | lines if drawn else {}


class Training:
    """One network on its way. `run` goes to the end; `state` and `resume` carry it over a pause, to the same end.

    objective: a batch -> the loss. data: (N, ...), what batches are drawn from.
    held: measures the held-out error, without gradients; None for none. keep_best: end with the weights whose held-out error was
    least, of all that were measured, the first ones included.
    generator: chance, for batches and for whatever the objective draws.
    """

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        data: Tensor,
        course: Course,
        generator: torch.Generator,
        log: Log | None = None,
        held: Callable[[], float] | None = None,
        keep_best: bool = False,
    ) -> None:
        self.network, self.objective, self.data, self.course, self.generator = network, objective, data, course, generator
        self.log, self.held, self.step = log or Log(), held, 0
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.first: float | None = None
        self.best: tuple[float, dict[str, Tensor]] | None = (math.inf, {}) if keep_best and held else None
        if course.rule == "lbfgs":
            self.optimiser: torch.optim.Optimizer = torch.optim.LBFGS(
                self.parameters, max_iter=5, max_eval=15, history_size=60, line_search_fn="strong_wolfe",
                tolerance_grad=0, tolerance_change=0,
            )
        else:
            self.optimiser = torch.optim.AdamW(
                self.parameters, lr=course.rate, weight_decay=course.decay, fused=course.fused
            )

    def run(
        self,
        show: Callable[[], Image] | None = None,
        span: tuple[float, float] = (0.0, 1.0),
        files: Callable[[], dict[str, bytes]] | None = None,
        curves: Callable[[], dict[str, Curve]] | None = None,
        looks: int = LOOKS,
    ) -> Generator[Result, None, None]:
        """Train to the end, offering previews.

        show: draws the preview, called only when somebody looks. span: the part of the whole work that this is, for progress.
        files: what the run leaves behind if it is stopped. curves: instead of the log's own. looks: fewer than `LOOKS`, where
        several networks share the time. Where looks are far between, the last preview is offered again, at least every `PATIENCE`
        seconds; not where files are left, which are taken at looks alone.
        Raises NotFinite, with the last preview, where the loss or the held-out error runs away.
        """
        course, last = self.course, None
        every = max(1, math.ceil(course.steps / looks))
        losses: list[Tensor] = []
        since = time.perf_counter()
        if self.best and self.step == 0:
            self._measure(None)
        while self.step < course.steps:
            losses.append(self._descend())
            self.step += 1
            done = span[0] + (span[1] - span[0]) * 0.999 * self.step / course.steps
            if self.step % every and self.step != course.steps:
                if not files and time.perf_counter() - since > PATIENCE:
                    yield replace(last, progress=done) if last else Result(image=show, progress=done)
                    since = time.perf_counter()
                continue
            self._note(torch.stack(losses).mean().item(), last)
            losses = []
            last = Result(image=show, curves=curves or self.log.curves, progress=done, **({"files": files} if files else {}))
            yield last
            since = time.perf_counter()
        if self.best:
            self.network.load_state_dict(self.best[1])

    def _descend(self) -> Tensor:
        """One step. Returns the loss before it."""
        course = self.course
        if course.rule == "lbfgs":
            return self.optimiser.step(self._slope).detach() / self._scale()
        for group in self.optimiser.param_groups:
            group["lr"] = course.rate_at(self.step)
        loss = self._slope()
        if course.clip:
            nn.utils.clip_grad_norm_(self.parameters, course.clip)
        self.optimiser.step()
        return loss.detach()

    def _slope(self) -> Tensor:
        with torch.enable_grad():
            self.optimiser.zero_grad(set_to_none=True)
            loss = self.objective(self._batch())
            self.first = float(loss.detach()) if self.first is None else self.first
            loss = loss * self._scale()
            loss.backward()
        return loss

    def _scale(self) -> float:
        """What the loss is multiplied by: PyTorch's L-BFGS takes no notice of slopes that are small in absolute terms."""
        return LARGE / max(self.first or 0.0, 1e-12) if self.course.rule == "lbfgs" else 1.0

    def _batch(self) -> Tensor:
        count = len(self.data)
        if self.course.rule == "lbfgs" or self.course.batch >= count:
            return self.data
        chosen = torch.randint(count, (self.course.batch,), generator=self.generator)
        return self.data[chosen.to(self.data.device)]

    def _note(self, loss: float, last: Result | None) -> None:
        """Keep the losses at this step. Raises NotFinite where they ran away."""
        if not math.isfinite(loss) or loss > RUNAWAY * max(self.first, 1e-6):
            raise NotFinite(f"The training ran away at step {self.step}: the error grew without end. Take a smaller rate.", last)
        self.log.training.append((float(self.step), loss))
        self._measure(last)

    def _measure(self, last: Result | None) -> None:
        """Measure the held-out error, and keep the weights where it is the least so far."""
        if self.held is None:
            return
        with torch.no_grad():
            error = self.held()
        if not math.isfinite(error):
            raise NotFinite(f"At step {self.step} the held-out error is no finite number. Take a smaller rate.", last)
        self.log.held.append((float(self.step), error))
        if self.best and error < self.best[0]:
            self.best = error, {name: value.clone() for name, value in self.network.state_dict().items()}

    # ---------------------------------------------------------------- over a pause

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """(tensors, plain values): all that is needed to go on, but for the network's own weights."""
        tensors = {"chance": self.generator.get_state()}
        for i, parameter in enumerate(self.parameters):
            for name, value in self.optimiser.state.get(parameter, {}).items():
                if isinstance(value, Tensor):
                    tensors[f"optimiser.{i}.{name}"] = value.detach().clone()
        plain = {"step": self.step, "first": self.first, "training": self.log.training, "held": self.log.held}
        if self.best:
            tensors |= {f"best.{name}": value for name, value in self.best[1].items()}
            plain["best"] = self.best[0]
        return tensors, plain

    def resume(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Go on where `state` was taken, for the rule "adamw"; the network has its weights already.

        Raises KeyError, ValueError, TypeError or RuntimeError where the values are not such a state.
        """
        if self.best:
            weights = self.network.state_dict()
            kept = {name: tensors[f"best.{name}"].clone() for name in weights}
            if any(kept[name].shape != value.shape for name, value in weights.items()):
                raise ValueError("the best weights are of another network")
            self.best = float(plain["best"]), {name: kept[name].to(value) for name, value in weights.items()}
        self.step, self.first = int(plain["step"]), float(plain["first"])
        if not 0 < self.step <= self.course.steps or not math.isfinite(self.first):
            raise ValueError("no step on the way")
        for i, parameter in enumerate(self.parameters):
            step, mean, square = (tensors[f"optimiser.{i}.{name}"] for name in ("step", "exp_avg", "exp_avg_sq"))
            if any((value.shape, value.dtype) != (parameter.shape, parameter.dtype) for value in (mean, square)):
                raise ValueError("the optimiser belongs to another network")
            if step.shape != () or float(step) != self.step or bool((square < 0).any()):
                raise ValueError("no state of an optimiser")
            moments = {"exp_avg": mean.clone().to(parameter), "exp_avg_sq": square.clone().to(parameter)}
            self.optimiser.state[parameter] = {"step": step.clone(), **moments}
        self.generator.set_state(tensors["chance"].clone())
        for name in ("training", "held"):
            getattr(self.log, name)[:] = [(float(x), float(y)) for x, y in plain[name]]
