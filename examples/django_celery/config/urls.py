"""Addresses of the site."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from config.celery import answer


def health(_request: HttpRequest) -> JsonResponse:
    """Report that the site can answer."""
    return JsonResponse({"status": "ok"})


def ask(request: HttpRequest) -> JsonResponse:
    """Queue a question for the worker."""
    task = answer.delay(request.GET.get("message", ""))
    return JsonResponse({"task": task.id})


urlpatterns = [path("health", health), path("ask", ask)]
