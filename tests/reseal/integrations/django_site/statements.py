"""Statements on many rows, and questions."""

from uuid import UUID, uuid4

from django.core.exceptions import FieldError
from django.db.models import F, TextField, Value
from django.db.models.functions import Length
from django.test.utils import register_lookup

from reseal.errors import EmptyKey, PlaintextRefused
from tests.reseal.integrations.django_site.at_the_desk import (
    OTHER,
    SECRET,
    column,
    is_sealed,
    raises,
)
from tests.reseal.integrations.django_site.models import Guest, Labelled, Person, Shared


def story_rows_with_keys_are_made_together() -> None:
    made = Guest.objects.bulk_create([Guest(secret=SECRET), Guest(secret=OTHER)])

    assert [Guest.objects.get(pk=one.pk).secret for one in made] == [SECRET, OTHER]
    assert all(map(is_sealed, made))


def story_rows_without_keys_are_not_made_together_unless_none_is_needed() -> None:
    raises(EmptyKey, lambda: Person.objects.bulk_create([Person(secret=SECRET)]), "desk.Person")
    (made,) = Shared.objects.bulk_create([Shared(secret=SECRET)])
    assert is_sealed(made)
    Person.objects.bulk_create([Person(), Person(secret="")])


def story_a_secret_is_not_written_to_many_rows() -> None:
    made = Person.objects.create(secret=SECRET)
    rows, before = Person.objects.filter(pk=made.pk), column(made)
    for value in (OTHER, made.secret, Value(OTHER), F("name")):
        raises(PlaintextRefused, lambda value=value: rows.update(secret=value), "save()")
    made.secret = OTHER
    raises(PlaintextRefused, lambda: Person.objects.bulk_update([made], ["secret"]), "save()")
    assert column(made) == before


def story_a_secret_that_is_bound_to_no_row_is_written_to_many() -> None:
    made = Shared.objects.create(secret=SECRET)
    Shared.objects.filter(pk=made.pk).update(secret=OTHER)

    assert is_sealed(made)
    assert Shared.objects.get(pk=made.pk).secret == OTHER


def story_what_is_no_plaintext_is_written_to_many_rows() -> None:
    made = Person.objects.create(secret=SECRET)
    stored = column(made)
    for value in (None, "", "none", stored):
        Person.objects.filter(pk=made.pk).update(secret=value)
        assert column(made) == value


def story_get_or_create_and_update_or_create_seal() -> None:
    made, _ = Person.objects.get_or_create(name="Grace", defaults={"secret": SECRET})
    assert is_sealed(made)
    Person.objects.update_or_create(name="Grace", defaults={"secret": OTHER})
    assert is_sealed(made)
    assert Person.objects.get(name="Grace").secret == OTHER


def story_a_sealed_value_is_not_searched() -> None:
    for word in ("", "__iexact", "__contains", "__startswith", "__in", "__gt", "__regex"):
        raises(FieldError, lambda word=word: Person.objects.get(**{f"secret{word}": SECRET}),
               "desk.Person.secret is sealed")  # fmt: skip
    raises(FieldError, lambda: Person.objects.get(secret=F("name")), "cannot be searched")


def story_whether_there_is_a_secret_can_be_asked() -> None:
    some, none = Person.objects.create(secret=SECRET), Person.objects.create(secret=None)
    blank = Person.objects.create(secret="")
    mine = Person.objects.filter(pk__in=[some.pk, none.pk, blank.pk])

    assert set(mine.filter(secret=None)) == set(mine.filter(secret__isnull=True)) == {none}
    assert set(mine.filter(secret__isnull=False).exclude(secret="")) == {some}


def story_values_are_the_stored_form() -> None:
    made = Person.objects.create(secret=SECRET)
    rows = Person.objects.filter(pk=made.pk)

    assert rows.values_list("secret", flat=True).get() == column(made)
    assert rows.values("secret").get() == {"secret": column(made)}


def story_an_upsert_puts_no_secret_into_a_row_of_another_key() -> None:
    held = Labelled.objects.create(label=uuid4().hex, secret=SECRET)
    before, on_conflict = column(held), {"update_conflicts": True, "update_fields": ["secret"]}

    def upsert(key: UUID, *unique: str) -> None:
        row = Labelled(id=key, label=held.label, secret=OTHER)
        Labelled.objects.bulk_create([row], unique_fields=unique, **on_conflict)

    raises(PlaintextRefused, lambda: upsert(uuid4(), "label"), "desk.Labelled.secret", "conflict")
    assert column(held) == before
    upsert(held.pk, "id")
    assert Labelled.objects.get(pk=held.pk).secret == OTHER
    Labelled.objects.bulk_create(
        [Labelled(label=held.label, secret=SECRET, note="new")],
        update_conflicts=True, update_fields=["note"], unique_fields=["label"],
    )  # fmt: skip
    held.refresh_from_db()
    assert (held.note, held.secret) == ("new", OTHER)


def story_what_is_made_of_a_sealed_value_is_not_searched() -> None:
    with register_lookup(TextField, Length):
        raises(FieldError, lambda: Person.objects.filter(secret__length__gt=3), "cannot be search")
