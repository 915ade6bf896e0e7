"""What people upload and enter by hand."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dabiao.engine.needs import DEPTH, FLAGS
from dabiao.facts import queries
from dabiao.facts.logic.labels import ACTIVITIES
from dabiao.facts.logic.reading import hostile
from dabiao.ui.form import Amount, Day, Form


class ManyFiles(forms.FileField):
    """A file field that takes several files at once."""

    def clean(self, data: object, initial: object = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFiles, self).clean(each, initial) for each in files]


class ManyFilesInput(forms.ClearableFileInput):
    """The browser's file picker, several files at once."""

    allow_multiple_selected = True


class ManyFilesDrop(ManyFilesInput):
    """A large place to drop files on, or to choose them by; `drop.js` names them."""

    def __init__(self) -> None:
        kinds = ",".join(sorted(hostile.KINDS))
        super().__init__(attrs={"accept": kinds, "class": "form-control facts-drop", "data-drop": ""})


class StartForm(Form):
    """All files of somebody who begins, and what their company is called where nothing says so yet."""

    upload = ManyFiles(
        label=_("Drop all your files here, or choose them"),
        help_text=_(
            "XLSX, XLS, CSV, TSV, TXT or Parquet, or a ZIP of them; people, orders and targets at once."
        ),
        widget=ManyFilesDrop,
    )
    company = forms.CharField(
        label=_("What your company is called"),
        required=False,
        max_length=60,
        help_text=_("It stands at the top of all units; it can be changed later."),
    )

    def __init__(self, *args: object, named: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if named:
            del self.fields["company"]


class UploadForm(Form):
    """Files to import, and the mapping to read them by."""

    upload = ManyFiles(
        label=_("Files"),
        help_text=_(
            "XLSX, XLS, CSV, TSV, TXT or Parquet, or a ZIP of them; several at once, or a mended file of rejected rows."
        ),
        widget=ManyFilesDrop,
    )
    system = forms.SlugField(
        label=_("From which system"),
        required=False,
        allow_unicode=True,
        max_length=40,
        help_text=_(
            "A short name such as erp or crm: rows with the same key from the same system are the same row."
        ),
    )
    like = forms.ChoiceField(label=_("Mapping"), required=False)
    mapping = forms.FileField(label=_("or a mapping file (YAML)"), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        proposed = ("", _("Propose one from headers and cells"))
        like: Any = self.fields["like"]
        like.choices = [
            proposed,
            *((key, _("As in %(name)s") % {"name": name}) for key, name in queries.mappings()),
        ]


class ConnectorForm(Form):
    """How a database is reached."""

    name = forms.SlugField(label=_("Name"), max_length=40, allow_unicode=True)
    url = forms.CharField(
        label=_("URL"),
        help_text=_("postgresql+psycopg://user:password@host/name; kept encrypted and never shown again."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class ActivityForm(Form):
    """One activity, short enough for a phone."""

    kind = forms.ChoiceField(label=pgettext_lazy("what happened", "What"), choices=list(ACTIVITIES.items()))
    customer = forms.CharField(
        label=_("Customer"), max_length=200, widget=forms.TextInput(attrs={"list": "customers"})
    )
    at = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    minutes = forms.IntegerField(
        label=_("Minutes"), required=False, validators=[MinValueValidator(0), MaxValueValidator(1440)]
    )
    with_decision_maker = forms.BooleanField(label=_("With a decision maker"), required=False)
    need_stated = forms.BooleanField(label=_("Came away with a stated need"), required=False)
    need_pain = forms.BooleanField(label=_("Found: the pain"), required=False)
    need_weights = forms.BooleanField(label=_("Found: who decides by what"), required=False)
    need_budget = forms.BooleanField(label=_("Found: the budget cycle"), required=False)
    opportunity = forms.ChoiceField(label=_("Opportunity"), required=False)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    next_step = forms.CharField(label=_("Next step"), required=False, max_length=300)
    new_customer = forms.BooleanField(label=_("It is a new customer"), required=False)

    def __init__(self, *args: object, opportunities: Mapping[str, str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        opportunity: Any = self.fields["opportunity"]
        opportunity.choices = [("", "—"), *opportunities.items()]
        if not opportunities:
            del self.fields["opportunity"]
        self._new = self.fields["new_customer"]
        if not self.data.get("new_customer"):
            del self.fields["new_customer"]

    def ask_whether_new(self) -> None:
        """Somebody whom nobody knows was named: whether that is meant, only a person can say."""
        self.fields["new_customer"] = self._new
        self.order_fields(["kind", "customer", "new_customer"])


class CorrectedActivityForm(ActivityForm):
    """An activity that was filed, which may have been on another day."""

    day = Day(label=_("Day"))
    field_order = ("kind", "customer", "day")

    def __init__(self, *args: object, opportunities: Mapping[str, str], **kwargs: object) -> None:
        super().__init__(*args, opportunities=opportunities, **kwargs)
        depth, flags = self.initial.get(DEPTH), [self.initial.get(name) for name in FLAGS]
        if depth is not None and flags == [None] * len(flags):
            said = _("It says %(depth)s of 3, not which. That stays, unless you tick what it was.")
            self.fields[FLAGS[-1]].help_text = said % {"depth": depth}


class CorrectedFigureForm(Form):
    """One figure of a day."""

    value = Amount(label=_("Value"))


class FiguresForm(Form):
    """Figures of a day, a field for each metric: `f:` and its key. What is left empty is not filed."""

    def __init__(self, *args: object, metrics: Mapping[str, str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for key, label in metrics.items():
            self.fields[f"f:{key}"] = Amount(label=label, required=False)


def figures_of(said: Mapping[str, Decimal | None]) -> dict[str, Decimal]:
    """Metric → figure, from what was typed into a `FiguresForm`."""
    typed = {name.removeprefix("f:"): value for name, value in said.items()}
    return {key: value for key, value in typed.items() if value is not None}
