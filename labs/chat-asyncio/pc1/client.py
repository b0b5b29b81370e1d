# 채팅 클라이언트: 받는 일과 보내는 일이 코루틴 둘이다.
import asyncio
import sys

HOST = "10.0.0.1"
PORT = 9000

name, turn = sys.argv[1], int(sys.argv[2])    # 이름, 몇 번째로 말하는가


async def listen(reader):
    while line := await reader.readline():    # 서버가 연결을 닫을 때까지 한 줄씩
        print(line.decode(), end="")


async def main():
    reader, writer = await asyncio.open_connection(HOST, PORT)
    receiver = asyncio.create_task(listen(reader))
    await asyncio.sleep(0.4 * turn)           # 자기 차례까지 기다린다
    writer.write(f"{name}\n".encode())        # 첫 줄은 이름
    await asyncio.sleep(2)
    for text in ["안녕하세요!", "저는 여기까지만 할게요."]:
        writer.write(f"{text}\n".encode())
        await asyncio.sleep(2)
    writer.write_eof()                        # 더 보낼 것이 없다. 받기는 계속한다
    await receiver
    writer.close()
    await writer.wait_closed()


asyncio.run(main())
