# 흔한 실수 1: encode() 없이 글자(str)를 그대로 보낸다.
import socket

HOST = "10.0.0.1"
PORT = 9000

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect((HOST, PORT))
print("클라이언트: 연결되었습니다.")

client.sendall("안녕하세요")      # TypeError: 소켓은 바이트만 보낼 수 있다
client.close()
