"""What people upload of targets."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dabiao.ui.form import Form


class ImportForm(Form):
    """A file of targets."""

    file = forms.FileField(label=_("File"), help_text=_("CSV, TSV, XLSX or XLS; titles in the first row."))
    dry_run = forms.BooleanField(label=_("Only check; change nothing"), required=False)
