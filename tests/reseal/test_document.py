"""Only the leaf changes, and every leaf that a path leads to is found."""

import json
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseal.document import Leaf, NotADocument, escaped, leaves
from reseal.errors import ResealError
from reseal.path import Chosen, Every, Index, Name, Path
from tests.conftest import SENTINEL
from tests.reseal.splicing import spliced

ENVELOPE = "eyJrZXlWZXJzaW9uIjoxLCJ2Ijox+/=="

# Each is one way to spell one character inside quotes.
CHARACTERS = [
    "a", "b", " ", "é", "東", "😀", "\u2028", "/", r"\/", r"\n", r"\u000a", r"\"", r"\u0022", r"\\",
    r"\u005C", r"\u00e9", r"\ud83d\ude00", r"\uD83D\uDE00", r"\ud83d", r"\ude00", "{", "[", ",",
]  # fmt: skip
NUMBERS = ["0", "-0", "1795487130.4583991234", "1e400", "1E-7", "-12.50e+3", "9" * 40]
KEYS = ['"a"', r'"\u0061"', '"b"', '"0"', '"type"', '"ab"', '""']

spaces = st.sampled_from(["", "", "", " ", "\n\t", "\r\n  "])
strings = st.lists(st.sampled_from(CHARACTERS), max_size=6).map("".join).map('"{}"'.format)
scalars = strings | st.sampled_from([*NUMBERS, "true", "false", "null", '"a"', '"totp"'])


def spaced(parts):
    return st.tuples(*(spaces if part is None else part for part in parts)).map("".join)


def enclosed(marks, item):
    inside = st.lists(item, max_size=3).map(",".join)
    return st.tuples(st.just(marks[0]), spaces, inside, st.just(marks[1])).map("".join)


def containers(inner):
    member = spaced([None, st.sampled_from(KEYS), None, st.just(":"), None, inner, None])
    held = inner.map(json.dumps) | inner.map(lambda text: json.dumps(text, ensure_ascii=False))
    return enclosed("{}", member) | enclosed("[]", spaced([None, inner, None])) | held


documents = spaced([None, st.recursive(scalars, containers, max_leaves=15), None])
steps = (
    st.sampled_from([Name("a"), Name("a"), Name("b"), Name("0"), Every()])
    | st.builds(Index, st.integers(0, 2))
    | st.builds(Chosen, st.sampled_from(["a", "type"]), st.sampled_from(["a", "totp"]))
)
paths = st.builds(Path, st.lists(steps, max_size=4).map(tuple))


def keeps_its_choice(path):
    """Tell whether the leaves are still chosen once they are replaced."""
    pairs = zip(path.steps, (*path.steps[1:], None), strict=False)
    return not any(isinstance(s, Chosen) and then in (None, Name(s.member)) for s, then in pairs)


lasting_paths = paths.filter(keeps_its_choice)
keys = {"a": st.sampled_from(['"a"', r'"\u0061"']), "b": st.just('"b"'), "0": st.just('"0"')}
some = st.recursive(scalars, containers, max_leaves=3)


def around(step, inner):
    """Texts in which a step leads to the text `inner`, at least where that is an object."""
    if isinstance(step, Name):
        wanted = spaced([keys[step.text], None, st.just(":"), None, st.just(inner)])
        other = spaced([None, st.sampled_from(KEYS), st.just(":"), None, some, None])
        items = st.tuples(st.lists(other, max_size=2), wanted, st.lists(other, max_size=2))
        return items.map(lambda x: "{" + ",".join([*x[0], x[1], *x[2]]) + "}")
    if isinstance(step, Chosen) and inner.startswith("{"):
        inner = f'{{"{step.member}" : "{step.value}", {inner[1:]}'
    before = st.lists(some, min_size=getattr(step, "number", 0), max_size=2)
    return before.map(lambda x: "[" + ",".join([*x, inner]) + "\n]")


