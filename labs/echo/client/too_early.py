# 흔한 실수 2: 서버가 기다리고 있지 않은데 연결한다.
import socket

HOST = "10.0.0.1"
PORT = 9000

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect((HOST, PORT))      # ConnectionRefusedError: 그 포트에서 기다리는 프로그램이 없다
print("클라이언트: 연결되었습니다.")
client.close()
