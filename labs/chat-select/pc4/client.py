# 채팅 클라이언트: 말할 때가 될 때까지 select로 기다리고, 그동안 온 글을 출력한다.
import select
import socket
import sys
import time

HOST = "10.0.0.1"
PORT = 9000

name, turn = sys.argv[1], int(sys.argv[2])    # 이름, 몇 번째로 말하는가


def listen(seconds):
    """정한 시간 동안 온 글을 출력한다. None이면 서버가 연결을 닫을 때까지."""
    end = None if seconds is None else time.monotonic() + seconds
    while end is None or time.monotonic() < end:
        left = None if end is None else max(0, end - time.monotonic())
        ready, _, _ = select.select([sock], [], [], left)
        if ready:
            data = sock.recv(4096)
            if not data:
                return
            print(data.decode(), end="")


sock = socket.create_connection((HOST, PORT))
listen(0.4 * turn)                            # 자기 차례까지 기다린다
sock.sendall(f"{name}\n".encode())            # 첫 줄은 이름
listen(2)
for text in ["안녕하세요!", "저는 여기까지만 할게요."]:
    sock.sendall(f"{text}\n".encode())
    listen(2)
sock.shutdown(socket.SHUT_WR)                 # 더 보낼 것이 없다. 받기는 계속한다
listen(None)
sock.close()
