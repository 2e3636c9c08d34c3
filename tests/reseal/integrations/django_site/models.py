"""Models of the site's own, one for each way to have a key."""

from uuid import uuid4

from django.db import models

from reseal.integrations.django import SealedTextField


class Person(models.Model):
    """Has an automatic key, and may have no secret."""

    name = models.TextField(default="")
    secret = SealedTextField(sealed_as="person.secret", null=True, blank=True)


class Employee(Person):
    """Has its secret in its parent's table."""

    desk = models.IntegerField(default=0)


class Proxy(Person):
    class Meta:
        proxy = True


class Guest(models.Model):
    """Has a key of its own making."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    secret = SealedTextField(sealed_as="guest.secret")


class Named(models.Model):
    """Has envelopes that are bound to another column than the primary key."""

    name = models.CharField(max_length=40, unique=True)
    secret = SealedTextField(sealed_as="named.secret")


class Shared(models.Model):
    """Has an envelope that is bound to no row."""

    secret = SealedTextField(sealed_as="shared.secret")


class Short(models.Model):
    """Has a column that no envelope fits into; sealed by the settings."""

    secret = models.CharField(max_length=32)


class Aside(models.Model):
    """Has a mark, and its envelope in another table."""

    secret = SealedTextField(sealed_as="aside.secret")


class Labelled(models.Model):
    """Has two columns that a statement may find it by."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    label = models.TextField(unique=True)
    note = models.TextField(default="")
    secret = SealedTextField(sealed_as="labelled.secret")
