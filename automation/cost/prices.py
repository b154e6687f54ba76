"""Price table of a region: data of `providers/<cloud>/cost/prices`, of which only one region is read.

`<region>.json` has a row for each price unit with its source and date, `global.json` those that are equal in every region,
and `index.json` the date of the table, its sources, and regions whose prices are those of another region times a factor.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.contract.json_data import Raw, is_mapping

CURRENCY = "USD"
ESTIMATE = "estimate"
"""Source of prices that no page or bill confirms."""
COUNT = "times"
"""Beginning of units that are no prices, which are the same in every region."""
STALE_DAYS = 180
"""Age of a table above which the estimate says so."""
PROVIDERS = Path(__file__).parents[2] / "providers"


@dataclass(frozen=True)
class Price:
    """Price of one unit in US dollars, with source and date; `verified` is false for an estimate."""

    usd: float
    unit: str
    source: str
    date: str
    note: str = ""

    @property
    def verified(self) -> bool:
        """True when a page, an interface or a bill of the vendor has this price."""
        return self.source != ESTIMATE


@dataclass(frozen=True)
class PriceTable:
    """Prices of one region of a cloud by SKU."""

    cloud: str
    region: str
    as_of: date
    prices: Mapping[str, Price]

    def price(self, sku: str) -> Price | None:
        """Return the price of a SKU; None when the table has none."""
        return self.prices.get(sku)

    def usd(self, sku: str) -> float | None:
        """Return the US dollars of one unit of a SKU; None when the table has none."""
        price = self.price(sku)
        return None if price is None else price.usd


def priced_regions(cloud: str) -> tuple[str, ...]:
    """Return the regions that have prices, in alphabetical order; none for a cloud without a price table."""
    folder = _folder(cloud)
    if not folder.is_dir():
        return ()
    own = {file.stem for file in folder.glob("*.json")}
    return tuple(sorted({*own, *_multipliers(cloud)} - {"index", "global"}))


@lru_cache(maxsize=4)
def price_table(cloud: str, region: str) -> PriceTable:
    """Return the prices of a region; raises LookupError when there are none for it."""
    if region not in priced_regions(cloud):
        raise LookupError(f"there are no prices for {region or cloud}")
    own, index = _rows(cloud, region), _index(cloud)
    base, factor = str(index["multiplied_region"]), _multipliers(cloud).get(region)
    multiplied = {} if factor is None else {sku: _times(row, factor, base) for sku, row in _rows(cloud, base).items()}
    rows = {**_rows(cloud, "global"), **multiplied, **own}
    return PriceTable(cloud, region, date.fromisoformat(str(index["as_of"])), rows)


def prices_of(cloud: str, region: str) -> Callable[[str], float | None]:
    """Return the prices of a region by SKU; a region without a price table has none that is known."""
    try:
        return price_table(cloud, region).usd
    except LookupError:
        return lambda _sku: None


def required_table(cloud: str, region: str, key: str) -> PriceTable:
    """Return the prices of a region; raises InvalidConfiguration with the regions that have prices."""
    try:
        return price_table(cloud, region)
    except LookupError as missing:
        regions = priced_regions(cloud)
        fix = "use --cloud aws, gcp or azure"
        if regions:
            fix = f"set price_region in the file of --usage to {listed(regions)}, whose prices are then used"
        raise InvalidConfiguration([ConfigError(key, str(missing), fix)]) from None


def sources_of(cloud: str) -> dict[str, str]:
    """Return title and address of each source by its name."""
    sources = _index(cloud)["sources"]
    named = {name: row for name, row in sources.items() if is_mapping(row)} if is_mapping(sources) else {}
    return {name: " ".join(str(row[part]) for part in ("title", "url") if row.get(part)) for name, row in named.items()}


def _times(price: Price, factor: float, base: str) -> Price:
    if price.unit.startswith(COUNT):
        return price
    return replace(price, usd=price.usd * factor, source=ESTIMATE, note=f"{factor:g} times the price of {base}")


@lru_cache(maxsize=4)
def _index(cloud: str) -> Raw:
    return _read(_folder(cloud) / "index.json")


def _multipliers(cloud: str) -> dict[str, float]:
    factors = _index(cloud)["multipliers"]
    return {region: float(str(factor)) for region, factor in factors.items()} if is_mapping(factors) else {}


def _rows(cloud: str, region: str) -> dict[str, Price]:
    file = _folder(cloud) / f"{region}.json"
    rows = _read(file) if file.is_file() else {}
    return {sku: _price(row) for sku, row in rows.items() if is_mapping(row)}


def _price(row: Raw) -> Price:
    return Price(
        usd=float(str(row["usd"])),
        unit=str(row["unit"]),
        source=str(row["source"]),
        date=str(row["date"]),
        note=str(row.get("note", "")),
    )


def _folder(cloud: str) -> Path:
    return PROVIDERS / cloud / "cost" / "prices"


def _read(file: Path) -> Raw:
    return json.loads(file.read_text(encoding="utf-8"))
