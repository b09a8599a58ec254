"""Sign-in and the customer's own pages."""
import boto3
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseForbidden, JsonResponse
from django.views.decorators.http import require_POST

from accounts.media import avatar_url, contract_url
from accounts.preferences import addresses_of, preferences_of
from shop import dynamo


@require_POST
def sign_in(request):
    """Starts the session of a customer."""
    user = authenticate(
        request, username=request.POST.get("username"), password=request.POST.get("password")
    )
    if user is None:
        return HttpResponseForbidden("unknown customer")
    login(request, user)
    response = dynamo.client.get_item(
        TableName="customers", Key={"customer_id": {"S": user.username}}
    )
    request.session["customer"] = response.get("Item")
    return JsonResponse({"customer": user.username})


@require_POST
@login_required
def act_for(request):
    """Lets the staff see the shop as a customer does."""
    if not request.user.is_staff:
        return HttpResponseForbidden("staff only")
    response = dynamo.client.get_item(
        TableName="customers", Key={"customer_id": {"S": request.POST["customer"]}}
    )
    customer = response["Item"]
    request.session["acting_for"] = customer["customer_id"]["S"]
    return JsonResponse({"acting_for": request.session["acting_for"]})


@require_POST
def sign_out(request):
    """Ends the session."""
    logout(request)
    return JsonResponse({"customer": None})


@login_required
def who_am_i(request):
    """Whom the shop greets."""
    customer = request.session.get("customer") or {}
    name = customer["name"]["S"] if "name" in customer else request.user.username
    return JsonResponse({"name": name, "acting_for": request.session.get("acting_for")})


@login_required
def profile(request):
    """The customer's name and pictures."""
    customers = boto3.resource("dynamodb", region_name=settings.AWS_REGION).Table("customers")
    item = customers.get_item(Key={"customer_id": request.user.username}).get("Item", {})
    return JsonResponse({"name": item.get("name"), "avatar": avatar_url(request.user.username)})


@login_required
def membership(request):
    """The customer's level and contract."""
    customers = dynamo.table("customers")
    item = customers.get_item(Key={"customer_id": request.user.username}).get("Item", {})
    return JsonResponse({"level": item.get("level"), "contract": contract_url(request.user.username)})


@login_required
def preferences(request):
    """The customer's preferences and addresses."""
    chosen = preferences_of(request.user.username) or {}
    known = addresses_of(request.user.username) or {}
    return JsonResponse(
        {"preferences": chosen.get("preferences", {}), "addresses": known.get("addresses", [])}
    )
