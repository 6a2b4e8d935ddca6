"""A spec as a still picture: small SVG with one decimal, the page's own light and dark colors, no style, no script."""

from __future__ import annotations

import re
from functools import lru_cache
from xml.etree import ElementTree as Tree

from .looks import GROUP_COLORS, INK, PAPER, QUIET, RULE, STATUS_COLORS, Spec

_SVG = "http://www.w3.org/2000/svg"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_ROUNDED = ("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "width", "height", "cx", "cy", "r")
_USELESS = (
    "class", "role", "aria-hidden", "aria-label", "aria-roledescription", "pointer-events", "font-family", "style",
    "version", "stroke-miterlimit",
)  # fmt: skip
_COLORS = {
    INK: "var(--ink)", PAPER: "var(--paper)",
    QUIET: "var(--quiet)", RULE: "var(--rule)", "#000": "var(--ink)", "black": "var(--ink)",
    **{color: f"var(--group-{at})" for at, color in enumerate(GROUP_COLORS, start=1)},
    **{color: f"var(--{status})" for status, color in STATUS_COLORS.items()},
}  # fmt: skip
_PAINTS = ("fill", "stroke")
_URL = re.compile(r"url\(#([^)]+)\)")


def svg(spec: Spec, identifier: str) -> tuple[str, int]:
    """Return a chart as SVG that a page may hold, and its width in CSS pixels.

    Parameters
    ----------
    spec
        A Vega-Lite spec that holds its own data.
    identifier
        Begins every id in the picture, so that several pictures go on one page.

    Notes
    -----
    Drawn by vl-convert, which asks nothing of the network here: the specs name no address.
    """
    import vl_convert

    return _made_small(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]), identifier)


@lru_cache(maxsize=1)
def _registered() -> None:
    # Without this every element is written with a prefix, which no HTML parser knows.
    Tree.register_namespace("", _SVG)


def _made_small(text: str, identifier: str) -> tuple[str, int]:
    _registered()
    root = Tree.fromstring(text)  # noqa: S314 - made by the renderer from our own spec, with names escaped
    width = round(float(root.get("width", "0")))
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    renamed = {own: f"{identifier}-{at}" for at, own in enumerate(ids, start=1)}
    for element in root.iter():
        _clean(element)
        for name, value in element.attrib.items():
            if name == "id":
                element.attrib[name] = renamed[value]
            elif "url(#" in value:
                element.attrib[name] = _URL.sub(lambda found: f"url(#{renamed.get(found[1], found[1])})", value)
    _prune(root)
    root.attrib["aria-hidden"] = "true"
    return Tree.tostring(root, encoding="unicode"), width


def _clean(element: Tree.Element) -> None:
    for name in _USELESS:
        element.attrib.pop(name, None)
    for name in _ROUNDED:
        if name in element.attrib:
            element.attrib[name] = _NUMBER.sub(_one_decimal, element.attrib[name])
    for name in _PAINTS:
        color = element.attrib.get(name, "")
        if color in _COLORS:
            element.attrib[name] = _COLORS[color]
    for name, plain in (("opacity", "1"), ("stroke-width", "1"), ("fill-opacity", "1"), ("stroke-dasharray", "1,0")):
        if element.attrib.get(name) == plain:
            del element.attrib[name]


def _one_decimal(found: re.Match[str]) -> str:
    text = f"{float(found[0]):.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _prune(parent: Tree.Element) -> None:
    """Take out what draws nothing: hidden marks, empty paths and empty groups."""
    for child in list(parent):
        _prune(child)
        local = child.tag.rpartition("}")[2]
        nothing = child.get("display") == "none"
        nothing |= local == "g" and not len(child)
        nothing |= local == "rect" and child.get("fill") == "transparent"
        nothing |= local == "path" and child.get("d", "") in ("", "M0,0h0v0h0Z")
        nothing |= local == "path" and not ({"fill", "stroke"} & {*child.attrib})
        if nothing and local not in ("clipPath",):
            parent.remove(child)
        elif local == "g" and not child.attrib and len(child) == 1 and parent.tag != "clipPath":
            parent[list(parent).index(child)] = child[0]
