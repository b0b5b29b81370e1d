# 채팅 서버: 손님마다 코루틴 하나. 네 사람이 모두 나가면 끝난다.
import asyncio

HOST = "0.0.0.0"
PORT = 9000
GUESTS = 4

guests = {}                  # StreamWriter -> 이름
over = asyncio.Event()
gone = 0


async def tell_all(text):
    print(text, flush=True)
    for writer in list(guests):
        writer.write(f"{text}\n".encode())
        await writer.drain()                   # 보낼 자리가 날 때까지 다른 코루틴이 일한다


async def serve(reader, writer):
    global gone
    name = (await reader.readline()).decode().strip()    # 첫 줄은 이름
    guests[writer] = name
    await tell_all(f"* {name} 님이 들어왔습니다.")
    while line := await reader.readline():     # 손님이 그만 보낼 때까지 한 줄씩
        await tell_all(f"{name}: {line.decode().strip()}")
    await tell_all(f"* {name} 님이 나갔습니다.")
    del guests[writer]
    writer.close()
    await writer.wait_closed()
    gone += 1
    if gone == GUESTS:
        over.set()


async def main():
    async with await asyncio.start_server(serve, HOST, PORT):
        await over.wait()


asyncio.run(main())
