"""Layout of the picture: places of nodes, and right-angled routes of edges that cross no node. Pure.

Columns are the tiers. Each target has one vertical track in the gutter before its column, so edges to it merge; a source gives
every edge a separate port. More than `MAX_ROWS` services are in two columns, offset by half a row: a route from the one column
passes between the nodes of the other. Adding a service moves only what is below it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from automation.report.graph import Edge, Graph, Node, NodeTier
from providers.contract.report import ENTRY

WIDTH, HEIGHT = 212, 68
ROW, CLOSE_ROW = 2 * HEIGHT, HEIGHT + 30
"""Distance of two nodes in a column: with two columns of services, the gap between them is as high as a node."""
MARGIN, HEAD, LANE_GAP, LANE_PAD = 24, 30, 34, 18
TRACK, GUTTER = 14, 26
PORT = 8
MAX_PORTS_HEIGHT = HEIGHT - 16
CHARACTER = 7
"""Width of a character of a lane's title, which is wider than most are."""
MAX_ROWS = 8
"""Services in one column; more are in two."""
Point = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """Place of a node: its upper left corner."""

    node: Node
    x: int
    y: int

    @property
    def right(self) -> int:
        """Right side."""
        return self.x + WIDTH

    @property
    def middle(self) -> int:
        """Vertical center."""
        return self.y + HEIGHT // 2


@dataclass(frozen=True)
class Route:
    """Edge with the points of its line, from the source to the target."""

    edge: Edge
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Lane:
    """Rectangle of a region."""

    title: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """Places of everything in a picture, in pixels."""

    title: str
    width: int
    height: int
    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]


def picture_of(graph: Graph) -> Picture:
    """Return the layout of a graph; the same graph has the same layout."""
    return _Layout(graph).picture


