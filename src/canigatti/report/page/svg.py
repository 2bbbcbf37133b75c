"""SVG with few bytes: what matplotlib writes is three times as long as the same drawing needs to be."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_REFERENCE = re.compile(r"(?<=^#)[^)]+$|(?<=^url\(#)[^)]+(?=\)$)")
_NO_ROTATION = re.compile(r"rotate\(-?0( [^)]*)?\)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_LINES = re.compile(r"(?:[ML] -?[\d.]+ -?[\d.]+\s+)+z?\s*")


def compact(svg: str) -> str:
    """Return the SVG of a figure that looks the same with fewer bytes.

    Texts stay texts. Coordinates are rounded to a tenth of a point, lines are relative to their start, equal styles
    are written once, and indentation, names and groups that nothing refers to are left out.

    Args:
        svg: from matplotlib, whose paths have absolute coordinates.
    """
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        _rename_attribute(element, f"{_XLINK}href", "href")
        _strip_indentation(element)
    root.set("xmlns", _SVG[1:-1])
    for element in [*root.iter()][1:]:
        _round(element)
    _shorten_ids(root)
    _share_styles(root)
    _remove_groups(root)
    return ElementTree.tostring(root, encoding="unicode")


def _rename_attribute(element: Element, name: str, new: str) -> None:
    if name in element.attrib:
        element.set(new, element.attrib.pop(name))


def _strip_indentation(element: Element) -> None:
    if element.tag != "text" and not (element.text or "").strip():
        element.text = None
    element.tail = None


def _round(element: Element) -> None:
    for name in ("x", "y", "width", "height"):
        if _NUMBER.fullmatch(element.get(name, "")):
            element.set(name, _format(round(10 * float(element.attrib[name]))))
    if _NO_ROTATION.fullmatch(element.get("transform", "")):
        del element.attrib["transform"]
    if "d" in element.attrib:
        element.set("d", _path(element.attrib["d"]))


def _format(tenths: int) -> str:
    """Return tenths as a decimal number without needless zeros: `-.5`, `12`, `3.4`."""
    sign, whole, rest = "-" if tenths < 0 else "", abs(tenths) // 10, abs(tenths) % 10
    return f"{sign}{whole or ''}.{rest}" if rest else f"{sign}{whole}"


def _path(absolute: str) -> str:
    """Shorten a path; only those that consist of lines become relative."""
    if _LINES.fullmatch(absolute):
        return "".join(_relative(absolute.split()))
    return " ".join(_format(round(10 * float(part))) if _NUMBER.fullmatch(part) else part for part in absolute.split())


def _relative(parts: list[str]) -> Iterator[str]:
    """Yield the commands of a path with lines relative to the rounded point before them, so that no error adds up."""
    x = y = 0
    before = ""
    for start in range(0, len(parts) - 2, 3):
        command, *point = parts[start : start + 3]
        new_x, new_y = (round(10 * float(value)) for value in point)
        if command == "M":
            name, first, second = "M", new_x, new_y
        else:
            name, first, second = "l", new_x - x, new_y - y
        # A sign separates numbers too, and after one line another one needs no letter.
        letter = name if name == "M" or before != "l" else "" if first < 0 else " "
        yield f"{letter}{_format(first)}{'' if second < 0 else ' '}{_format(second)}"
        x, y, before = new_x, new_y, name
    if parts[-1] == "z":
        yield "z"


def _shorten_ids(root: Element) -> None:
    references = [
        match[0] for element in root.iter() for value in element.attrib.values() if (match := _REFERENCE.search(value))
    ]
    names = {name: f"i{number}" for number, name in enumerate(dict.fromkeys(references))}
    for element in root.iter():
        for attribute, value in [*element.attrib.items()]:
            if attribute == "id" and value not in names:
                del element.attrib["id"]
            elif attribute == "id":
                element.set("id", names[value])
            else:
                element.set(attribute, _REFERENCE.sub(lambda match: names[match[0]], value))


def _share_styles(root: Element) -> None:
    """Write each style once, as a class."""
    classes: dict[str, str] = {}
    for element in root.iter():
        if style := element.attrib.pop("style", ""):
            element.set("class", classes.setdefault(style, f"s{len(classes)}"))
    sheet = root.find("defs/style")
    assert sheet is not None
    rules = "".join(f".{name}{{{style.replace('; ', ';').replace(': ', ':')}}}" for style, name in classes.items())
    sheet.text = f"{sheet.text or ''}{rules}"


def _remove_groups(parent: Element) -> None:
    """Replace groups that change nothing by what is in them."""
    children: list[Element] = []
    for child in [*parent]:
        _remove_groups(child)
        children += [*child] if child.tag == "g" and not child.attrib else [child]
    parent[:] = children
