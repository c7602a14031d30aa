"""Clients that mean no good: many, silent, slow, or full of bytes that mean nothing."""
import os
import socket
import struct
import threading
import time

from world import read

HALF_REQUESTS = (b"GET /v1/jobs HTTP/1.1\r\nHost: x\r\nX-Slow: ",
                 b"POST /v1/jobs/x/cancel HTTP/1.1\r\nContent-Length: 9",
                 b"GET /" + b"a" * 5000, b"\x10\0\0\0\x0a", b"\xff\xff\xff\xff????", b"\0\0\0\0")


def ports(world):
    """That ranks listen to, on the first host. Not mpirun's: these are Open MPI's, on loopback, and there a
    stranger can keep it waiting."""
    inodes, found = set(), set()
    for one in world.processes():
        if one.rank < 0:
            continue
        try:
            for name in os.listdir(f"/proc/{one.pid}/fd"):
                inodes.add(os.readlink(f"/proc/{one.pid}/fd/{name}"))
        except OSError:
            pass
    table = read(f"/proc/{world.command.pid}/net/tcp").decode().splitlines()[1:]
    for line in table:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            found.add(int(fields[1].split(":")[1], 16))
    return sorted(found)


def connect(world, rng):
    """To one of them, or to the status socket."""
    candidates = ports(world)
    if candidates and rng.random() < 0.6:
        client = socket.create_connection(("127.0.0.1", rng.choice(candidates)), 1)
    else:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(1)
        path = os.open(world.run_path(), os.O_RDONLY | os.O_DIRECTORY)  # a socket's path must be short
        try:
            client.connect(f"/proc/self/fd/{path}/status.sock")
        finally:
            os.close(path)
    client.settimeout(0.2)
    return client


def say_something(client, rng):
    choice = rng.randrange(4)
    if choice == 0:
        client.sendall(rng.choice(HALF_REQUESTS))
    elif choice == 1:
        client.sendall(rng.randbytes(rng.randrange(1, 3000)))
    elif choice == 2:   # a frame of the right length, full of anything
        n = rng.randrange(1, 300)
        client.sendall(struct.pack("<I", n) + rng.randbytes(n))


def trouble(world, rng, n_clients):
    clients = []
    while not world.has_ended():
        try:
            client = connect(world, rng)
            clients.append(client)
            say_something(client, rng)
        except OSError:
            pass
        if len(clients) > n_clients:
            clients.pop(rng.randrange(len(clients))).close()
        time.sleep(0.01)     # they are to disturb, not to take the processor
    for client in clients:
        client.close()


def start(world, rng):
    n_clients = rng.choice((5, 50, 300))
    threading.Thread(target=trouble, args=(world, rng, n_clients), daemon=True).start()
    return f"up to {n_clients} strangers at its sockets"
