"""Model fields: exact amounts as int64, because SQLite would keep a decimal as a float; names, folded and read aloud."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from dabiao.core.names import fold
from dabiao.core.pinyin import sounds, typed
from dabiao.engine import number

if TYPE_CHECKING:
    Text = models.CharField[str, str]
    Base = models.Field[Decimal | int | str | None, Decimal | None]
else:
    Text = models.CharField
    Base = models.Field


class MoneyField(Base):
    """A Decimal with four digits after the point and fourteen before, the same on every database.

    In the database it is a whole number of 1/10,000: comparisons, ordering and sums are exact.
    """

    description = "Exact amount, decimal(18, 4)"

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def to_python(self, value: Any) -> Decimal | None:  # noqa: ANN401  # Django's signature
        if value is None:
            return None
        try:
            return number.exact(value)
        except (number.NotANumber, number.TooPrecise) as error:
            raise ValidationError(str(error)) from None

    def get_prep_value(self, value: Any) -> int | None:  # noqa: ANN401  # Django's signature
        plain = super().get_prep_value(value)
        return None if plain is None else int(number.exact(plain).scaleb(number.MONEY_SCALE))

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Decimal | None:  # noqa: ANN401  # Django's signature
        return None if value is None else Decimal(value).scaleb(-number.MONEY_SCALE)

    def formfield(self, **kwargs: Any) -> Any:  # noqa: ANN401  # Django's signature
        return super().formfield(
            **{"form_class": forms.DecimalField, "max_digits": 18, "decimal_places": 4, **kwargs}
        )


class FoldedField(Text):
    """Another field of the row, `of`, folded: unique where names shall not differ by case and width alone.

    It is worked out whenever a row is stored, in bulk too.
    """

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:  # noqa: ANN401  # Django's signature
        self.of = of
        super().__init__(*args, **{"editable": False, "blank": True, "default": "", **kwargs})

    def deconstruct(self) -> Any:  # noqa: ANN401  # Django's signature
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        made = self.derived(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, made)
        return made

    def derived(self, text: str) -> str:
        """What is stored for the text."""
        return fold(text)


class SoundsField(FoldedField):
    """What a name in another field is found by when one types it in Latin letters: `pinyin.sounds`, for `sounds_like`."""

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:  # noqa: ANN401  # Django's signature
        super().__init__(*args, of=of, **{"max_length": 1000, **kwargs})

    def derived(self, text: str) -> str:
        return sounds(text)


def derive(rows: Sequence[models.Model], name: str) -> list[str]:
    """Work out again what the rows derive from a field that has changed. returns: the field's name and theirs, for
    `bulk_update`, which asks no field."""
    derived = [
        field
        for field in (rows[0]._meta.concrete_fields if rows else ())
        if isinstance(field, FoldedField) and field.of == name
    ]
    for field in derived:
        for row in rows:
            field.pre_save(row, add=False)
    return [name, *(field.attname for field in derived)]


def read_aloud(app: str, model: str) -> Callable[[Any, Any], None]:
    """What a migration runs that brings `sounds` to rows which have had a `name` alone."""

    def fill(apps: Any, _editor: Any) -> None:  # noqa: ANN401  # Django's signature
        rows = apps.get_model(app, model).objects
        waiting: list[Any] = []
        for row in rows.only("pk", "name").iterator(chunk_size=2000):
            row.sounds = sounds(row.name)
            if row.sounds:
                waiting.append(row)
            if len(waiting) == 500:
                rows.bulk_update(waiting, ["sounds"])
                waiting = []
        rows.bulk_update(waiting, ["sounds"])

    return fill


def sounds_like(text: str, field: str = "sounds") -> models.Q:
    """Rows whose name begins so, from one of its syllables on, read aloud or by initials."""
    looked_for = typed(text)
    return models.Q(**{f"{field}__contains": looked_for}) if looked_for else models.Q(pk__in=())
