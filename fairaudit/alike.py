"""Counting as somebody else counted, or asks for: so that the cubes of many owners fit together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_type_hints

from .errors import SchemaError, listed, suggestion
from .schema.roles import Roles

if TYPE_CHECKING:
    from .cube.cube import Cube


def roles_alike(like: Cube | str | os.PathLike[str], given: Mapping[str, Any]) -> Roles:
    """Return the roles with which a cube was counted, or that a YAML file asks for, and those given beside.

    Parameters
    ----------
    like
        A cube or the path of a cube file: its roles, its bands and the edges of its bins. Or the path of a YAML file
        that names roles as :func:`fairaudit.schema.declare` takes them.
    given
        Roles given beside; a column that is called otherwise here, say. What fixes whether cubes fit together is
        checked where they are merged.

    Raises
    ------
    SchemaError
        If there is a role in the file that there is not, or one is of another type than it must be.
    DataContractError
        If the file cannot be read, with the line.

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> north = from_counts({"sex": ["F", "M"], "y": [1, 0], "n": [30, 40]}, groups="sex", outcome="y", bad=1)
    >>> roles_alike(north, {})
    {'outcome': 'y', 'bad': ['1'], 'groups': ['sex'], 'weight_scale': 1000000, 'score_scale': 1000000}
    """
    from .cube.cube import Cube

    if not isinstance(like, (Cube, str, os.PathLike)):
        message = f"like= is a cube, or the path of a cube file or of a YAML file of roles, got {like!r}."
        raise SchemaError(message)
    path = None if isinstance(like, Cube) else Path(like)
    roles = _roles_of(like) if path is None or path.suffix == ".cube" else _roles_in(path)
    return cast("Roles", {**roles, **given})


def _roles_of(like: Any) -> dict[str, Any]:
    from .cube.cube import Cube
    from .cube.io import load

    cube = like if isinstance(like, Cube) else load(Path(like))
    roles: dict[str, Any] = {**cube.schema.declaration()}
    roles.pop("counts", None)  # whether rows were people or counts is the owner's own matter
    score = cube.axes.score
    if score is not None and score.edges is not None and not {*cube.schema.edges} & {*score.edges.tolist()}:
        roles["edges"] = score.edges.tolist()
    return roles


def _roles_in(path: Path) -> dict[str, Any]:
    from pydantic import ValidationError

    from .policy.reading import read_yaml_file

    document = read_yaml_file(path, "roles")
    for name in document.data:
        if name not in Roles.__annotations__:
            message = (
                f"{path.name}, line {document.line_of((name,))}: there is no role '{name}'."
                f"{suggestion(name, Roles.__annotations__)} Roles: {listed(Roles.__annotations__, most=30)}."
            )
            raise SchemaError(message)
    try:
        return dict(_shape().model_validate(document.data).model_dump(exclude_unset=True))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        message = (
            f"{path.name}, line {document.line_of((name,))}: the role '{name}' is not what it must be: {first['msg']}."
        )
        raise SchemaError(message) from None


@cache
def _shape() -> Any:
    """Return the roles as a model: a file holds text only, which its types make numbers of where they are asked for."""
    from pydantic import create_model

    fields: dict[str, Any] = {name: (hint, None) for name, hint in get_type_hints(Roles).items()}
    return create_model("Roles", **fields)
