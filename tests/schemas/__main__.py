"""Write the tables of docs/schemas.md anew."""

from tests.schemas.table import DOCUMENT, rendered

DOCUMENT.write_text(rendered(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
