"""Routes of the catalog."""
from django.urls import path

from catalog import views

urlpatterns = [
    path("products/<str:sku>/", views.product_detail),
    path("products/<str:sku>/related/", views.related),
    path("recent/", views.recent),
    path("categories/<str:name>/", views.category),
    path("brands/<str:brand_id>/", views.brand),
    path("search/", views.Search.as_view()),
    path("prices/", views.price_sheet),
    path("labels/", views.labels),
]
