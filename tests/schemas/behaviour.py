"""What else happens when a row is written, and what else looks at the column."""

from tests.schemas.plainly import plainly
from tests.schemas.schema import Schema, kept, secret
from tests.schemas.values import Dice, base32s, mixed

_TOUCH = """
CREATE FUNCTION {0}_touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER {0}_touch BEFORE UPDATE ON {0} FOR EACH ROW EXECUTE FUNCTION {0}_touch()
"""
_HISTORY = """
CREATE TABLE public.{0}_history (id int, secret text);
CREATE FUNCTION {0}_keep() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.{0}_history VALUES (OLD.id, OLD.secret); RETURN NULL; END $$;
CREATE TRIGGER {0}_keep AFTER UPDATE ON {0} FOR EACH ROW EXECUTE FUNCTION {0}_keep()
"""


def _touched(
    name: str, what: str, how: str, *changes: str, told: tuple[str, ...] = (), **words: str
) -> Schema:
    dice = Dice.of(name)
    return Schema(
        name,
        what,
        how,
        ddl=f"""CREATE TABLE {name} (id int PRIMARY KEY, updated_at timestamptz NOT NULL,
                secret text); {_TOUCH.format(name)}""",
        fields=(kept(**words),),
        columns=("id", "updated_at", "secret"),
        rows=tuple((n, "2026-01-02 03:04:05+00", secret(dice.base32())) for n in range(1, 21)),
        changes=frozenset(changes),
        told=told,
    )


def _triggers() -> list[Schema]:
    history = plainly(
        "trigger_history",
        "text",
        "a trigger that copies the old row to a history",
        '`triggers = "skip"`: no plaintext is copied; what the history holds already is named',
        mixed(base32s(Dice.of("trigger_history")), None, ""),
        behind=_HISTORY.format("trigger_history"),
        after=("SELECT count(*) = 0 FROM trigger_history_history",),
        triggers="skip",
    )
    elsewhere = plainly(
        "trigger_elsewhere",
        "text",
        "a trigger on another column",
        "does not fire",
        base32s(Dice.of("trigger_elsewhere")),
        behind="""CREATE FUNCTION no_note() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN RAISE 'the note was written'; END $$;
                  CREATE TRIGGER no_note BEFORE UPDATE OF note ON trigger_elsewhere
                      FOR EACH ROW EXECUTE FUNCTION no_note()""",
    )
    return [
        _touched(
            "trigger_updated_at",
            "a trigger that sets `updated_at`",
            '`triggers = "skip"`: `updated_at` stays',
            triggers="skip",
        ),
        _touched(
            "trigger_that_fires",
            "a trigger that sets `updated_at`, left to fire",
            "`updated_at` of every sealed row becomes the time of the run",
            "updated_at",
            told=("table: triggers",),
        ),
        history,
        elsewhere,
    ]


def _watched() -> list[Schema]:
    dice = Dice.of("watched")
    return [
        plainly(
            "row_security",
            "text",
            "row-level security without a policy, run by the owner",
            "a role that policies do not bind sees every row; any other is refused",
            mixed(base32s(dice), None, ""),
            behind="ALTER TABLE row_security ENABLE ROW LEVEL SECURITY",
        ),
        plainly(
            "check_that_accepts",
            "text CHECK (length(secret) >= 16 OR secret = '')",
            "a CHECK that envelopes meet",
            "tried on sample envelopes before the first row, and left",
            mixed(base32s(dice), None, ""),
        ),
        plainly(
            "shown_by_a_view",
            "text",
            "a view over a column that has room",
            "the view shows envelopes then",
            mixed(base32s(dice), None, ""),
            behind="CREATE VIEW shown AS SELECT note, secret FROM shown_by_a_view",
            told=("column: views",),
        ),
        plainly(
            "published",
            "text",
            "a publication of the table, with the whole row as its identity",
            "subscribers receive envelopes, and their columns must have the room",
            mixed(base32s(dice), None, ""),
            behind="""ALTER TABLE published REPLICA IDENTITY FULL;
                      CREATE PUBLICATION published_all FOR TABLE published""",
            told=("table: publications",),
        ),
        plainly(
            "referred_to",
            "text",
            "a table that others refer to, on delete and on update cascade",
            "only the secret is written; no reference is touched",
            mixed(base32s(dice), None, ""),
            behind="""CREATE TABLE referring (id int PRIMARY KEY REFERENCES referred_to
                          ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED)""",
        ),
    ]


def behaviour() -> list[Schema]:
    """Every table of this file."""
    return [*_triggers(), *_watched()]
