"""Makes users and applications as a site's own code does: {"users", "applications"} from standard input."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402


def make_user(username, password, is_active=True, hasher="default"):
    """A password of null is an unusable one."""
    user = User.objects.create_user(username, password=password, is_active=is_active)
    if hasher != "default":
        user.password = make_password(password, hasher=hasher)
        user.save()


accounts = json.load(sys.stdin)
for user in accounts.get("users", []):
    make_user(**user)
for application in accounts.get("applications", []):
    Application.objects.create(**application)
