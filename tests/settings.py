"""Django's settings for the tests: a data folder that is thrown away, a cheap password hash."""

import os
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="dabiao-tests-"))
(HOME / "static").mkdir()
os.environ["DABIAO_HOME"] = str(HOME)
os.environ["DABIAO_SECRET_KEY"] = "only for tests " * 4
os.environ["DABIAO_LANGUAGE"] = "en"
os.environ.setdefault("DABIAO_LOG", "console")
# Playwright keeps a loop running in the test's thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

from dabiao.settings import *  # noqa: E402, F403  # the environment comes first
from dabiao.settings import DATABASES  # noqa: E402  # the environment comes first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in real life: threads and processes meet the same locks.
    DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
