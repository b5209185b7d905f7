from django import template
from pymongo.errors import AutoReconnect

register = template.Library()


@register.simple_tag
def needy():
    raise AutoReconnect("still gone")
