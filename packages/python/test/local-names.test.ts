import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const { runAlone } = machines();

// What CPython prints on Debian with glibc, its installer's /etc/hosts and ::1 on lo.
it('localhost is ::1 and 127.0.0.1, in the order and with the other names that glibc gives', async () => {
  const { text, status } = await runAlone(`import socket
def addresses(name, family=0):
    return [found[4][0] for found in socket.getaddrinfo(name, 80, family, socket.SOCK_STREAM)]
print(socket.gethostbyname_ex('localhost'))
print(socket.gethostbyname('ip6-localhost'), socket.gethostbyname_ex('ip6-localhost'))
for question in [('localhost',), ('localhost', socket.AF_INET), ('localhost', socket.AF_INET6), ('ip6-localhost',)]:
    print(*addresses(*question))
print(socket.gethostbyaddr('::1'), socket.gethostbyaddr('127.0.0.1'), socket.getfqdn('127.0.0.1'))
`);
  expect(text).toBe(`('localhost', ['ip6-localhost', 'ip6-loopback'], ['127.0.0.1', '127.0.0.1'])
127.0.0.1 ('localhost', ['ip6-localhost', 'ip6-loopback'], ['127.0.0.1'])
::1 127.0.0.1
127.0.0.1 127.0.0.1
::1
::1
('localhost', ['ip6-localhost', 'ip6-loopback'], ['::1']) ('localhost', [], ['127.0.0.1']) localhost
`);
  expect(status).toBe(0);
});

it('a server of one version of IP is reached at localhost, whichever it is; asyncio listens on both', async () => {
  const { text } = await runAlone(`import asyncio, http.server, socket, threading, urllib.request
with http.server.ThreadingHTTPServer(('localhost', 8000), http.server.SimpleHTTPRequestHandler) as server:
    print(server.server_address)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(urllib.request.urlopen('http://localhost:8000/').status)
    server.shutdown()
with socket.create_server(('::1', 8001), family=socket.AF_INET6):
    print(socket.create_connection(('localhost', 8001)).getpeername()[0])
async def main():
    async with await asyncio.start_server(lambda reader, writer: None, 'localhost', 8002) as server:
        print(*sorted(one.getsockname()[0] for one in server.sockets))
asyncio.run(main())
`);
  expect(text.replace(/^127.0.0.1 - - .*\n/gm, '')).toBe(`('127.0.0.1', 8000)
200
::1
127.0.0.1 ::1
`);
});
