"""A module that cannot be imported, and not for want of it."""


def who(request, user):
    return str(user)


raise NameError("oops")
