import socket
import sys

kind = sys.argv[1]
if kind == "server":
    with socket.create_server(("", int(sys.argv[2]))) as listener:
        print("listening", listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
    what = connection.recv(1)
    if what == b"p":
        while data := connection.recv(1024):
            connection.sendall(data)
    else:
        while connection.recv(65536):
            pass
        connection.sendall(b"all")
    connection.close()
else:
    connection = socket.create_connection((sys.argv[2], int(sys.argv[3])))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    count = int(sys.argv[4])
    connection.sendall(kind[:1].encode())
    print("begin", flush=True)
    if kind == "pingpong":
        message = bytes(64)
        for _ in range(count):
            connection.sendall(message)
            connection.recv(1024)
    else:
        message = bytes(65536)
        for _ in range(count):
            connection.sendall(message)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(3)
    print("end", flush=True)
    connection.close()
