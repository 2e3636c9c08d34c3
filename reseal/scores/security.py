"""The security score: how much of what Reseal promises is true now, in points."""

from reseal.scores import place_terms, row_terms
from reseal.scores.reading import SecurityReading
from reseal.scores.score import Rule, Score

# The most points say how much each weighs; together they are 100. docs/scores.md tells why.
RULES: tuple[Rule[SecurityReading], ...] = (
    Rule("secrets sealed", 22, row_terms.sealed),
    Rule("under the active key", 8, row_terms.under_active),
    Rule("envelopes that open", 10, row_terms.opens),
    Rule("guard", 10, place_terms.guard),
    Rule("all registered fields", 8, row_terms.integrity),
    Rule("residue of plaintext", 8, row_terms.residue),
    Rule("age of the key", 7, place_terms.key_age),
    Rule("backups beyond their date", 7, place_terms.backups),
    Rule("seals of the key", 4, place_terms.seals),
    Rule("quarantine", 4, row_terms.quarantine),
    Rule("applications that seal", 4, place_terms.readers_seal),
    Rule("applications that refuse plaintext", 4, place_terms.readers_refuse),
    Rule("rights of PUBLIC", 4, place_terms.rights),
)


def security(reading: SecurityReading) -> Score:
    """Compute the security score."""
    return Score("security score", tuple(rule.term(reading) for rule in RULES))
