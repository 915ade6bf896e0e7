"""Forms as every room's pages use them: styled, and refused in place, so that nothing typed is lost."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from django import forms
from django.forms.renderers import TemplatesSetting

from dabiao.core import uploads
from dabiao.core.errors import Forbidden, Refused


class Form(forms.Form):
    """A form that shows a rule's refusal beside what was typed. `template_name` draws labels, hints, errors."""

    template_name = "_form.html"
    default_renderer = TemplatesSetting
    required_css_class = "required"

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own ten parameters
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", _style(field.widget))

    def run(self, act: Callable[[], object]) -> bool:
        """Do what the form asks for, once it is valid. A refusal becomes the form's error.

        What somebody may not do at all is no matter of what they typed: Forbidden passes.
        """
        if not self.is_valid():
            return False
        try:
            act()
        except Forbidden:
            raise
        except Refused as refusal:
            self.add_error(None, str(refusal))
            return False
        return True


class Day(forms.DateField):
    """A day, with the browser's own picker."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Amount(forms.Field):
    """A number as people write it: 1,250 or 12.5万; a Decimal, None where nothing was typed."""

    widget = forms.TextInput

    def to_python(self, value: object) -> Decimal | None:
        text = str(value or "").strip()
        try:
            return uploads.amount(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


def day_after(last: date | None, *, never: date) -> date:
    """People name the last day; inside, an end is the first day after. None, or the last day there is: `never`."""
    return never if last is None or last == date.max else last + timedelta(days=1)


def _style(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
