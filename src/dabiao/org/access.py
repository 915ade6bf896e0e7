"""Who may do what."""

from django.http import HttpRequest

from dabiao.org.models import User


class UserRequest(HttpRequest):
    """A request behind `login_required` or a token: `user` is one of ours."""

    user: User
