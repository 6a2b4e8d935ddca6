"""Groups that overlap or are only probable, read from the block that was counted for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError
from .blocks import Sums
from .confusion import BAD, GOOD
from .cube import Cube

Floats = NDArray[np.float64]
KIND = "memberships"
SELECTED, NOT_SELECTED = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """One attribute's memberships in a cube.

    ``block`` holds, by cell, bin, decision and outcome: ``people`` with memberships, ``first`` = sums of w m_g,
    ``second`` = sums of w^2 m_g m_h for each pair of levels, ``heads`` = sums of m_g; for proxies ``top`` = weights of
    those whose largest membership is g, and ``banded`` = for bands of m_g the weights, the w m_g, and the same of
    those whose level is known with the weights of those who have it.
    """

    attribute: str
    levels: tuple[str, ...]
    proxy: bool
    labelled: str | None
    scheme: str | None
    cube: Cube
    block: Sums

    def table(self, name: str, cutoff: float | None) -> Floats:
        """Return sums [selected or not, good or bad or unobserved, ...] over all cells, at a decision rule."""
        array = self.block.arrays[name].sum(axis=0)  # bin, decision, outcome, own
        if cutoff is None:
            kinds = np.array([level.kind for level in self.cube.axes.decisions])
            favorable = array[:, kinds == "favorable"].sum(axis=(0, 1))
            other = array[:, (kinds == "unfavorable") | (kinds == "intermediate")].sum(axis=(0, 1))
            return self._folded(np.stack([favorable, other]), name)
        score = self.cube.axes.score
        if score is None:
            message = "A cut-off needs a score, and none was counted in this cube. Count with score= and higher_is=."
            raise CubeError(message)
        at = score.first_above(cutoff)
        scored = array[: score.scored_bins].sum(axis=1)
        sides = [scored[at:].sum(axis=0), scored[:at].sum(axis=0)]
        return self._folded(np.stack(sides if score.higher_is == "better" else sides[::-1]), name)

    def _folded(self, sides: NDArray[np.int64], name: str) -> Floats:
        folded = np.zeros((2, 3, *sides.shape[2:]))
        if self.cube.has_outcome:
            folded[:, [GOOD, BAD]] = sides[:, :2]
            folded[:, 2] = sides[:, 2:].sum(axis=1)
        else:
            folded[:, 2] = sides[:, 0]
        return folded if name in {"people", "labelled"} else folded / float(self.block.about["scale"])

    def squares(self, cutoff: float | None) -> Floats:
        """Return sums of w^2 m_g m_h [side, outcome, level, level]."""
        flat = self.table("second", cutoff)
        count = len(self.levels)
        left, right = np.triu_indices(count)
        out = np.zeros((2, 3, count, count))
        out[..., left, right] = flat
        out[..., right, left] = flat
        return out

    def total(self, name: str) -> Any:
        """Return sums over everybody, [...own]."""
        array = self.block.arrays[name].sum(axis=(0, 1, 2, 3))
        return array if name in {"people", "labelled"} else array / float(self.block.about["scale"])

    @property
    def without(self) -> int:
        """People of whom no membership is known."""
        return self.cube.people - int(self.total("people")[0])


def members(cube: Cube) -> Iterator[Members]:
    """Yield each attribute that was counted by memberships.

    Raises
    ------
    CubeError
        If what was counted does not fit together.
    """
    for block in cube.blocks.values():
        if not isinstance(block, Sums) or block.kind != KIND:
            continue
        about, arrays = block.about, block.arrays
        try:
            levels = tuple(str(level) for level in about["levels"])
            count, scale = len(levels), about["scale"]
            own = {"people": (1,), "first": (count,), "heads": (count,), "second": (count * (count + 1) // 2,)}
            sound = (
                count > 0 and isinstance(scale, int) and scale > 0
                and all(arrays[name].shape[4:] == shape for name, shape in own.items())
            )  # fmt: skip
            if sound:
                yield Members(
                    str(about["attribute"]), levels, about["collected"] == "proxy", about["labelled"], about["scheme"],
                    cube, block,
                )  # fmt: skip
                continue
        except (KeyError, TypeError):
            pass
        message = "The memberships in this cube do not fit together. Count the people again."
        raise CubeError(message)
