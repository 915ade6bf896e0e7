"""One user of each role in a new data folder: prints role → session and token as JSON. Run in the folder's environment."""

import json

import django


def main() -> None:
    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from dabiao.org.actions.tokens import create_token
    from dabiao.org.models import User
    from dabiao.site.commands import prepare

    prepare()
    keys = {}
    for role in User.Role:
        user = User.objects.create(username=f"a-{role}", role=role, language="zh-hans")
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        scope = "read" if role == User.Role.READER else "write"
        _token, secret = create_token(name="x", scope=scope, days=1, by=user, at=timezone.now())
        keys[str(role)] = {"session": str(session.session_key), "token": secret}
    print(json.dumps(keys))


if __name__ == "__main__":
    main()
