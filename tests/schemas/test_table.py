"""docs/schemas.md says of every table what the definitions say."""

from tests.schemas.table import DOCUMENT, rendered


def test_the_document_names_every_table_of_the_suite_and_no_other():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert rendered(text) == text
