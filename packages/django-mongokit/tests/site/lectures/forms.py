from django_mongokit.forms import CommaSeparatedField, DocumentForm
from lectures.models import Lecture


class LectureForm(DocumentForm):
    tags = CommaSeparatedField(required=False)

    class Meta:
        document = Lecture
