"""How often a server is asked, and by what."""

from __future__ import annotations

from pymongo.monitoring import CommandListener


def _filters(command):
    """Return the filters in a command."""
    if "filter" in command:
        return [command["filter"]]
    return [each["q"] for name in ("updates", "deletes") for each in command.get(name, ())]


class Asked(CommandListener):
    """Notes the commands that a client sends, as ``"find authors"``."""

    def __init__(self):
        self.commands = []
        self.filters = []
        """Those of all of them."""

    def started(self, event):
        self.filters += _filters(event.command)
        target = event.command.get(event.command_name)
        if isinstance(target, str):
            self.commands.append(f"{event.command_name} {target}")

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass

    def clear(self):
        self.commands.clear()
        self.filters.clear()

    def since(self):
        """Return the commands since this was last asked."""
        commands, self.commands = self.commands, []
        return commands
