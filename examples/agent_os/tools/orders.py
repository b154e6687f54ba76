"""Orders of a fictional shop, by number. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    """Order of the shop."""

    number: str
    status: str
    items: int
    total_usd: float


ORDERS = {
    order.number: order
    for order in (
        Order("A-1001", "shipped", 2, 59.90),
        Order("A-1002", "being packed", 1, 12.00),
        Order("A-1003", "delivered", 5, 240.35),
        Order("A-1004", "returned", 1, 89.00),
    )
}


def find(number: str) -> Order | None:
    """Order with this number in any spelling; None when it does not exist."""
    return ORDERS.get(number.strip().upper())
