"""Cost of a model call. Pure.

Costs come from a table, because a provider's bill is available only a day later. Prices change, so MODEL_PRICES replaces
or adds rows. The cost of a model without a row is unknown; it is counted as such and never as zero.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens; `cached_usd` for input from the provider's cache."""

    input_usd: float
    output_usd: float
    cached_usd: float


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; `cached` is the part of `input` that came from the provider's cache."""

    input: int
    output: int
    cached: int = 0


PRICES: Mapping[str, Price] = {
    "gpt-4.1": Price(2.00, 8.00, 0.50),
    "gpt-4.1-mini": Price(0.40, 1.60, 0.10),
    "gpt-4.1-nano": Price(0.10, 0.40, 0.025),
    "gpt-4o": Price(2.50, 10.00, 1.25),
    "gpt-4o-mini": Price(0.15, 0.60, 0.075),
    "gpt-5": Price(1.25, 10.00, 0.125),
    "gpt-5-mini": Price(0.25, 2.00, 0.025),
    "local-rules": Price(0, 0, 0),
}
"""List prices of https://openai.com/api/pricing for text, standard tier; check them against your contract."""


def cost_usd(model: str, usage: Usage, prices: Mapping[str, Price] = PRICES) -> float | None:
    """Cost of a call in US dollars; None for a model without a price."""
    price = prices.get(model)
    if price is None:
        return None
    fresh = usage.input - usage.cached
    spent = fresh * price.input_usd + usage.cached * price.cached_usd + usage.output * price.output_usd
    return spent / MILLION


def read_prices(text: str | None) -> Mapping[str, Price]:
    """Return the table with the rows of MODEL_PRICES, `{"model": [input, output, cached]}`; raises ValueError."""
    if not text:
        return PRICES
    try:
        rows = cast(object, json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(f'MODEL_PRICES is no JSON ({error.msg}); write {{"model": [input, output, cached]}}') from None
    if not isinstance(rows, dict):
        raise ValueError('MODEL_PRICES must be an object; write {"model": [input, output, cached]}')
    return {
        **PRICES,
        **{str(model): _price(str(model), row) for model, row in cast(dict[object, object], rows).items()},
    }


def _price(model: str, row: object) -> Price:
    numbers = cast(list[object], row) if isinstance(row, list) else []
    amounts = [float(number) for number in numbers if isinstance(number, int | float) and not isinstance(number, bool)]
    if len(numbers) != 3 or len(amounts) != 3 or min(amounts) < 0:
        raise ValueError(
            f"MODEL_PRICES.{model} must be three numbers of US dollars for a million tokens, 0 or more: "
            f"input, output and cached input"
        )
    return Price(*amounts)
