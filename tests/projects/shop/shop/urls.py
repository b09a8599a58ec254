"""All routes of the shop."""
from django.urls import include, path

from accounts import views as accounts
from cart import views as cart
from reports import views as reports

urlpatterns = [
    path("accounts/login/", accounts.sign_in),
    path("accounts/logout/", accounts.sign_out),
    path("accounts/act-for/", accounts.act_for),
    path("accounts/who-am-i/", accounts.who_am_i),
    path("accounts/profile/", accounts.profile),
    path("accounts/membership/", accounts.membership),
    path("accounts/preferences/", accounts.preferences),
    path("cart/", cart.show),
    path("cart/add/", cart.add),
    path("cart/remove/", cart.remove),
    path("cart/wish/", cart.wish),
    path("cart/checkout/", cart.checkout),
    path("catalog/", include("catalog.urls")),
    path("orders/", include("orders.urls")),
    path("reports/orders/", reports.orders),
    path("reports/orders.txt", reports.orders_text),
    path("reports/customers/", reports.customers),
    path("reports/sizes/", reports.sizes),
    path("reports/<str:report_id>/open/", reports.open_report),
    path("reports/<str:report_id>/next/", reports.report_page),
]
