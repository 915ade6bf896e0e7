"""Pages of administration: users and their sight, API tokens, the audit log."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.org import actions, forms, queries
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.org.models import FOREVER, User
from dabiao.ui import http
from dabiao.ui.form import Form, day_after
from dabiao.ui.listing import Column, Listing
from dabiao.ui.page import form_page, list_page


@page(can=Can.ADMINISTER)
def users(request: UserRequest) -> HttpResponseBase:
    """Everybody who can sign in."""
    rows = queries.users(request.user)
    table = Listing(
        key="users",
        columns=[
            Column("username", _("User name"), link="href"),
            Column("role", _("Role")),
            Column("person", _("Person")),
            Column("number", _("Employee number")),
            Column("is_active", _("May sign in"), "flag"),
            Column("last_login", _("Last signed in"), "moment"),
        ],
        rows=[
            {
                "username": row.username,
                "href": reverse("org:user", args=[row.username]),
                "role": str(row.get_role_display()),
                "person": str(row.person) if row.person else None,
                "number": row.person.key if row.person else None,
                "is_active": row.is_active,
                "last_login": row.last_login,
            }
            for row in rows
        ],
    )
    return list_page(request, "org/users.html", table, count=len(rows))


@page("GET POST", can=Can.ADMINISTER)
def user_add(request: UserRequest) -> HttpResponseBase:
    """Somebody who shall be able to sign in."""
    return form_page(
        request,
        forms.NewUserForm,
        lambda said: actions.add_user(**said, by=request.user, at=timezone.now()),
        then=lambda user: reverse("org:user", args=[user.username]),
        title=_("A new user"),
        back=reverse("org:users"),
    )


@page("GET POST", can=Can.ADMINISTER)
def user(request: UserRequest, username: str) -> HttpResponseBase:
    """One user: role, person, password, grants."""
    subject = queries.user(request.user, username)
    return form_page(
        request,
        partial(forms.UserForm, initial=_initial(subject)),
        lambda said: actions.change_user(username, values=said, by=request.user, at=timezone.now()),
        then=reverse("org:user", args=[username]),
        done=_("Saved."),
        draw=lambda form: _drawn(request, username, form=form),
    )


@page("POST", can=Can.ADMINISTER)
def user_password(request: UserRequest, username: str) -> HttpResponseBase:
    """A new password for somebody."""
    return form_page(
        request,
        forms.PasswordForm,
        lambda said: actions.set_password(username, said["password"], by=request.user, at=timezone.now()),
        then=reverse("org:user", args=[username]),
        done=_("The new password holds from now on."),
        draw=lambda form: _drawn(request, username, password_form=form),
    )


@page("POST", can=Can.ADMINISTER)
def user_grant(request: UserRequest, username: str) -> HttpResponseBase:
    """Sight of another unit for a time."""

    def act(said: dict[str, Any]) -> object:
        dates = {"starts_on": said["starts_on"], "ends_on": day_after(said["last_day"], never=FOREVER)}
        return actions.grant(username, said["unit"], **dates, by=request.user, at=timezone.now())

    return form_page(
        request,
        forms.GrantForm,
        act,
        then=reverse("org:user", args=[username]),
        draw=lambda form: _drawn(request, username, grant_form=form),
    )


@page("POST", can=Can.ADMINISTER)
def grant_end(request: UserRequest, username: str, pk: int) -> HttpResponseBase:
    """Take sight away from today on."""
    if pk not in {grant.pk for grant in queries.grants_of(queries.user(request.user, username))}:
        raise NotFound(_("There is no %(key)s.") % {"key": pk})
    actions.end_grant(pk, on=http.today(), by=request.user, at=timezone.now())
    return redirect("org:user", username)


def _initial(subject: User) -> dict[str, object]:
    person = subject.person.key if subject.person else ""
    return {"role": subject.role, "person": person, "email": subject.email, "is_active": subject.is_active}


def _drawn(request: UserRequest, username: str, **form: Form) -> tuple[str, dict[str, object]]:
    """The page of a user with its three forms, one of them as it was typed."""
    subject = queries.user(request.user, username)
    grants = queries.grants_of(subject)
    context = {
        "subject": subject,
        "grants": [
            (row, None if row.ends_on == FOREVER else row.ends_on - timedelta(days=1)) for row in grants
        ],
        "password_form": forms.PasswordForm(),
        "grant_form": forms.GrantForm(initial={"starts_on": http.today()}),
        "form": forms.UserForm(initial=_initial(subject)),
        **form,
    }
    return "org/user.html", context


@page("GET POST")
def tokens(request: UserRequest) -> HttpResponseBase:
    """One's own tokens; an administrator sees everybody's. A new one is shown once, in the answer itself."""

    def draw(form: Form, secret: str = "") -> tuple[str, dict[str, object]]:
        rows = queries.tokens(request.user)
        return "org/tokens.html", {"tokens": rows, "form": form, "secret": secret, "now": timezone.now()}

    response = form_page(
        request,
        forms.TokenForm,
        lambda said: actions.create_token(**said, by=request.user, at=timezone.now()),
        then=lambda made: render(request, *draw(forms.TokenForm(), secret=made[1])),
        draw=draw,
    )
    response["Cache-Control"] = "no-store"
    return response


@page("POST")
def token_revoke(request: UserRequest, pk: int) -> HttpResponseBase:
    """End a token."""
    actions.revoke_token(pk, by=request.user, at=timezone.now())
    return redirect("org:tokens")
