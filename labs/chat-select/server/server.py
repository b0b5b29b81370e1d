# 채팅 서버: 스레드는 하나. 누구의 글이 왔는지 select에게 묻는다. 네 사람이 모두 나가면 끝난다.
import select
import socket

HOST = ""
PORT = 9000
GUESTS = 4

guests = {}                  # 소켓 -> 이름 (아직 모르면 없다)
received = {}                # 소켓 -> 받았으나 아직 한 줄이 안 된 바이트


def tell_all(text):
    print(text, flush=True)
    for guest in guests:
        guest.sendall(f"{text}\n".encode())


def handle(conn, line):
    if conn not in guests:                     # 첫 줄은 이름
        guests[conn] = line
        tell_all(f"* {line} 님이 들어왔습니다.")
    else:
        tell_all(f"{guests[conn]}: {line}")


def goodbye(conn):
    tell_all(f"* {guests[conn]} 님이 나갔습니다.")
    del guests[conn], received[conn]
    conn.close()


server = socket.create_server((HOST, PORT))
gone = 0
while gone < GUESTS:
    ready, _, _ = select.select([server, *received], [], [])    # 읽을 것이 있는 소켓을 기다린다
    for sock in ready:
        if sock is server:
            conn, addr = server.accept()       # 새 손님
            received[conn] = b""
            continue
        data = sock.recv(4096)
        if not data:                           # 손님이 그만 보냈다
            goodbye(sock)
            gone += 1
            continue
        *lines, received[sock] = (received[sock] + data).split(b"\n")
        for line in lines:
            handle(sock, line.decode())
server.close()
