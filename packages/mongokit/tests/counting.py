"""How often a server is asked, and by what."""

from __future__ import annotations

from pymongo.monitoring import CommandListener


class Asked(CommandListener):
    """Notes the commands that a client sends, as ``"find authors"``."""

    def __init__(self):
        self.commands = []

    def started(self, event):
        target = event.command.get(event.command_name)
        if isinstance(target, str):
            self.commands.append(f"{event.command_name} {target}")

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass

    def clear(self):
        self.commands.clear()

    def since(self):
        """Return the commands since this was last asked."""
        commands, self.commands = self.commands, []
        return commands
