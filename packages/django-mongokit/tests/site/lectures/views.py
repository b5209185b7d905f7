from asgiref.sync import sync_to_async
from django.shortcuts import redirect, render

from django_mongokit import get_database, get_document_or_404
from lectures.forms import LectureForm


def home(request):
    collection = get_database().lectures
    form = LectureForm(request.POST or None, collection=collection)
    if form.try_save():
        return redirect("/lectures/")
    lectures = list(collection.Lecture.find().sort("when", -1))
    return render(request, "lectures/home.html", {"form": form, "lectures": lectures})


def edit(request, pk):
    lecture = get_document_or_404(get_database().lectures.Lecture, pk=pk)
    form = LectureForm(request.POST or None, instance=lecture)
    if form.try_save():
        return redirect("/lectures/")
    return render(request, "lectures/home.html", {"form": form, "lectures": []})


async def add(request):
    form = LectureForm(request.POST, collection=get_database().lectures)
    if await form.atry_save():
        return redirect("/lectures/")
    return await sync_to_async(render)(request, "lectures/home.html", {"form": form})


def delete(request, pk):
    get_document_or_404(get_database().lectures.Lecture, pk=pk).delete()
    return redirect("/lectures/")
