"""User models other than Django's own."""

from django.contrib.auth.models import AbstractBaseUser, UserManager
from django.db import models


class Handle(AbstractBaseUser):
    """No e-mail, no names, and none of Django's permission fields."""

    handle = models.CharField(max_length=50, unique=True)
    objects = UserManager()
    USERNAME_FIELD = "handle"


class Member(AbstractBaseUser):
    """The address is the user name, and it is not called email."""

    address = models.EmailField(unique=True)
    nick = models.CharField(max_length=50)
    objects = UserManager()
    USERNAME_FIELD = "address"
    EMAIL_FIELD = "address"

    def get_full_name(self):
        return self.nick


class Addressed(AbstractBaseUser):
    """The address is the primary key."""

    address = models.EmailField(primary_key=True)
    objects = UserManager()
    USERNAME_FIELD = "address"
    EMAIL_FIELD = "address"


class Stranded(AbstractBaseUser):
    """Its table was never made."""

    handle = models.CharField(max_length=50, unique=True)
    objects = UserManager()
    USERNAME_FIELD = "handle"

    class Meta:
        managed = False
        db_table = "no_such_table_of_users"


class Log(models.Model):
    """What a view or a middleware writes."""

    text = models.CharField(max_length=50, unique=True)


class Nowhere(models.Model):
    """Sessions in a table that was never made."""

    session_key = models.CharField(max_length=40, primary_key=True)
    session_data = models.TextField()
    expire_date = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "no_such_table"
