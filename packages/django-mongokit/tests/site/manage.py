import multiprocessing
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djmsite.settings")
    if method := os.environ.get("SITE_START_METHOD"):
        multiprocessing.set_start_method(method)
    execute_from_command_line(sys.argv)
