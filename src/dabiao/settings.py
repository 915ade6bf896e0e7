"""Django's settings, all from the environment through `core.config`."""

import os
from pathlib import Path

from dabiao.core import config, database
from dabiao.core.shared_cache import FOLDER
from dabiao.rooms import ROOMS

ROOT = Path(__file__).resolve().parent
SECRET_KEY = config.secret_key()
DEBUG = config.get("DABIAO_DEBUG") == "1"
HTTPS = config.get("DABIAO_HTTPS") == "1"
HOSTS = config.hosts()
ALLOWED_HOSTS = list(HOSTS)
PROXIES = config.proxies()

INSTALLED_APPS = [
    "dabiao.site",
    *(f"dabiao.{room.key}" for room in reversed(ROOMS)),
    "dabiao.ui",
    "dabiao.core",
    "dabiao.lake",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "ninja",
    "allauth",
    "allauth.account",
    "axes",
]
MIDDLEWARE = [
    "dabiao.site.proxy.forwarded",
    "dabiao.site.security.headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dabiao.site.compression.compressed",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dabiao.site.characters.no_nul",
    "dabiao.site.steady.steady",
    "dabiao.site.errors.refusals",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "dabiao.site.urls"
WSGI_APPLICATION = "dabiao.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dabiao.org.access.context",
                "dabiao.site.shell.context",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "dabiao.ui.templatetags.dabiao",
                "dabiao.ui.templatetags.blocks",
            ],
        },
    }
]

LAKE_FOLDER = config.home() / "lake"
LAKE_MEMORY_MB = int(config.get("DABIAO_MEMORY_MB"))
LAKE_THREADS = int(config.get("DABIAO_THREADS"))
METRICS_FOLDER = config.home() / "metrics"
DATABASES = {"default": database.from_url(config.get("DATABASE_URL"), config.home())}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SHARED = os.environ.get(FOLDER, "")
CACHES = {
    "default": {
        "BACKEND": "dabiao.core.shared_cache.SharedCache"
        if SHARED
        else "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": SHARED,
        "OPTIONS": {"MAX_ENTRIES": 5000},
    }
}

AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "dabiao.site.accounts.Adapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # django-axes counts failed logins
AXES_HANDLER = "dabiao.site.accounts.Throttle"
AXES_CLIENT_IP_CALLABLE = "dabiao.site.accounts.address_counted"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_FAILURE_LIMIT = 8
FAILURES_OF_AN_ADDRESS = 100
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else one that goes on keeps a whole office out
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_TEMPLATE = "account/locked.html"

LANGUAGE_CODE = config.language()
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]
LOCALE_PATHS = sorted(ROOT.glob("*/locale"))  # one catalogue a room, also of those that are no apps
USE_I18N = True
USE_TZ = True
TIME_ZONE = config.get("DABIAO_TIME_ZONE")

STATIC_URL = "static/"
STATICFILES_DIRS: list[Path] = []
STATIC_ROOT = (
    os.environ.get("DABIAO_ASSETS") or None
)  # where `dabiao serve` has laid them; else from the package
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_MAX_AGE = 3600  # of what is not named by its content
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "dabiao.site.assets.Assets"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = config.origins(https=HTTPS)
SECURE_HSTS_SECONDS = int(config.get("DABIAO_HSTS"))  # said over HTTPS only, and never for other names
CSRF_FAILURE_VIEW = "dabiao.site.errors.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
FILE_UPLOAD_HANDLERS = [
    "dabiao.site.incoming.Doorkeeper",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

LOGGING_CONFIG = "dabiao.core.logs.configure"
LOGGING = {"format": config.get("DABIAO_LOG")}
SILENCED_SYSTEM_CHECKS = ["urls.W002"]
