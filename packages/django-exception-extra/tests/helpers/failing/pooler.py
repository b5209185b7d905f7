"""What stands before PostgreSQL as PgBouncer does: refuses start-up options, and has no connection for one of its clients."""

import selectors
import socket
import socketserver
import struct

REFUSAL = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
READY = b"Z\0\0\0\x05I"


class Client(socketserver.BaseRequestHandler):
    """One connection; the messages are those of PostgreSQL's protocol 3.0 (chapter 54 of its manual)."""

    def handle(self):
        (length,) = struct.unpack("!i", self.request.recv(4, socket.MSG_WAITALL))
        start = self.request.recv(length - 4, socket.MSG_WAITALL)
        if b"\0options\0" in start:
            self.request.sendall(b"E" + struct.pack("!i", len(REFUSAL) + 4) + REFUSAL)
            return
        with socket.socket(socket.AF_UNIX) as upstream:
            upstream.connect(self.server.upstream)
            self.server.clients += 1
            has_to_wait = self.server.clients == self.server.waiting
            upstream.sendall(struct.pack("!i", length) + start)
            self.relay(upstream, has_to_wait)

    def relay(self, upstream, has_to_wait):
        other = {self.request: upstream, upstream: self.request}
        is_made = False
        with selectors.DefaultSelector() as waiting:
            for line in other:
                waiting.register(line, selectors.EVENT_READ)
            while True:
                for key, _ in waiting.select():
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    is_made = is_made or READY in data
                    if key.fileobj is upstream or not (has_to_wait and is_made):
                        other[key.fileobj].sendall(data)


class Pooler(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, upstream, *, waiting):
        self.upstream = upstream
        self.waiting = waiting
        self.clients = 0
        super().__init__(("127.0.0.1", 0), Client)
