"""A site with django-oauth-toolkit, as a team may have had it for years."""

import os

ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = os.environ["SECRET_KEY"]
ROOT_URLCONF = "urls"
TIME_ZONE = "UTC"
USE_TZ = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "oauth2_provider",
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["DATABASE"],
    }
}

OAUTH2_PROVIDER = {
    "SCOPES": {
        "read": "Read",
        "write": "Write",
        "groups": "Groups",
        "introspection": "Introspect tokens",
        "openid": "OpenID",
        "profile": "Profile",
        "email": "E-mail address",
    },
    "DEFAULT_SCOPES": ["read", "write", "groups"],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "OIDC_ENABLED": True,
    "OAUTH2_VALIDATOR_CLASS": "claims.Validator",
}

with open(os.environ["OIDC_KEY"], encoding="utf-8") as key:
    OAUTH2_PROVIDER["OIDC_RSA_PRIVATE_KEY"] = key.read()

# What the page on moving adds to these settings.
if "ADDED_SETTINGS" in os.environ:
    with open(os.environ["ADDED_SETTINGS"], encoding="utf-8") as added:
        exec(added.read())
