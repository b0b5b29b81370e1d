# 에코 서버: 받은 글자를 그대로 돌려준다.
import socket

HOST = ""      # 이 컴퓨터의 모든 주소
PORT = 9000

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)    # TCP 소켓을 만든다
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # 다시 실행해도 같은 포트를 쓸 수 있게 한다
server.bind((HOST, PORT))                                     # 소켓에 주소와 포트를 붙인다
server.listen()                                               # 연결을 받을 준비를 한다
print("서버: 연결을 기다립니다.")

conn, addr = server.accept()                                  # 클라이언트가 올 때까지 기다린다
print("서버: 연결되었습니다.", addr[0])

while True:
    data = conn.recv(1024)                                    # 바이트를 받는다
    if not data:                                              # 빈 바이트: 상대가 연결을 닫았다
        break
    print("서버: 받은 글자:", data.decode())                  # 바이트를 글자로 바꾼다
    conn.sendall(data)                                        # 그대로 돌려준다

print("서버: 연결이 끝났습니다.")
conn.close()
server.close()
