from asgiref.sync import sync_to_async
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.response import TemplateResponse

from django_mongokit import get_database, get_document_or_404


def home(request):
    return HttpResponse(f"{get_database().talks.count_documents({})} talks")


async def home_async(request):
    return await sync_to_async(home)(request)


def in_template(request):
    return TemplateResponse(
        request, "talks/list.html", {"talks": lambda: list(get_database().talks.Talk.find())}
    )


def answer(request):
    return render(request, "talks/list.html", {"talks": [{"topic": "no database"}]})


def broken(request):
    raise ValueError("an error of the site itself")


def one(request, pk):
    talk = get_document_or_404(get_database().talks.Talk, pk=pk)
    return JsonResponse({"topic": talk["topic"], "pk": talk.pk})