class _Layout:
    """Layout in steps: gutters from the number of tracks, columns from gutters, rows from lanes, routes from all."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        services = [self._of(lane, NodeTier.SERVICE) for lane, _title in graph.lanes]
        self.columns = 2 if max(map(len, services)) > MAX_ROWS else 1
        self.row = ROW if self.columns == 2 else CLOSE_ROW
        self.edges_of: dict[str, list[Edge]] = {}
        for edge in graph.edges:
            self.edges_of.setdefault(edge.source, []).append(edge)
        self.column = {node.key: self._column(node) for node in graph.nodes}
        self.tracks = self._tracks()
        self.x = self._column_positions()

    def _of(self, lane: str, tier: NodeTier) -> list[Node]:
        return [node for node in self.graph.nodes if node.lane == lane and node.tier is tier]

    def _column(self, node: Node) -> int:
        """Return the column of a node: 0 internet, 1 entry, 2 and 3 services, 4 data, 5 outside."""
        if node.tier is NodeTier.SERVICE:
            index = self._of(node.lane, NodeTier.SERVICE).index(node)
            return 2 + (index % 2 if self.columns == 2 else 0)
        return {NodeTier.INTERNET: 0, NodeTier.ENTRY: 1, NodeTier.DATA: 4, NodeTier.OUTSIDE: 5}[node.tier]

    def _gutter(self, edge: Edge) -> int:
        """Return the gutter of an edge's track: that before the column of its target; 6 is behind the data.

        Requests pass between the services of the first column to those of the second one.
        """
        if edge.what == "copies":
            return 6
        column = self.column[edge.target]
        if edge.what == "requests" and column == 3:
            return 2
        return 4 if column == 5 else column

    def _track_key(self, edge: Edge) -> str:
        """Return what shares a track: edges to one target; routes of the entry have one track for all services."""
        return edge.source if edge.what == "requests" else edge.target

    def _tracks(self) -> dict[int, list[str]]:
        tracks: dict[int, list[str]] = {gutter: [] for gutter in range(7)}
        order = {node.key: number for number, node in enumerate(self.graph.nodes)}
        keys = {(self._gutter(edge), self._track_key(edge)) for edge in self.graph.edges}
        for gutter, key in sorted(keys, key=lambda each: (each[0], order[each[1]])):
            tracks[gutter].append(key)
        return tracks

    def _gutter_width(self, gutter: int) -> int:
        return 2 * GUTTER + TRACK * max(len(self.tracks[gutter]) - 1, 0)

    def _column_positions(self) -> dict[int, int]:
        used = sorted(set(self.column.values()))
        positions: dict[int, int] = {}
        x = MARGIN
        for column in used:
            x += LANE_PAD if column == min((each for each in used if each >= 2), default=2) else 0
            gutter = 4 if column == 5 and 4 not in used else column
            x += self._gutter_width(gutter) if column != used[0] or column >= 2 else 0
            positions[column] = x
            x += WIDTH
        self.right = x + (self._gutter_width(6) if self.tracks[6] else 0) + LANE_PAD
        return positions

    def _track_x(self, edge: Edge) -> int:
        gutter = self._gutter(edge)
        index = self.tracks[gutter].index(self._track_key(edge))
        if gutter == 6:
            return self.x[4] + WIDTH + GUTTER + TRACK * index
        column = min(each for each in self.x if each >= gutter)
        return self.x[column] - self._gutter_width(gutter) + GUTTER + TRACK * index

    @cached_property
    def picture(self) -> Picture:
        """The whole layout."""
        boxes: dict[str, Box] = {}
        lanes: list[Lane] = []
        left = self.x[min(each for each in self.x if each >= 2)]
        left -= self._gutter_width(min(each for each in self.x if each >= 2)) - GUTTER // 2
        y = MARGIN + HEAD
        for lane, title in self.graph.lanes:
            placed = self._lane_boxes(lane, y + HEAD)
            bottom = max((box.y + HEIGHT for box in placed), default=y + HEAD) + LANE_PAD
            width = max(self.right - left, 2 * LANE_PAD + CHARACTER * len(title))
            lanes.append(Lane(title, left, y, width, bottom - y))
            boxes |= {box.node.key: box for box in placed}
            y = bottom + LANE_GAP
        boxes |= self._front_boxes(lanes[0])
        ordered = tuple(boxes[node.key] for node in self.graph.nodes)
        routes = tuple(self._route(edge, boxes) for edge in self.graph.edges)
        right = max(lane.x + lane.width for lane in lanes)
        return Picture(self.graph.title, right + MARGIN, y - LANE_GAP + MARGIN, tuple(lanes), ordered, routes)

    def _front_boxes(self, lane: Lane) -> dict[str, Box]:
        front = [node for node in self.graph.nodes if not node.lane]
        return {node.key: Box(node, self.x[self.column[node.key]], lane.y + HEAD) for node in front}

    def _lane_boxes(self, lane: str, top: int) -> list[Box]:
        boxes: list[Box] = []
        for index, node in enumerate(self._of(lane, NodeTier.SERVICE)):
            offset = index * self.row // 2 if self.columns == 2 else index * self.row
            boxes.append(Box(node, self.x[self.column[node.key]], top + offset))
        data = self._of(lane, NodeTier.DATA)
        boxes += [Box(node, self.x[4], top + index * self.row) for index, node in enumerate(data)]
        # routes to the outside pass below the data
        for index, node in enumerate(self._of(lane, NodeTier.OUTSIDE)):
            boxes.append(Box(node, self.x[5], top + (len(data) + index) * self.row))
        return boxes

    def _route(self, edge: Edge, boxes: Mapping[str, Box]) -> Route:
        source, target = boxes[edge.source], boxes[edge.target]
        leaves_left = self._leaves_left(edge)
        start_y = source.middle + self._port(edge, leaves_left=leaves_left)
        end_y = target.middle + self._entry_offset(edge)
        track = self._track_x(edge)
        if edge.what == "copies":
            return Route(edge, ((source.right, start_y), (track, start_y), (track, end_y), (target.right, end_y)))
        start = source.x if leaves_left else source.right
        return Route(edge, ((start, start_y), (track, start_y), (track, end_y), (target.x, end_y)))

    def _entry_offset(self, edge: Edge) -> int:
        """Return where an edge enters its target, from its middle: calls in the upper half, everything else above them."""
        if edge.what == "calls":
            return -14
        # higher than every port, so that it is on no line with the port of a service in the same row
        return 0 if edge.target == ENTRY else -HEIGHT // 2 + 6

    def _port(self, edge: Edge, *, leaves_left: bool) -> int:
        """Return the vertical offset of an edge's port: each track of a side of the source has a port."""
        side = [each for each in self.edges_of[edge.source] if self._leaves_left(each) == leaves_left]
        tracks = sorted({self._port_key(each) for each in side})
        index = tracks.index(self._port_key(edge))
        if leaves_left:
            # the upper half of the left side is for edges that enter
            return 2 + round(index * min(PORT, MAX_PORTS_HEIGHT / 2 / max(len(tracks) - 1, 1)))
        step = min(PORT, MAX_PORTS_HEIGHT / max(len(tracks) - 1, 1))
        return round((index - (len(tracks) - 1) / 2) * step)

    def _leaves_left(self, edge: Edge) -> bool:
        return edge.what == "calls" and self.column[edge.source] >= self.column[edge.target]

    def _port_key(self, edge: Edge) -> tuple[int, str]:
        gutter = self._gutter(edge)
        return self.tracks[gutter].index(self._track_key(edge)) + 1000 * gutter, self._track_key(edge)
