from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from expectations.check import check
from expectations.data_docs import clean
from tests.expectations.census import GOOD, frame, sealed_suite


class Pages(HTMLParser):
    """Collects the tags of pages, and the links among them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.attributes = set(), [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    bad = ("sealed", "will not open", 1, 12, 16, 3)
    return check(frame(*GOOD, bad), sealed_suite(103), tmp_path_factory.mktemp("docs"), "run").docs


@pytest.fixture(scope="module")
def pages(docs):
    return {page: page.read_text() for page in docs.parent.rglob("*") if page.is_file()}


@pytest.mark.slow
def test_no_page_loads_anything(pages):
    assert len(pages) == 3
    for text in pages.values():
        page = Pages(text)
        assert page.tags.isdisjoint({"link", "script", "img", "iframe", "object", "base"})
        assert page.attributes.isdisjoint({"src", "srcset", "style", "onclick", "data-href"})
        assert not any(word in text for word in ("http:", "https:", "//", "url(", "@import"))
        assert "default-src 'none'" in text


@pytest.mark.slow
def test_every_link_leads_to_a_page_that_is_there(pages):
    for path, text in pages.items():
        for link in Pages(text).links:
            assert (path.parent / unquote(link.partition("#")[0])).exists(), link


@pytest.mark.slow
def test_the_index_says_how_it_went(docs, pages):
    assert "Failed" in pages[docs]
    assert "after-seal / run" in pages[docs]


@pytest.mark.slow
def test_the_page_shows_each_sentence_with_its_mark(docs, pages):
    [text] = [text for page, text in pages.items() if page.name == "reseal-facts.html"]

    assert text.count('"fas fa-check-circle text-success"') == 18
    # One stands for the whole suite.
    assert text.count('"fas fa-times text-danger"') == 1 + 1
    assert "Every envelope opens under the key that it names." in text


@pytest.mark.parametrize(
    ("page", "left"),
    [
        ('<script src="//cdn"></script><p>a</p>', "<p>a</p>"),
        ('<p><link href="x"><img src="https://a/b?d=1" alt="Logo"/></p>', "<p>Logo</p>"),
        ('<a href="https://a">b</a>', "<a>b</a>"),
        ('<a href=" //a">b</a><a href="/etc">c</a>', "<a>b</a><a>c</a>"),
        ('<a href="JavaScript:x()" onclick="x()">b</a>', "<a>b</a>"),
        ('<a href="../a b.html">b</a>', '<a href="../a b.html">b</a>'),
        ('<p style="background:url(//a)" id="b">c</p>', '<p id="b">c</p>'),
        ("<footer><p>News <a>x</a></p></footer>", ""),
        ("<p>&lt;script&gt; &#38; &amp;</p>", "<p>&lt;script&gt; &#38; &amp;</p>"),
        ('<p title="&quot;><script>">a</p>', '<p title="&quot;&gt;&lt;script&gt;">a</p>'),
        ("<object><object></object><p>x</p></object><p>y</p>", "<p>y</p>"),
        ("<p>a</p><!-- https://a -->", "<p>a</p>"),
    ],
)
def test_what_is_left_of_a_page(page, left):
    assert clean(page, style="") == left
