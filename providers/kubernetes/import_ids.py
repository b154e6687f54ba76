"""Import ids of objects: `<namespace>/<name>`, and `<name>` of the namespace itself."""

from providers.contract.import_ids import ImportTable

IMPORT_TABLE = ImportTable(rows=(), again=frozenset())
