"""Who works where: users, units, people, positions, dated assignments, absences, grants, API tokens."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dabiao.core.fields import FoldedField, SoundsField
from dabiao.core.names import fold, is_key, is_name

FOREVER = date(9999, 12, 31)
"""`ends_on` of what has no end yet."""

is_plain_key = RegexValidator(
    r"^[\w.-]+(?:/[\w.-]+)*\Z", _("Use letters, digits, '.', '_', '-' and '/' only.")
)
"""Keys of units and positions, which people choose, are plainer than `core.names.is_key` allows."""


class User(AbstractUser):
    """Somebody who can sign in. What they may see follows from their role and from who they are.

    `known_as` is the name folded: no two users differ by case or width alone. `sessions` counts up when all of their
    sessions must end though the password stays.
    """

    class Role(models.TextChoices):
        ADMIN = "admin", _("Administrator")
        OPERATIONS = "operations", _("Sales operations")
        MANAGER = "manager", _("Manager")
        REP = "rep", _("Sales rep")
        READER = "reader", _("Finance and HR reader")

    role = models.CharField(max_length=12, choices=Role, default=Role.REP)
    person = models.OneToOneField(
        "org.Person", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    language = models.CharField(max_length=10, blank=True, default="")
    theme = models.CharField(max_length=5, blank=True, default="")
    known_as = FoldedField(of="username", max_length=450)
    sessions = models.PositiveIntegerField(default=0, editable=False)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                name="one_user_per_folded_name",
                fields=["known_as"],
                violation_error_message=_(
                    "There is a user of this name already: case and width do not tell names apart."
                ),
            ),
            models.CheckConstraint(
                name="user_role_is_known",
                condition=Q(role__in=["admin", "operations", "manager", "rep", "reader"]),
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def called(self) -> str:
        """What people call them: by their person's name, where they are one."""
        return self.person.name if self.person else str(self)

    @property
    def key(self) -> str:
        return self.username

    def clean(self) -> None:
        """Looks again at the name, which Django has normalised: it can be longer then."""
        super().clean()
        self.clean_fields(exclude={field.name for field in self._meta.fields} - {"username"})
        self.known_as = fold(self.username)

    def validate_unique(self, exclude: Collection[str] | None = None) -> None:
        """The name is looked at folded, once."""
        super().validate_unique(exclude={*(exclude or ()), "username"})

    def get_session_auth_hash(self) -> str:
        """What a session is good for: it ends with the password, and when `sessions` counts up."""
        by_password = super().get_session_auth_hash()
        return f"{by_password}.{self.sessions}" if self.sessions else by_password


class OrgVersion(models.Model):
    """One row that counts changes of the organisation, so that publishing knows it has changed.

    `stamp` is new with every change: what processes keep in memory is kept under it.
    """

    number = models.PositiveBigIntegerField(default=0)
    stamp = models.CharField(max_length=32, default="")
    changed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"org {self.number}"

    @property
    def key(self) -> str:
        """What the audit knows a change by: the version it made."""
        return str(self.number)


class Unit(models.Model):
    """A node of today's organisation tree."""

    key = models.CharField(max_length=80, unique=True, validators=[is_plain_key])
    name = models.CharField(max_length=120, validators=[is_name])
    name_en = models.CharField(max_length=120, blank=True, default="", validators=[is_name])
    kind = models.CharField(max_length=30, blank=True, default="", validators=[is_name])
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    order = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="unit_is_not_its_own_parent", condition=~Q(parent=F("id"))),
            models.CheckConstraint(name="unit_has_a_key", condition=~Q(key="")),
        ]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """Somebody on the payroll, known by employee number (工号)."""

    key = models.CharField(max_length=40, unique=True, validators=[is_key])
    name = models.CharField(max_length=120, validators=[is_name])
    sounds = SoundsField(of="name")
    email = models.EmailField(blank=True, default="")
    hired_on = models.DateField(null=True, blank=True)
    left_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="person_has_a_key", condition=~Q(key="")),
            models.CheckConstraint(
                name="person_leaves_after_joining",
                condition=Q(hired_on__isnull=True) | Q(left_on__isnull=True) | Q(left_on__gte=F("hired_on")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Position(models.Model):
    """A seat in a unit that somebody can hold."""

    key = models.CharField(max_length=120, unique=True, validators=[is_plain_key])
    title = models.CharField(max_length=120, validators=[is_name])
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="positions")

    class Meta:
        constraints = [models.CheckConstraint(name="position_has_a_key", condition=~Q(key=""))]

    def __str__(self) -> str:
        return self.title


class Assignment(models.Model):
    """Who holds which position from when to when. `ends_on` is the first day after."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="assignments")
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="assignments")
    starts_on = models.DateField()
    ends_on = models.DateField(default=FOREVER)
    primary = models.BooleanField(default=True)
    probation_until = models.DateField(null=True, blank=True)
    fte = models.DecimalField(max_digits=7, decimal_places=6, default=Decimal(1))
    exit_reason = models.CharField(max_length=80, blank=True, default="", validators=[is_name])

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="assignment_starts_before_end", condition=Q(starts_on__lt=F("ends_on"))
            ),
            models.CheckConstraint(name="assignment_fte_in_range", condition=Q(fte__gt=0) & Q(fte__lte=1)),
            models.UniqueConstraint(
                name="one_assignment_per_person_position_start", fields=["person", "position", "starts_on"]
            ),
            models.UniqueConstraint(
                name="one_primary_assignment_per_person_and_start",
                fields=["person", "starts_on"],
                condition=Q(primary=True),
            ),
        ]
        indexes = [models.Index(name="assignment_dates", fields=["person", "starts_on", "ends_on"])]

    def __str__(self) -> str:
        return f"{self.person_id} {self.position_id} {self.starts_on}"

    @property
    def lasts(self) -> bool:
        """No end is known yet."""
        return self.ends_on == FOREVER


class Absence(models.Model):
    """Days on which a person is away. `ends_on` is the first day back."""

    class Kind(models.TextChoices):
        LEAVE = "leave", _("Leave")
        ILLNESS = "illness", _("Illness")
        TRAINING = "training", _("Training")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="absences")
    starts_on = models.DateField()
    ends_on = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.LEAVE)

    class Meta:
        constraints = [
            models.CheckConstraint(name="absence_starts_before_end", condition=Q(starts_on__lt=F("ends_on"))),
            models.UniqueConstraint(name="one_absence_per_person_and_start", fields=["person", "starts_on"]),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.starts_on}"


class Grant(models.Model):
    """Sight of another unit's subtree, for a time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(default=FOREVER)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="grant_starts_before_end", condition=Q(starts_on__lt=F("ends_on"))),
            models.UniqueConstraint(
                name="one_grant_per_user_unit_start", fields=["user", "unit", "starts_on"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.unit_id} {self.starts_on}"


class ApiToken(models.Model):
    """A program's key. Only its digest is kept; the token itself is shown once."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, validators=[is_name])
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.READ)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="token_expires_after_it_is_made", condition=Q(expires_at__gt=F("created_at"))
            )
        ]

    def __str__(self) -> str:
        return self.name
