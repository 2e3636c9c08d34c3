"""docs/performance.md, made from the documents of runs."""

from itertools import groupby
from pathlib import Path
from string import Template
from typing import Any

from tests.bench import tables
from tests.bench.lines import Group

Document = dict[str, Any]
TEMPLATE = Path(__file__).with_name("performance.md")


def titled(documents: list[Document]) -> dict[str, Document]:
    """Return the documents by their titles, which tell them apart."""
    named = {_title(document, documents[0]): document for document in documents}
    if len(named) < len(documents):
        raise SystemExit("two of the runs have the same rows, keys, indexes, server and processor")
    return named


def made_of(documents: list[Document]) -> str:
    """Return the page."""
    runs = [_run(title, document) for title, document in titled(documents).items()]
    return Template(TEMPLATE.read_text()).substitute(
        summary=_machines(documents),
        runs="\n\n".join([*runs, *_sizes(documents)]),
        lines=_lines(documents),
    )


def _title(document: Document, first: Document) -> str:
    table, version, machine = document["table"], _version(document), document["machine"]
    words = [f"{table['rows']:,} rows", f"{table['keys']} keys"]
    words += ["three further indexes"] if table["further_indexes"] else []
    words += [f"PostgreSQL {version}"] if version != _version(first) else []
    is_elsewhere = machine["processor"] != first["machine"]["processor"]
    words += [f"on {machine['processor']}"] if is_elsewhere else []
    return ", ".join(words)


def _machines(documents: list[Document]) -> str:
    """Say what the runs were measured on, once where it is the same."""
    return "\n\n".join(dict.fromkeys(map(machine_of, documents)))


def machine_of(document: Document) -> str:
    """Say what a run was measured on."""
    settings = {n: v for n, v in document["server"].items() if n != "server_version"}
    machine = (
        "Measured on {cores} cores ({processor}) with {memory_gib} GiB of memory, {system}, "
        "Python {python}".format(**document["machine"])
    )
    said = ", ".join(f"`{name} = {value}`" for name, value in settings.items())
    return f"{machine}, PostgreSQL {_version(document)}. Settings of the server: {said}."


def _run(title: str, document: Document) -> str:
    alternatives, stages = tables.of_alternatives(document), tables.of_stages(document)
    flow = tables.of_flow(document)
    parts = [f"## {title}", _measured(document), tables.of_lines(document)]
    parts += ["What people would use instead:", alternatives] if alternatives else []
    parts += _missing(document)
    parts += ["What the commands spend their time on:", stages] if stages else []
    parts += [flow] if flow else []
    return "\n\n".join(parts)


def _measured(document: Document) -> str:
    count, machine = len(document["rounds"]), document["machine"]
    rounds = "one round" if count == 1 else f"{count} rounds"
    return (
        f"{document['date']}, {rounds} on {machine['processor']}; the load of the machine before "
        f"was {machine['load']}."
    )


def _missing(document: Document) -> list[str]:
    titles: dict[str, list[str]] = {}
    for name, why in document["missing"].items():
        titles.setdefault(why, []).append(document["lines"][name]["title"])
    return [f"Not available: {', '.join(names)}: {why}." for why, names in titles.items()]


def _sizes(documents: list[Document]) -> list[str]:
    """Return a section for each kind of table that was measured at several sizes."""
    ordered = sorted(documents, key=_kind)
    kinds = [(kind, list(group)) for kind, group in groupby(ordered, key=_kind)]
    return [
        f"## The cost of a row at other sizes, {' '.join(kind)}\n\n{tables.of_sizes(group)}"
        for kind, group in kinds
        if len(group) > 1
    ]


def _kind(document: Document) -> tuple[str, ...]:
    table = document["table"]
    further = (
        "with three further indexes" if table["further_indexes"] else "without further indexes"
    )
    return (
        f"{table['keys']} keys",
        further,
        f"on PostgreSQL {document['server']['server_version']},",
        # Another machine is no other size.
        document["machine"]["processor"],
    )


def _version(document: Document) -> str:
    # Whoever packages it adds words of its own.
    return str(document["server"]["server_version"]).split()[0]


def _lines(documents: list[Document]) -> str:
    known = {name: line for document in documents for name, line in document["lines"].items()}
    # Alternatives last, whichever run they were measured in.
    ordered = sorted(known.values(), key=lambda line: line["group"] == Group.ALTERNATIVE)
    return "\n".join(f"- **{line['title']}**: {line['about']}." for line in ordered)
