"""An API on Django REST framework with a scope for each method."""

from django.urls import path
from introspection import require_scope
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.views import APIView


class Things(APIView):
    """Requires the scope `read` for safe methods and `write` for all others."""

    def get_permissions(self):
        is_reading = self.request.method in SAFE_METHODS
        return [require_scope("read" if is_reading else "write")()]

    def get(self, request):
        return Response({"things": ["a", "b"], "subject": request.user.id})

    def delete(self, request):
        return Response({"deletedBy": request.user.id})


urlpatterns = [path("things", Things.as_view())]
