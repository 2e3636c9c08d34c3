"""A row counts as what its most needy secret is, in the census as in a sweep."""

import json

import pytest

from reseal.cell import State, state
from reseal.shape import Shape
from tests.reseal.scene import SEED

FERNET = "gAAAAABlZ3" + "A" * 90


@pytest.fixture
def documents(scene):
    return scene.table("id int PRIMARY KEY, s text", [], column="s", path="codes[*]", format="text")


@pytest.mark.parametrize(
    ("text", "counts_as"),
    [
        ('{"codes": ["a", "b"]}', Shape.PLAIN),
        ('{"codes": []}', Shape.EMPTY),
        ('{"codes": [null, ""]}', Shape.EMPTY),
        ('{"codes": null}', Shape.EMPTY),
        ("{}", Shape.EMPTY),
        ("[]", Shape.EMPTY),
        ("", Shape.EMPTY),
        ('{"codes": [12]}', Shape.UNRECOGNISED),
        ('{"codes": ["a", 12]}', Shape.PLAIN),
        ('{"codes": [{"code": "a"}]}', Shape.UNRECOGNISED),
        (json.dumps({"codes": [FERNET]}), Shape.FOREIGN),
        (json.dumps({"codes": [FERNET, 1]}), Shape.UNRECOGNISED),
        ("codes: a", Shape.UNRECOGNISED),
        ('{"codes": ["a"]', Shape.UNRECOGNISED),
    ],
)
def test_a_document_counts_as_its_neediest_leaf(documents, text, counts_as):
    assert state(documents.target, text).shape is counts_as


def test_a_sealed_document_counts_under_its_oldest_key(documents):
    cipher = documents.keyring.cipher(documents.name)
    one = cipher.seal_text((1,), documents.target.column.secret("a"))
    documents.activate_next_key()
    two = documents.keyring.cipher(documents.name).seal_text(
        (1,), documents.target.column.secret("b")
    )

    assert state(documents.target, json.dumps({"codes": [two, one]})) == State(Shape.SEALED, 1)
    assert state(documents.target, json.dumps({"codes": [two]})) == State(Shape.SEALED, 2)
    assert state(documents.target, json.dumps({"codes": [two, "c"]})).shape is Shape.PLAIN


def test_the_census_counts_rows_of_documents_by_the_same_rule(scene):
    texts = ['{"codes": ["a"]}', "{}", None, '{"codes": [1]}', json.dumps({"codes": [FERNET]})]
    rows = list(enumerate(texts))
    scene = scene.table(
        "id int PRIMARY KEY, s text", rows, column="s", path="codes[*]", format="text"
    )
    scene.sweep()

    counted = scene.census()
    assert (counted.empty, counted.foreign, counted.unrecognised) == (2, 1, 1)
    assert counted.sealed == {1: 1}
    assert counted.rows == len(rows)


def test_a_char_that_is_all_blanks_is_no_secret(scene):
    rows = [(1, SEED), (2, "    "), (3, None)]
    scene = scene.table("id int PRIMARY KEY, s char(16)", rows, column="s")

    assert (scene.census().plain, scene.census().empty) == (1, 2)