@st.composite
def led_to(draw, wanted):
    """A path and a text that it leads somewhere in, perhaps through strings that hold JSON."""
    path = draw(wanted)
    text = draw(some)
    for step in reversed(path.steps):
        text = draw(around(step, text))
        if draw(st.sampled_from([True, False, False, False])):
            text = json.dumps(text, ensure_ascii=draw(st.booleans()))
    return text, path


def cases(wanted):
    return st.tuples(documents, wanted) | led_to(wanted) | led_to(wanted)


class Number(str):
    """A number as it is spelled."""


class Members(list):
    """An object with all of its members, also those of one name."""


class Held(list):
    """What a string holds that the path leads into."""


def parsed(text):
    return json.loads(text, object_pairs_hook=Members, parse_int=Number, parse_float=Number)


def put(value, steps, new):
    """The reference: a parsed document, whose leaves `new` makes of the old ones."""
    if not steps:
        return new(value)
    step, rest = steps[0], steps[1:]
    if isinstance(value, Members):
        if not isinstance(step, Name):
            return value
        return Members((k, put(v, rest, new) if k == step.text else v) for k, v in value)
    if isinstance(value, str) and not isinstance(value, Number):
        if not value.strip(" \t\n\r"):
            return value
        return Held([put(parsed(value), steps, new)])
    if isinstance(value, list) and not isinstance(step, Name):
        return [put(v, rest, new) if taken(step, n, v) else v for n, v in enumerate(value)]
    return value


def taken(step, number, element):
    match step:
        case Index(wanted):
            return number == wanted
        case Chosen(member, value):
            return isinstance(element, Members) and any(
                k == member and v == value and not isinstance(v, Number) for k, v in element
            )
    return True


def naive(text, path):
    """The leaves by the reference, in order, or None where there is no document."""
    found: list = []
    try:
        put(parsed(text), path.steps, found.append)
    except ValueError:
        return None
    return found


def found_in(text, path):
    try:
        return leaves(text, path)
    except NotADocument:
        return None


def replacement(leaf, text=ENVELOPE):
    new = escaped(text if leaf.is_string else f'"{text}"', leaf.depth)
    return leaf.start, leaf.end, new


@settings(max_examples=600)
@given(cases(paths))
def test_the_leaves_are_those_of_a_naive_reading(case):
    text, path = case
    found, expected = found_in(text, path), naive(text, path)

    assert (found is None) == (expected is None)
    values = [x.text if x.is_string else parsed(x.text or "null") for x in found or []]
    assert values == (expected or [])
    assert [type(value) is str for value in values] == [leaf.is_string for leaf in found or []]
    assert list(map(type, values)) == list(map(type, expected or []))


@settings(max_examples=600)
@given(cases(lasting_paths))
def test_only_the_leaves_change(case):
    text, path = case
    found = found_in(text, path) or []
    after = spliced(text, [replacement(leaf) for leaf in found])

    if found:
        assert [leaf.text for leaf in leaves(after, path)] == [ENVELOPE] * len(found)
        was, now = (put(parsed(x), path.steps, lambda _: ENVELOPE) for x in (text, after))
        assert was == now
    bounds = [0, *(edge for leaf in found for edge in leaf[2:4]), len(text)]
    outside = [text[i:j] for i, j in zip(bounds[::2], bounds[1::2], strict=True)]
    news = [*(replacement(leaf)[2] for leaf in found), ""]
    assert after == "".join(kept + new for kept, new in zip(outside, news, strict=True))


@given(cases(lasting_paths))
def test_the_raw_characters_put_back_restore_the_exact_text(case):
    text, path = case
    before = found_in(text, path) or []
    after = spliced(text, [replacement(leaf) for leaf in before])
    now = found_in(after, path) or []

    # What was no string has become one, and takes its quotes along when it goes.
    quotes = [0 if leaf.is_string else len(escaped('"', leaf.depth)) for leaf in before]
    back = [
        (new.start - quote, new.end + quote, text[old.start : old.end])
        for old, new, quote in zip(before, now, quotes, strict=True)
    ]
    assert spliced(after, back) == text


