"""Makes users, applications and codes as a site's own code does, from JSON on standard input."""

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth.hashers import get_hasher  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import Application, Grant  # noqa: E402


def make_user(username, password, hasher=None, iterations=None, **fields):
    """A password of null is an unusable one. Without a hasher Django hashes as it does today."""
    user = User.objects.create_user(username, password=password, **fields)
    if hasher is not None:
        made_by = get_hasher(hasher)
        user.password = made_by.encode(password, made_by.salt(), iterations=iterations)
        user.save()


def make_code(code, client_id, username, scope, redirect_uri):
    """What a user's consent on a page of the site leaves behind."""
    Grant.objects.create(
        code=code,
        application=Application.objects.get(client_id=client_id),
        user=User.objects.get(username=username),
        scope=scope,
        redirect_uri=redirect_uri,
        expires=timezone.now() + timedelta(minutes=1),
    )


accounts = json.load(sys.stdin)
for user in accounts.get("users", []):
    make_user(**user)
for application in accounts.get("applications", []):
    Application.objects.create(**application)
for code in accounts.get("codes", []):
    make_code(**code)
User.objects.filter(username__in=accounts.get("deactivated", [])).update(is_active=False)
