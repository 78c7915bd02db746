"""Who is signed in, as a test's header says: the site has no page for it."""

from django.contrib.auth.models import AnonymousUser, User


def by_header(get_response):
    def middleware(request):
        username = request.headers.get("X-Username")
        request.user = User.objects.get(username=username) if username else AnonymousUser()
        return get_response(request)

    return middleware
