"""The addresses of the two views."""

from django.urls import path

from benchmarks.peers import views

urlpatterns = [
    path("floor", views.floor),
    path("notifications", views.Notifications.as_view()),
]
