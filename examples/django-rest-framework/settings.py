"""Settings of the example, from the environment."""

import os

ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["rest_framework"]
ROOT_URLCONF = "api"
SECRET_KEY = os.urandom(32).hex()

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["introspection.IntrospectionAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}

OAUTH_INTROSPECTION = {
    "URL": os.environ["INTROSPECTION_URL"],
    "CLIENT_ID": os.environ["CLIENT_ID"],
    "CLIENT_SECRET": os.environ["CLIENT_SECRET"],
    "AUDIENCE": os.environ["AUDIENCE"],
}
