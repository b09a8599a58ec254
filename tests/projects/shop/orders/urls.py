"""Routes of the orders."""
from django.urls import path

from orders import views

urlpatterns = [
    path("", views.history),
    path("page/", views.page),
    path("place/", views.place),
    path("ticker/", views.ticker),
    path("<str:order_id>/", views.detail),
]
