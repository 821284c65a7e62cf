"""Passes bytes on between sockets.

usage: relay.py HOST PATH   listens on a free port of HOST, prints it, and passes all on to the socket at PATH
"""
import socket
import sys
import threading


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    # The other direction ends by it, too.
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    source.close()


def serve(listener, connect):
    """Passes on what comes until the listener is closed; `connect` makes the other side's socket."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        other = connect()
        threading.Thread(target=pump, args=(client, other), daemon=True).start()
        threading.Thread(target=pump, args=(other, client), daemon=True).start()


def local(path):
    end = socket.socket(socket.AF_UNIX)
    end.connect(path)
    return end


if __name__ == "__main__":
    with socket.create_server((sys.argv[1], 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        serve(listening, lambda: local(sys.argv[2]))
