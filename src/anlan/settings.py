"""Settings from the environment. Unknown or malformed values stop the start with a sentence that names them.

ANLAN_VAR            folder for data of the embedded servers, documents, logs   (./var)
ANLAN_DATABASE_URL   postgresql://...; unset = embedded PostgreSQL below ANLAN_VAR
ANLAN_NATS_URL       nats://...; unset = embedded NATS started by `anlan up`
ANLAN_CITY           folder below anlan/cities                                  (wuhai)
ANLAN_HOSTS          host names the web answers to, comma separated             (localhost,127.0.0.1)
ANLAN_SECRET_KEY or ANLAN_SECRET_KEY_FILE; unset = a key kept in ANLAN_VAR
ANLAN_HTTPS          1 = cookies only over HTTPS, HSTS                           (0)
ANLAN_PLATFORM       code by which other platforms know this one; unset = code of the top division
ANLAN_EXCHANGE_CERT, ANLAN_EXCHANGE_KEY, ANLAN_EXCHANGE_CA  PEM files for TLS with other platforms
ANLAN_PUBLIC_URL     address the public knows the warnings by; unset = the one a request came to
ANLAN_SANDBOX_HOST   address the sandboxes ordered from the console listen on (default: that of `anlan up`, else 127.0.0.1)
ANLAN_SANDBOX        name of the drill's sandbox this process belongs to; set by `anlan drill` only
ANLAN_DEMO_ACCOUNTS  1 = load the demo accounts, whose passwords are published; set by `anlan demo` and `anlan drill`  (0)
ANLAN_TIANDITU_KEY   key of the optional online base map; unset = offline base map only
ANLAN_TIANDITU_URL   its address, or that of a mirror inside the network; {n} = server 0 to 7  (https://t{n}.tianditu.gov.cn)
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from anlan import embedded, sandbox


def flag(name: str) -> bool:
    value = os.environ.get(name, "0")
    if value not in {"0", "1"}:
        raise ValueError(f"{name}={value!r}: 只能是 0 或 1")
    return value == "1"


def database(url: str) -> dict[str, object]:
    """Django's description of one PostgreSQL from its URL, unix sockets (`?host=/dir`) included."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    groups = int(os.environ.get("ANLAN_WORK_GROUPS", "1"))  # each works over two connections
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError(f"ANLAN_DATABASE_URL={url!r}: 必须以 postgresql:// 开头")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [unquote(parts.hostname or "")])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 12 + 2 * groups, "timeout": 20}},
        "TEST": {"NAME": f"test_{parts.path.lstrip('/')}"},
    }


def secret_key(var: Path) -> str:
    """The given key, or one made at the first start and kept beside the data."""
    if key := os.environ.get("ANLAN_SECRET_KEY"):
        return key
    file = Path(os.environ.get("ANLAN_SECRET_KEY_FILE", var / "secret_key"))
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(secrets.token_urlsafe(48), encoding="ascii")
        file.chmod(0o600)
    return file.read_text(encoding="ascii").strip()


PACKAGE = Path(__file__).resolve().parent
VAR = Path(os.environ.get("ANLAN_VAR", "var")).resolve()
CITY = os.environ.get("ANLAN_CITY", "wuhai")
NATS_URL = os.environ.get("ANLAN_NATS_URL", "")
TIANDITU_KEY = os.environ.get("ANLAN_TIANDITU_KEY", "")
TIANDITU_URL = os.environ.get("ANLAN_TIANDITU_URL", "https://t{n}.tianditu.gov.cn").rstrip("/")
PLATFORM = os.environ.get("ANLAN_PLATFORM", "")
EXCHANGE_CERT, EXCHANGE_KEY, EXCHANGE_CA = (
    os.environ.get(f"ANLAN_EXCHANGE_{what}", "") for what in ("CERT", "KEY", "CA")
)
PUBLIC_URL = os.environ.get("ANLAN_PUBLIC_URL", "").rstrip("/")
DEMO_ACCOUNTS = flag("ANLAN_DEMO_ACCOUNTS")
SANDBOX_HOST = os.environ.get("ANLAN_SANDBOX_HOST", "127.0.0.1")
FRONTEND = Path(os.environ.get("ANLAN_FRONTEND", PACKAGE.parent.parent / "frontend"))

SECRET_KEY = secret_key(VAR)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("ANLAN_HOSTS", "localhost,127.0.0.1,testserver").split(",")
DATABASE_URL = os.environ.get("ANLAN_DATABASE_URL") or embedded.database_url(VAR)
DATABASES = {"default": database(DATABASE_URL)}
if sandbox.name():
    sandbox.check(VAR, DATABASE_URL, NATS_URL)
    sandbox.guard()

ROOMS = ["administration", "supervision", "monitoring", "resources", "command", "situation", "mobilisation"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "ninja",
    "anlan.kernel",
    "anlan.simulation",
    *(f"anlan.{room}" for room in ROOMS),
    "anlan.gateways",
    "anlan.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "anlan.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "anlan.kernel.accounts.middleware.ActorMiddleware",
    "anlan.web.middleware.SignedInMiddleware",
    "anlan.web.middleware.SecurityHeadersMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "anlan.web.middleware.ErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "anlan.urls"
ASGI_APPLICATION = "anlan.web.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "anlan.web.context.shell",
            ],
        },
    }
]

AUTH_USER_MODEL = "kernel.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# 等保三级 8.1.4.1: RULES.md section 12.4; the figures are defaults of this platform, not of the standard.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "anlan.kernel.accounts.passwords.CharacterClassesValidator", "OPTIONS": {"at_least": 3}},
    {"NAME": "anlan.kernel.accounts.passwords.HistoryValidator", "OPTIONS": {"remembered": 5}},
]
PASSWORD_MAX_AGE_DAYS = 90
IDLE_TIMEOUT_S = 30 * 60
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_HANDLER = "anlan.kernel.identity.lockout.Handler"
#: Wrong passwords from one address, whatever the account; a whole office may sit behind it.
ADDRESS_FAILURE_LIMIT = 50
#: "AXES_LOCKOUT_PARAMETERS does not contain ip_address": the address has its own limit, in our handler.
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
#: A try during the lock-out does not prolong it: nobody can keep an officer out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "anlan.web.views.auth.locked_out"
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "Anlan"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 12 * 3600
if sandbox.name():
    # Cookies know no ports: who signs in to a drill must not be signed out of the real thing by that.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "drillsession", "drilltoken"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = flag("ANLAN_HTTPS")
SECURE_HSTS_SECONDS = 31536000 if flag("ANLAN_HTTPS") else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [folder for folder in (FRONTEND,) if folder.is_dir()]
WHITENOISE_USE_FINDERS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
#: One request as a whole, uploaded files included; larger files are imported on the server (`anlan import`).
MAX_BODY_BYTES = 64 * 1024 * 1024
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("ANLAN_LOG", "WARNING")},
}
