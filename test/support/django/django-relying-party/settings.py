"""A site whose users sign in elsewhere, by OpenID Connect: with social-auth, and with Authlib."""

import os

ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = os.environ["SECRET_KEY"]
ROOT_URLCONF = "urls"
USE_TZ = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "social_django",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["DATABASE"],
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

AUTHENTICATION_BACKENDS = ["social_core.backends.open_id_connect.OpenIdConnectAuth"]
SOCIAL_AUTH_URL_NAMESPACE = "social"
SOCIAL_AUTH_LOGIN_REDIRECT_URL = "/social/user/"
SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = os.environ["ISSUER"]
SOCIAL_AUTH_OIDC_KEY = "social-auth"
SOCIAL_AUTH_OIDC_SECRET = os.environ["CLIENT_SECRET"]
SOCIAL_AUTH_OIDC_EXTRA_DATA = ["name"]

AUTHLIB_OAUTH_CLIENTS = {
    "tollgate": {
        "client_id": "authlib",
        "client_secret": os.environ["CLIENT_SECRET"],
        "server_metadata_url": os.environ["ISSUER"] + "/.well-known/openid-configuration",
        "client_kwargs": {"scope": "openid profile", "code_challenge_method": "S256"},
    }
}
