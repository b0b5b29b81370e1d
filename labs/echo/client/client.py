# 에코 클라이언트: 글자를 보내고, 돌아온 글자를 출력한다.
import socket

HOST = "10.0.0.1"   # 서버의 주소
PORT = 9000         # 서버의 포트

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)    # TCP 소켓을 만든다
client.connect((HOST, PORT))                                  # 서버에 연결한다
print("클라이언트: 연결되었습니다.")

for message in ["안녕하세요", "네트워크는 재미있어요", "안녕히 계세요"]:
    client.sendall(message.encode())                          # 글자를 바이트로 바꾸어 보낸다
    data = client.recv(1024)                                  # 돌아온 바이트를 받는다
    print("클라이언트: 돌아온 글자:", data.decode())          # 바이트를 글자로 바꾼다

client.close()                                                # 연결을 닫는다
