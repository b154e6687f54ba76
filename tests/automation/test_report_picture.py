"""Layout of the picture of a report: no shape of a platform makes overlaps, and edges end at their nodes."""

from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.report.graph import Edge, Graph, Node, NodeTier, mermaid
from automation.report.layout import HEIGHT, WIDTH, Box, Picture, Point, Route, picture_of
from automation.report.svg import anchor, svg, svg_file

pytestmark = pytest.mark.long(reason="draws many pictures")

STORES = ("database", "cache", "storage")
OUTSIDE = ("models", "outbound")
Segment = tuple[Point, Point]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graph of 1 to 50 services in one or two regions, with any calls, uses, routes and copies."""
    lanes = draw(st.sampled_from([("home",), ("home", "standby")]))
    count = draw(st.integers(1, 50))
    names = [f"service-{number}" for number in range(count)]
    stores = [each for each in STORES if draw(st.booleans())]
    outside = [each for each in OUTSIDE if draw(st.booleans())]
    public = draw(st.lists(st.sampled_from(names), unique=True, max_size=count))
    pairs = st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda pair: pair[0] != pair[1])
    calls = draw(st.lists(pairs, unique=True, max_size=80)) if count > 1 else []
    uses = {
        name: draw(st.sets(st.sampled_from([*stores, *outside]))) if stores or outside else set[str]() for name in names
    }
    nodes = [
        Node("internet", "Internet", ("any address",), NodeTier.INTERNET, ""),
        Node("entry", "Entry", ("TLS",), NodeTier.ENTRY, ""),
    ]
    edges = [Edge("internet", "entry", "requests")]
    if not public:
        nodes, edges = [], []
    for lane in lanes:
        nodes += [Node(f"{lane}/{name}", name, ("one", "two"), NodeTier.SERVICE, lane) for name in names]
        nodes += [Node(f"{lane}/{each}", each, ("one", "two", "three"), NodeTier.DATA, lane) for each in stores]
        nodes += [Node(f"{lane}/{each}", each, ("one",), NodeTier.OUTSIDE, lane) for each in outside]
        edges += [Edge("entry", f"{lane}/{name}", "requests") for name in public]
        edges += [Edge(f"{lane}/{caller}", f"{lane}/{callee}", "calls") for caller, callee in calls]
        edges += [
            Edge(f"{lane}/{name}", f"{lane}/{part}", "outbound" if part == "outbound" else "uses")
            for name in names
            for part in sorted(uses[name])
        ]
    if len(lanes) > 1:
        edges += [Edge(f"home/{each}", f"standby/{each}", "copies") for each in stores if each != "cache"]
    return Graph("picture", tuple((lane, f"Region {lane}") for lane in lanes), tuple(nodes), tuple(edges))


def segments(route: Route) -> Iterator[Segment]:
    yield from zip(route.points, route.points[1:], strict=False)


def crosses(segment: Segment, box: Box) -> bool:
    """True when a segment passes through the inside of a box; its sides do not count."""
    (x1, y1), (x2, y2) = segment
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    return left < box.right and right > box.x and top < box.y + HEIGHT and bottom > box.y


def shared(first: Segment, second: Segment) -> bool:
    """True when two segments lie on one line and have more than a point in common."""
    (ax1, ay1), (ax2, ay2) = first
    (bx1, by1), (bx2, by2) = second
    if ay1 == ay2 == by1 == by2:
        return min(max(ax1, ax2), max(bx1, bx2)) > max(min(ax1, ax2), min(bx1, bx2))
    if ax1 == ax2 == bx1 == bx2:
        return min(max(ay1, ay2), max(by1, by2)) > max(min(ay1, ay2), min(by1, by2))
    return False


def on_side(point: Point, box: Box) -> bool:
    x, y = point
    return x in (box.x, box.right) and box.y <= y <= box.y + HEIGHT


@given(graphs())
def test_no_two_nodes_overlap_and_every_node_is_inside_its_lane(graph: Graph) -> None:
    picture = picture_of(graph)
    assert [box.node for box in picture.boxes] == list(graph.nodes)
    for one, other in combinations(picture.boxes, 2):
        assert one.right < other.x or other.right < one.x or one.y + HEIGHT < other.y or other.y + HEIGHT < one.y
    lanes = {key: lane for (key, _title), lane in zip(graph.lanes, picture.lanes, strict=True)}
    for box in picture.boxes:
        assert box.x > 0 and box.right < picture.width and box.y + HEIGHT < picture.height
        if box.node.lane:
            lane = lanes[box.node.lane]
            assert lane.x < box.x and box.right < lane.x + lane.width
            assert lane.y < box.y and box.y + HEIGHT < lane.y + lane.height


@given(graphs())
def test_every_edge_is_right_angled_ends_at_its_nodes_and_crosses_none(graph: Graph) -> None:
    picture = picture_of(graph)
    boxes = {box.node.key: box for box in picture.boxes}
    assert [route.edge for route in picture.routes] == list(graph.edges)
    for route in picture.routes:
        assert on_side(route.points[0], boxes[route.edge.source])
        assert on_side(route.points[-1], boxes[route.edge.target])
        for segment in segments(route):
            assert segment[0][0] == segment[1][0] or segment[0][1] == segment[1][1]
            assert not [box.node.key for box in picture.boxes if crosses(segment, box)]


@given(graphs())
def test_edges_share_a_line_only_to_one_target_or_from_the_entry(graph: Graph) -> None:
    lines: dict[tuple[str, int], list[tuple[Segment, Edge]]] = {}
    for route in picture_of(graph).routes:
        for segment in segments(route):
            horizontal = segment[0][1] == segment[1][1]
            lines.setdefault(("y", segment[0][1]) if horizontal else ("x", segment[0][0]), []).append(
                (segment, route.edge)
            )
    for on_line in lines.values():
        for (first, one), (second, other) in combinations(on_line, 2):
            if one.target != other.target and not one.source == other.source == "entry":
                assert not shared(first, second), (one, other)


@given(graphs())
def test_the_picture_is_complete_and_the_same_twice(graph: Graph) -> None:
    text = svg_file(picture_of(graph))
    assert text == svg_file(picture_of(graph))
    root = ElementTree.fromstring(text)  # noqa: S314  # generated here
    drawn = [each.get("data-node") for each in root.iter() if each.get("data-node")]
    assert drawn == [node.key for node in graph.nodes]
    edges = [(each.get("data-from"), each.get("data-to")) for each in root.iter() if each.get("data-from")]
    assert edges == [(edge.source, edge.target) for edge in graph.edges]
    flowchart = mermaid(graph)
    assert flowchart == mermaid(graph)
    assert sum("-->" in line or "-.->" in line for line in flowchart.splitlines()) == len(graph.edges)


def small(title: str = "chat") -> Graph:
    nodes = (
        Node("home/chat", title, ("fastapi :8001, 2-4 replicas",), NodeTier.SERVICE, "home"),
        Node("home/database", "PostgreSQL", ("port 5432",), NodeTier.DATA, "home"),
    )
    return Graph("picture", (("home", "Region home"),), nodes, (Edge("home/chat", "home/database", "uses"),))


def test_each_node_of_the_page_leads_to_its_row() -> None:
    root = ElementTree.fromstring(svg(picture_of(small()), links=True))  # noqa: S314  # generated here
    links = [each.get("href") for each in root.iter() if each.get("href")]
    assert links == [f"#{anchor('home/chat')}", f"#{anchor('home/database')}"]
    assert root.get("role") == "group"


def test_names_are_escaped_and_cut_to_their_node() -> None:
    hostile = '"><script>alert(1)</script>' + "x" * 60
    picture = picture_of(small(hostile))
    text = svg(picture, links=True)
    assert "<script>" not in text
    root = ElementTree.fromstring(text)  # noqa: S314  # generated here
    shown = [each.text for each in root.iter() if each.tag.endswith("text") and each.get("class") == "title"]
    assert all(len(each or "") * 7 <= WIDTH for each in shown[1:])
    assert "<script>" not in mermaid(small(hostile))


def test_a_new_service_moves_only_what_is_below_it() -> None:
    before = picture_of(small())
    graph = small()
    more = Node("home/worker", "worker", ("celery",), NodeTier.SERVICE, "home")
    after: Picture = picture_of(Graph(graph.title, graph.lanes, (*graph.nodes, more), graph.edges))
    places = {box.node.key: (box.x, box.y) for box in after.boxes}
    assert {box.node.key: (box.x, box.y) for box in before.boxes}.items() <= places.items()
