"""`manage.py dbshell --database mongodb`: MongoDB's own shell, on the alias's server and database."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from django.db.backends.base.client import BaseDatabaseClient

from django_mongokit.conf import DEFAULT_ALIAS, ClientSettings, client_settings, split_uri

__all__ = ["DatabaseClient", "shell_address"]

# What a shell must know to get in, by the names both PyMongo and a URI have for it.
_SHELL_OPTIONS = frozenset({"authmechanism", "authsource", "directconnection", "replicaset"})


class DatabaseClient(BaseDatabaseClient):
    """Starts `mongosh`."""

    executable_name = "mongosh"

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: Mapping[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Return the command line. No password is on it, where `ps` would show it: mongosh asks for it."""
        found = client_settings(DEFAULT_ALIAS, settings_dict, debug=False)
        address, user = shell_address(found, settings_dict["NAME"])
        return [cls.executable_name, address, *(["--username", user] if user else []), *parameters], None

    def runshell(self, parameters: Iterable[str]) -> None:
        """Run the shell to its end; an embedded server is kept running for it, and the way to its password said."""
        values = dict(self.connection.settings_dict)
        embedded = client_settings(self.connection.alias, values, debug=False).embedded
        if embedded is None:
            with _interrupts_left_to_the_shell():
                super().runshell(parameters)
            return
        from mongokit.embedded import EmbeddedServer  # not there on Windows

        with EmbeddedServer(embedded) as server, _interrupts_left_to_the_shell():
            if server.password_file.exists():
                # On stderr, as what the shell itself prints may go into a pipe.
                sys.stderr.write(f"The password of the embedded server is in {server.password_file}\n")
                sys.stderr.flush()
            command, _ = self.settings_to_cmd_args_env(
                {"NAME": values["NAME"], "HOST": server.uri}, parameters
            )
            subprocess.run(command, check=True)  # noqa: S603 (the user's own shell)


@contextmanager
def _interrupts_left_to_the_shell() -> Iterator[None]:
    """Have Ctrl-C stop a query, not what waits for the shell: that would kill it, and stop its embedded server."""
    # A function, since a signal that is ignored would be so by the shell as well.
    before = signal.signal(signal.SIGINT, lambda *_args: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def shell_address(found: ClientSettings, name: str) -> tuple[str, str | None]:
    """Return the URI of a database for `mongosh`, and the user to name beside it."""
    hosts = [found.host] if isinstance(found.host, str) else found.host or ["127.0.0.1"]
    uri = hosts[0] if "://" in hosts[0] else "mongodb://" + ",".join(_with_port(hosts, found.port or 27_017))
    scheme, userinfo_and_servers, path, query = split_uri(uri)
    userinfo, _, servers = userinfo_and_servers.rpartition("@")
    options = {key: shown for key, value in parse_qsl(query) if (shown := _without_secrets(key, value))}
    for key, value in found.options.items():
        name_of_option = key.lower()
        if name_of_option in _SHELL_OPTIONS or (name_of_option.startswith("tls") and not _is_secret(key)):
            options[key] = str(value).lower() if isinstance(value, bool) else str(value)
    if path and "authsource" not in {key.lower() for key in options}:
        options["authSource"] = unquote(path)  # where that name stood it said who knows the user
    user = found.options.get("username") or unquote(userinfo.partition(":")[0]) or None
    return f"{scheme}://{servers}/{quote(name)}" + (f"?{urlencode(options)}" if options else ""), user


def _is_secret(option: str) -> bool:
    return "password" in option.lower()


def _without_secrets(option: str, value: str) -> str:
    """Return the value of an option of a URI as `ps` may show it; "" where nothing is left of it."""
    if option.lower() == "authmechanismproperties":
        return ",".join(one for one in value.split(",") if not one.upper().startswith("AWS_SESSION_TOKEN:"))
    return "" if _is_secret(option) else value


def _with_port(hosts: list[str], port: int) -> list[str]:
    names = [name for host in hosts for name in host.split(",")]
    # A colon outside the brackets of an IPv6 address means that a port is there.
    return [name if ":" in name.rpartition("]")[2] else f"{name}:{port}" for name in names]