any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["\ud800", "a\udfffb", 'q"\\/\b\f\n\r\t\0\x7f', "é東😀"]
)


@given(any_text, any_text, st.integers(1, 3))
def test_an_escaped_text_is_read_back_at_any_depth(text, neighbour, depth):
    document: object = neighbour
    for _ in range(depth):
        document = json.dumps({"x": neighbour, "a": document, "y": neighbour})
    path = Path((Name("a"),) * depth)
    (leaf,) = leaves(str(document), path)
    assert (leaf.text, leaf.depth) == (neighbour, depth)

    after = spliced(str(document), [(leaf.start, leaf.end, escaped(text, leaf.depth))])
    (leaf,) = leaves(after, path)
    assert leaf.text == text
    assert after[leaf.start : leaf.end] == escaped(text, depth)


def test_what_needs_no_escape_stays():
    assert escaped('"é😀/\x7f', 0) == '"é😀/\x7f'
    assert escaped('"é😀/\x7f', 1) == '\\"é😀/\x7f'
    assert escaped(ENVELOPE, 3) == ENVELOPE


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ('{"a": null}', "a", [Leaf(None, False, 6, 10, 0)]),
        ('{"a": 1.50}', "a", [Leaf("1.50", False, 6, 10, 0)]),
        ('{"a": {"b" : 1}}', "a", [Leaf('{"b" : 1}', False, 6, 15, 0)]),
        (r'{"a": "{\"b\": 12 }"}', "a.b", [Leaf("12", False, 15, 17, 1)]),
        ('{"a": ""}', "a", [Leaf("", True, 7, 7, 1)]),
        ('{"a": 1, "a": 2}', "a", [Leaf("1", False, 6, 7, 0), Leaf("2", False, 14, 15, 0)]),
        ('["x"]', "[*]", [Leaf("x", True, 2, 3, 1)]),
        (f"[{'9' * 5000}]", "[*]", [Leaf("9" * 5000, False, 1, 5001, 0)]),
        ('{"b": 1}', "a", []), ('{"a": 1}', "a.b", []), ('{"a": null}', "a.b", []),
        ('{"0": 1}', "[0]", []), ("[1]", "a", []), ("[1]", "[1]", []), ("[]", "[*]", []),
        ("{}", "a", []), ('["totp"]', "[type=totp]", []), ('[{"type": 1}]', '[type="1"]', []),
    ],
)  # fmt: skip
def test_a_leaf_of_any_kind_or_none(text, path, expected):
    assert leaves(text, Path.parse(path)) == expected


NO_DOCUMENTS = [
    "", " ", SENTINEL, "{", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a" 1}',
    '{"b":1,}', '{"b":1 "a":2}', "{a:1}", "{} x", '{"a":1}{', "[1,]", "[1", "[", "[1 2]",
    '{"a":"' + SENTINEL, r'{"a":"\x"}', '{"a":"\n"}', '{"b":01,"a":1}', "[" * 100_000,
    '{"b":' + "[" * 100_000, '{"a":{"b":"' + SENTINEL + '"}} ]', "\ufeff{}",
]  # fmt: skip
HOLD_NO_DOCUMENT = [f'{{"a": "{SENTINEL}"}}', '{"a": "{} x"}', r'{"a": "{\"\\x\":1}"}']


@pytest.mark.parametrize(
    ("text", "path"),
    [
        *product(NO_DOCUMENTS, ["a", "a.b", "[*]", "[type=totp].a"]),
        *product(HOLD_NO_DOCUMENT, ["a.b", "a[0]"]),
    ],
)
def test_what_is_no_document_is_refused_without_a_word_of_it(text, path):
    with pytest.raises(NotADocument) as caught:
        leaves(text, Path.parse(path))

    assert isinstance(caught.value, ResealError)
    assert SENTINEL not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_leaf_does_not_show_its_text():
    (leaf,) = leaves(json.dumps({"a": SENTINEL}), Path.parse("a"))

    assert SENTINEL not in repr(leaf) + str([leaf])
