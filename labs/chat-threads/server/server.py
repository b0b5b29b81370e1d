# 채팅 서버: 손님마다 스레드 하나. 네 사람이 모두 나가면 끝난다.
import socket
import threading

HOST = ""
PORT = 9000
GUESTS = 4

lock = threading.Lock()      # 손님 목록과 출력은 한 번에 한 스레드만
guests = {}                  # 소켓 -> 이름


def tell_all(text):
    print(text, flush=True)
    for guest in guests:
        guest.sendall(f"{text}\n".encode())


def serve(conn):
    lines = conn.makefile(encoding="utf-8")
    name = lines.readline().strip()            # 첫 줄은 이름
    with lock:
        guests[conn] = name
        tell_all(f"* {name} 님이 들어왔습니다.")
    for line in lines:                         # 손님이 그만 보낼 때까지 한 줄씩
        with lock:
            tell_all(f"{name}: {line.strip()}")
    with lock:
        tell_all(f"* {name} 님이 나갔습니다.")
        del guests[conn]
    lines.close()
    conn.close()


server = socket.create_server((HOST, PORT))
threads = []
for _ in range(GUESTS):
    conn, addr = server.accept()               # 새 손님을 기다린다
    thread = threading.Thread(target=serve, args=(conn,))
    thread.start()                             # 그 손님은 이 스레드가 맡는다
    threads.append(thread)
for thread in threads:
    thread.join()
server.close()
