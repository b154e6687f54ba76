"""Architecture of a stack as an SVG picture, generated from its plan: `python -m automation.plan.docs.architecture`.

Boxes show the spec, counts are those of the plan: services with their replicas, the data stores that they
use, the entry in front of them, monitoring beside them, and an arrow for each call and each use.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from automation.plan.inventory import Inventory
from automation.plan.recorder import record
from automation.stack.document import Stack, read_stack
from providers import limits
from providers.contract.spec import Platform, Service

ARCHITECTURE_FILE = "docs/architecture.svg"
STACK = "prod"
BOX_WIDTH, BOX_HEIGHT, GAP = 200, 62, 60
MARGIN = 24
ENTRY_Y, SERVICES_Y = 96, 230
INK, LINE, PANEL, FILL = "#1f2933", "#52606d", "#f5f7fa", "#ffffff"
ACCENTS = {"entry": "#b44d12", "service": "#2457a6", "store": "#2f7d4f", "monitoring": "#6b3fa0"}


@dataclass(frozen=True)
class Box:
    """Rectangle with a title and one or two lines of detail."""

    name: str
    kind: str
    lines: tuple[str, ...]
    x: int
    y: int

    @property
    def center_x(self) -> int:
        """Horizontal center."""
        return self.x + BOX_WIDTH // 2


def architecture_svg(stack: Stack, inventory: Inventory) -> str:
    """Picture of a stack."""
    spec = stack.spec
    services = _service_boxes(spec)
    stores = _store_boxes(spec, max(box.y for box in services) + BOX_HEIGHT + GAP)
    width = max(box.x + BOX_WIDTH for box in (*services, *stores)) + 2 * MARGIN + BOX_WIDTH + GAP
    height = max(box.y for box in stores or services) + BOX_HEIGHT + 2 * MARGIN
    entry = Box("Entry", "entry", _entry_lines(spec), services[0].x, ENTRY_Y)
    monitoring = Box(
        "Monitoring", "monitoring", _monitoring_lines(spec, inventory), width - BOX_WIDTH - 2 * MARGIN, services[0].y
    )
    boxes = [*([entry] if spec.public else []), *services, *stores, monitoring]
    region = limits(spec.cloud).region(spec)
    title = f"{stack.name}: {spec.profile} on {spec.cloud} {region}, {len(inventory.custom)} resources"
    body = [
        _rectangle(MARGIN, services[0].y - 46, width - 2 * MARGIN, height - services[0].y + 46 - MARGIN, PANEL, LINE),
        _text(
            2 * MARGIN + BOX_WIDTH + GAP,
            services[0].y - 22,
            f"Region {region}: private network over {spec.network.zones} zones",
            13,
        ),
        *(line for box in boxes for line in _box(box)),
        *_arrows(spec, {box.name: box for box in boxes}),
    ]
    return _document(width, height, title, body)


def _service_boxes(spec: Platform) -> list[Box]:
    """Services in one row, callers before the services that they call."""
    names = sorted(spec.services, key=lambda name: _call_depth(spec, name, ()))
    step = BOX_WIDTH + GAP
    return [
        Box(name, "service", _service_lines(spec.services[name]), 2 * MARGIN + number * step, SERVICES_Y)
        for number, name in enumerate(names)
    ]


def _call_depth(spec: Platform, name: str, path: tuple[str, ...]) -> int:
    """Length of the longest chain of calls that leads to a service."""
    callers = [caller for caller in spec.callers_of(name) if caller not in path]
    return max((1 + _call_depth(spec, caller, (*path, name)) for caller in callers), default=0)


def _store_boxes(spec: Platform, y: int) -> list[Box]:
    database, cache, storage = spec.database, spec.cache, spec.storage
    stores: list[tuple[str, tuple[str, ...]]] = []
    if database is not None:
        availability = "two zones" if database.high_availability else "one zone"
        stores.append(
            (
                "database",
                (
                    f"PostgreSQL {database.version}, {availability}",
                    f"backups kept {database.backup.retention_days} days",
                ),
            )
        )
    if cache is not None:
        stores.append(
            (
                "cache",
                (f"Redis-compatible, {cache.memory_gib:g} GiB", "two zones" if cache.high_availability else "one zone"),
            )
        )
    if storage is not None:
        stores.append(("storage", ("private bucket", "versioned" if storage.versioning else "not versioned")))
    if spec.models:
        stores.append(("models", (f"{len(spec.models)} managed model" + ("s" if len(spec.models) > 1 else ""),)))
    step = BOX_WIDTH + GAP
    return [Box(name, "store", lines, 2 * MARGIN + number * step, y) for number, (name, lines) in enumerate(stores)]


def _service_lines(service: Service) -> tuple[str, ...]:
    replicas = f"{service.replicas.min} to {service.replicas.max} replicas"
    return (f"{service.app}, {replicas}", f"{service.size.vcpu:g} vCPU, {service.size.memory_gib:g} GiB each")


def _entry_lines(spec: Platform) -> tuple[str, ...]:
    waf = "WAF, " if spec.ingress.waf_settings else ""
    return (
        spec.ingress.domain or "generated name",
        f"{waf}{spec.ingress.requests_per_address} requests/min per client",
    )


def _monitoring_lines(spec: Platform, inventory: Inventory) -> tuple[str, ...]:
    alarms = [
        r
        for r in inventory.custom
        if r.short_type.endswith(("Alarm", "AlertPolicy", "MetricAlert", "ScheduledQueryRule"))
    ]
    parts = {"dashboard": spec.monitoring.dashboards, "SLO": spec.monitoring.slo, "budget": spec.budget}
    enabled = [name for name, part in parts.items() if part]
    return (f"{len(alarms)} alarms", ", ".join(enabled))


def _arrows(spec: Platform, boxes: dict[str, Box]) -> Iterator[str]:
    for name in spec.public:
        yield _arrow(boxes["Entry"], boxes[name], LINE)
    for name, service in spec.services.items():
        for callee in service.calls:
            yield _arrow(boxes[name], boxes[callee], ACCENTS["service"])
        for part in service.uses:
            if part in boxes:
                yield _arrow(boxes[name], boxes[part], ACCENTS["store"])


def _arrow(start: Box, end: Box, color: str) -> str:
    if start.y == end.y:
        first, last = (start, end) if start.x < end.x else (end, start)
        x1, x2 = (first.x + BOX_WIDTH, last.x) if start is first else (last.x, first.x + BOX_WIDTH)
        y1 = y2 = start.y + BOX_HEIGHT // 2
    else:
        x1, y1, x2, y2 = start.center_x, start.y + BOX_HEIGHT, end.center_x, end.y
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{color}" stroke-width="1.5" marker-end="url(#tip)"/>'


def _box(box: Box) -> Iterator[str]:
    yield _rectangle(box.x, box.y, BOX_WIDTH, BOX_HEIGHT, FILL, ACCENTS[box.kind])
    yield _text(box.x + 12, box.y + 20, box.name, 14, weight="600")
    for number, line in enumerate(box.lines):
        yield _text(box.x + 12, box.y + 38 + 15 * number, line, 11)


def _rectangle(x: int, y: int, width: int, height: int, fill: str, stroke: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" stroke="{stroke}"/>'


def _text(x: int, y: int, text: str, size: int, weight: str = "400") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{INK}">{escape(text)}</text>'


def _document(width: int, height: int, title: str, body: list[str]) -> str:
    tip = '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<defs>{tip}<path d="M0 0 8 4 0 8z" fill="{LINE}"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="{FILL}"/>',
        _text(MARGIN, 36, title, 16, weight="600"),
        _text(
            MARGIN,
            62,
            "Clients reach the public services through the entry; arrows are the only connections allowed.",
            12,
        ),
    ]
    return "\n".join([*head, *body, "</svg>", ""])


def generate(root: Path) -> str:
    """Picture of the production stack file of a project folder."""
    stack = read_stack(root, STACK)
    inventory = record(root / "__main__.py", stack.name, stack.config, stack.secret_keys)
    return architecture_svg(stack, inventory)


def main() -> None:
    """Write the picture into the project folder."""
    Path(ARCHITECTURE_FILE).write_text(generate(Path.cwd()), encoding="utf-8")


if __name__ == "__main__":
    main()
