# 채팅 클라이언트: 받는 일은 스레드가 하고, 보내는 일은 여기서 한다.
import socket
import sys
import threading
import time

HOST = "10.0.0.1"
PORT = 9000

name, turn = sys.argv[1], int(sys.argv[2])    # 이름, 몇 번째로 말하는가


def listen():
    for line in sock.makefile(encoding="utf-8"):    # 서버가 연결을 닫을 때까지 한 줄씩
        print(line, end="")


sock = socket.create_connection((HOST, PORT))
receiver = threading.Thread(target=listen)
receiver.start()

time.sleep(0.4 * turn)                        # 자기 차례까지 기다린다
sock.sendall(f"{name}\n".encode())            # 첫 줄은 이름
time.sleep(2)
for text in ["안녕하세요!", "저는 여기까지만 할게요."]:
    sock.sendall(f"{text}\n".encode())
    time.sleep(2)
sock.shutdown(socket.SHUT_WR)                 # 더 보낼 것이 없다. 받기는 계속한다
receiver.join()
sock.close()
