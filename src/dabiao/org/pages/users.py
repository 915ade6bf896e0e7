"""Pages of administration: users and their sight, API tokens, the audit log."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.org import actions, forms, queries
from dabiao.org.access import UserRequest, page, require
from dabiao.org.can import Can
from dabiao.org.models import FOREVER, User
from dabiao.ui import http
from dabiao.ui.form import day_after
from dabiao.ui.listing import Column, Listing


@page()
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
    if kind := request.GET.get("export"):
        return table.download(kind, only=request.GET.get("filter", ""))
    return render(request, "org/users.html", {"table": table, "count": len(rows)})


@page("GET POST", can=Can.ADMINISTER)
def user_add(request: UserRequest) -> HttpResponse:
    """Somebody who shall be able to sign in."""
    form = forms.NewUserForm(request.POST or None)
    if request.method == "POST" and form.run(
        lambda: actions.add_user(**form.cleaned_data, by=request.user, at=timezone.now())
    ):
        return redirect("org:user", form.cleaned_data["username"])
    return render(
        request, "org/form.html", {"form": form, "title": _("A new user"), "back": reverse("org:users")}
    )


@page("GET POST")
def user(request: UserRequest, username: str) -> HttpResponse:
    """One user: role, person, password, grants."""
    found = queries.user(request.user, username)
    form = forms.UserForm(request.POST or None, initial=_initial(found))
    if request.method == "POST" and form.run(
        lambda: actions.change_user(username, values=form.cleaned_data, by=request.user, at=timezone.now())
    ):
        messages.success(request, _("Saved."))
        return redirect("org:user", username)
    return _user_page(request, username, form=form)


@page("POST")
def user_password(request: UserRequest, username: str) -> HttpResponse:
    """A new password for somebody."""
    form = forms.PasswordForm(request.POST)
    require(request.user, Can.ADMINISTER)
    if form.run(
        lambda: actions.set_password(
            username, form.cleaned_data["password"], by=request.user, at=timezone.now()
        )
    ):
        messages.success(request, _("The new password holds from now on."))
        return redirect("org:user", username)
    return _user_page(request, username, password_form=form)


@page("POST")
def user_grant(request: UserRequest, username: str) -> HttpResponse:
    """Sight of another unit for a time."""
    form = forms.GrantForm(request.POST)

    def act() -> None:
        said = form.cleaned_data
        ends = day_after(said["last_day"], never=FOREVER)
        actions.grant(
            username,
            said["unit"],
            starts_on=said["starts_on"],
            ends_on=ends,
            by=request.user,
            at=timezone.now(),
        )

    if form.run(act):
        return redirect("org:user", username)
    return _user_page(request, username, grant_form=form)


@page("POST")
def grant_end(request: UserRequest, username: str, pk: int) -> HttpResponse:
    """Take sight away from today on."""
    actions.end_grant(pk, on=http.today(), by=request.user, at=timezone.now())
    return redirect("org:user", username)


def _initial(found: User) -> dict[str, object]:
    person = found.person.key if found.person else ""
    return {"role": found.role, "person": person, "email": found.email, "is_active": found.is_active}


def _user_page(request: UserRequest, username: str, **bound: object) -> HttpResponse:
    found = queries.user(request.user, username)
    grants = queries.grants_of(found)
    context = {
        "subject": found,
        "grants": [
            (row, None if row.ends_on == FOREVER else row.ends_on - timedelta(days=1)) for row in grants
        ],
        "password_form": forms.PasswordForm(),
        "grant_form": forms.GrantForm(initial={"starts_on": http.today()}),
        "form": forms.UserForm(initial=_initial(found)),
        **bound,
    }
    return render(request, "org/user.html", context, status=422 if request.method == "POST" else 200)


@page("GET POST")
def tokens(request: UserRequest) -> HttpResponse:
    """One's own tokens; an administrator sees everybody's. A new one is shown once, in the answer itself."""
    form = forms.TokenForm(request.POST or None)
    made: list[str] = []

    def act() -> None:
        _token, secret = actions.create_token(**form.cleaned_data, by=request.user, at=timezone.now())
        made.append(secret)

    if request.method == "POST" and form.run(act):
        form = forms.TokenForm()
    rows = queries.tokens(request.user)
    context = {"tokens": rows, "form": form, "secret": made[0] if made else "", "now": timezone.now()}
    bad = request.method == "POST" and not made
    response = render(request, "org/tokens.html", context, status=422 if bad else 200)
    response["Cache-Control"] = "no-store"
    return response


@page("POST")
def token_revoke(request: UserRequest, pk: int) -> HttpResponse:
    """End a token."""
    actions.revoke_token(pk, by=request.user, at=timezone.now())
    return redirect("org:tokens")
