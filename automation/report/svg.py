"""Picture of a layout as SVG: inside the report, whose page defines the colours, or as a separate file. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from html import escape

from automation.pages.renderer import style_sheets
from automation.report.layout import HEIGHT, MARGIN, WIDTH, Box, Lane, Picture, Route

PAD = 10
MIN_SCALE = 0.8
"""Scale to which a page may shrink the picture before it scrolls; smaller text would be hard to read."""
TITLE_CHARACTERS, LINE_CHARACTERS = 22, 33
"""Characters that fit into a node in the two sizes of text."""


def svg(picture: Picture, *, links: bool) -> str:
    """Return the picture; with `links`, each node leads to its row of the report."""
    size = f'viewBox="0 0 {picture.width} {picture.height}" width="{picture.width}" height="{picture.height}" style="min-width: {round(picture.width * MIN_SCALE)}px"'
    joined = Counter((route.points[1][0], route.edge.what) for route in picture.routes)
    body = [
        f'<title id="picture-title">{escape(picture.title)}</title>',
        f'<desc id="picture-text">{escape(described(picture))}</desc>',
        f'<text class="title" x="{MARGIN}" y="{MARGIN + 12}">{escape(picture.title)}</text>',
        *(line for lane in picture.lanes for line in _lane(lane)),
        *(
            line
            for route in picture.routes
            for line in _route(route, merged=joined[route.points[1][0], route.edge.what] > 1)
        ),
        *(line for box in picture.boxes for line in _box(box, links=links)),
    ]
    # a picture with links inside is a group: the links of an element with the role `img` would be hidden
    role = f'class="picture" role="{"group" if links else "img"}" aria-labelledby="picture-title" aria-describedby="picture-text"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {role}>', *body, "</svg>"])


def svg_file(picture: Picture) -> str:
    """Return the picture as a file with its colours and a background, for documents."""
    text = svg(picture, links=False)
    styles = style_sheets("colours", "picture")
    start, _, rest = text.partition("\n")
    background = f'<rect width="{picture.width}" height="{picture.height}" fill="var(--paper)"/>'
    return "\n".join([start, f"<style>{styles}</style>", background, rest, ""])


def described(picture: Picture) -> str:
    """Return the edges as text, one sentence for each source."""
    titles = {box.node.key: box.node.title for box in picture.boxes}
    targets: dict[str, list[str]] = {}
    for route in picture.routes:
        targets.setdefault(route.edge.source, []).append(titles[route.edge.target])
    return " ".join(f"{titles[source]} reaches {', '.join(dict.fromkeys(names))}." for source, names in targets.items())


def anchor(key: str) -> str:
    """Return the id of the row that describes a node."""
    return "row-" + re.sub(r"[^A-Za-z0-9_-]", "-", key)


def _lane(lane: Lane) -> Iterator[str]:
    yield f'<rect class="lane" x="{lane.x}" y="{lane.y}" width="{lane.width}" height="{lane.height}" rx="8"/>'
    yield f'<text class="caption" x="{lane.x + 14}" y="{lane.y + 20}">{escape(lane.title)}</text>'


def _route(route: Route, *, merged: bool) -> Iterator[str]:
    kind = route.edge.what
    line = " ".join(f"{'M' if number == 0 else 'L'}{x} {y}" for number, (x, y) in enumerate(route.points))
    source, target = (escape(each, quote=True) for each in (route.edge.source, route.edge.target))
    yield f'<path class="edge {kind}" d="{line}" data-from="{source}" data-to="{target}"/>'
    x, y = route.points[-1]
    back = 7 if route.points[-2][0] > x else -7
    yield f'<path class="tip {kind}" d="M{x} {y}L{x + back} {y - 4}L{x + back} {y + 4}Z"/>'
    if merged and kind != "copies":
        joint_x, joint_y = route.points[1]
        yield f'<circle class="join {kind}" cx="{joint_x}" cy="{joint_y}" r="2.5"/>'


def _box(box: Box, *, links: bool) -> Iterator[str]:
    node = box.node
    kinds = f"node n{node.tier}{' public' if node.public else ''}"
    # the name of a link is its text (WCAG 2.2, 2.5.3); what does not fit is in the row to which it leads
    start = f'<a class="{kinds}" href="#{anchor(node.key)}">'
    yield start if links else f'<g class="{kinds}">'
    yield f'<rect class="box" x="{box.x}" y="{box.y}" width="{WIDTH}" height="{HEIGHT}" rx="6" data-node="{escape(node.key, quote=True)}"/>'
    yield f'<text class="title" x="{box.x + PAD}" y="{box.y + 19}">{escape(_cut(node.title, TITLE_CHARACTERS))}</text>'
    for number, line in enumerate(node.lines):
        yield f'<text x="{box.x + PAD}" y="{box.y + 34 + 13 * number}">{escape(_cut(line, LINE_CHARACTERS))}</text>'
    yield "</a>" if links else "</g>"


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"
