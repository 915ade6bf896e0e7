"""What people type about the organisation. Last days are inclusive here and half-open below."""

from decimal import Decimal

from django import forms
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from dabiao.org.logic.tree import tree
from dabiao.org.models import Absence, ApiToken, Position, User
from dabiao.ui.form import Day, Form

MOST_CHOICES = 1000
"""A longer list is no help: the key is typed instead."""


def unit_choices(*, empty: str = "") -> list[tuple[str, str]]:
    """Units indented by depth."""
    language = get_language() or ""
    first = [("", empty)] if empty else []
    return first + [(node.key, "　" * node.depth + node.label(language)) for node in tree().nodes]


def position_choices() -> list[tuple[str, str]]:
    """Positions by unit."""
    order = {node.key: node.index for node in tree().nodes}
    rows = Position.objects.select_related("unit").order_by("key")
    return [
        (row.key, f"{row.unit} · {row} ({row.key})")
        for row in sorted(rows, key=lambda row: order[row.unit.key])
    ]


class UnitForm(Form):
    """A unit that exists."""

    name = forms.CharField(label=_("Name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120, required=False)
    kind = forms.CharField(
        label=_("Kind"), max_length=30, required=False, help_text=_("company, region, team …")
    )
    parent = forms.ChoiceField(label=_("Belongs to"), required=False)
    order = forms.IntegerField(label=_("Place among its siblings"), initial=0, required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = unit_choices(empty=str(_("(top)")))  # type: ignore[attr-defined]  # a ChoiceField


class NewUnitForm(Form):
    """A unit below another."""

    key = forms.CharField(label=_("Key"), max_length=80, help_text=_("Short and stable; files refer to it."))
    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.CharField(label=_("Kind"), max_length=30, required=False)


class NewPositionForm(Form):
    """A position in a unit."""

    key = forms.CharField(label=_("Key"), max_length=120)
    title = forms.CharField(label=_("Title"), max_length=120)


class PersonForm(Form):
    """What is known about a person."""

    name = forms.CharField(label=pgettext_lazy("of a person", "Name"), max_length=120)
    email = forms.EmailField(label=_("Email"), required=False)
    hired_on = Day(label=_("Joined on"), required=False)
    left_on = Day(label=_("Left on"), required=False)


class NewPersonForm(PersonForm):
    """Somebody new."""

    key = forms.CharField(label=_("Employee number"), max_length=40)
    field_order = ("key", "name", "email", "hired_on", "left_on")


class SeatForm(Form):
    """A seat to take."""

    position = forms.ChoiceField(label=_("Position"))
    starts_on = Day(label=_("First day"))
    last_day = Day(label=_("Last day"), required=False, help_text=_("Empty while it lasts."))
    primary = forms.BooleanField(
        label=_("Main seat: facts count here; the seat held so far ends the day before"),
        required=False,
        initial=True,
    )
    probation_last_day = Day(label=_("Probation until"), required=False)
    fte = forms.DecimalField(
        label=_("Share of full time"), min_value=Decimal("0.01"), max_value=Decimal(1), initial=Decimal(1)
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if Position.objects.count() > MOST_CHOICES:
            self.fields["position"] = forms.CharField(
                label=_("Position"), max_length=120, help_text=_("Its key.")
            )
            self.fields["position"].widget.attrs["class"] = "form-control"
        else:
            self.fields["position"].choices = position_choices()  # type: ignore[attr-defined]  # a ChoiceField


class EndForm(Form):
    """The end of a seat."""

    last_day = Day(label=_("Last day"))
    exit_reason = forms.CharField(label=_("Reason"), max_length=80, required=False)


class AbsenceForm(Form):
    """Days away."""

    starts_on = Day(label=_("First day"))
    last_day = Day(label=_("Last day"))
    kind = forms.ChoiceField(label=_("Kind"), choices=Absence.Kind.choices)


class UserForm(Form):
    """A user's role and who they are."""

    role = forms.ChoiceField(label=_("Role"), choices=User.Role.choices)
    person = forms.CharField(label=_("Employee number"), max_length=40, required=False)
    email = forms.EmailField(label=_("Email"), required=False)
    is_active = forms.BooleanField(label=_("May sign in"), required=False, initial=True)


class NewUserForm(Form):
    """Somebody who shall be able to sign in."""

    username = forms.CharField(label=_("User name"), max_length=150)
    role = forms.ChoiceField(label=_("Role"), choices=User.Role.choices, initial=User.Role.REP)
    person = forms.CharField(label=_("Employee number"), max_length=40, required=False)
    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )


class PasswordForm(Form):
    """A new password for somebody."""

    password = forms.CharField(
        label=_("New password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )


class GrantForm(Form):
    """Sight of another unit."""

    unit = forms.ChoiceField(label=_("Unit"))
    starts_on = Day(label=_("First day"))
    last_day = Day(label=_("Last day"), required=False, help_text=_("Empty: until it is taken away."))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = unit_choices()  # type: ignore[attr-defined]  # a ChoiceField


class TokenForm(Form):
    """A token to make."""

    name = forms.CharField(label=_("What for"), max_length=80)
    scope = forms.ChoiceField(label=_("May"), choices=ApiToken.Scope.choices)
    days = forms.IntegerField(label=_("Days it lasts"), min_value=1, max_value=366, initial=90)
