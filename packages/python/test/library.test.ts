import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

describe("the library's own servers and clients, between two machines", () => {
  it('python3 -m http.server, and urllib.request: a page, a folder, 404', async () => {
    const { server, client, run, start } = twoMachines();
    server.files.put('/home/student/page.html', '<h1>안녕하세요</h1>');
    const s = server.spawn(['python3', '-m', 'http.server', '8000'], { cwd: '/home/student' });
    await run(() => s.terminal.text.includes('Serving HTTP'));
    const c = start(
      client,
      `import urllib.request, urllib.error
with urllib.request.urlopen('http://server:8000/page.html') as r:
    print(r.status, r.headers['Content-Type'], r.read().decode())
print('page.html' in urllib.request.urlopen('http://server:8000/').read().decode())
try:
    urllib.request.urlopen('http://server:8000/x')
except urllib.error.HTTPError as e:
    print(e.code, e.reason)
`,
    );
    await run(() => c.status !== null);
    expect(c.terminal.text.replaceAll('\r', '')).toBe(
      '200 text/html <h1>안녕하세요</h1>\nTrue\n404 File not found\n',
    );
    s.terminal.interrupt();
    await run(() => s.status !== null);
    expect(s.terminal.text).toContain('"GET /page.html HTTP/1.1" 200 -');
    expect(s.terminal.text).toContain('Keyboard interrupt received, exiting.');
    expect(s.status).toBe(0);
  });

  it('socketserver with threads, xmlrpc', async () => {
    const { server, client, run, start } = twoMachines();
    const s = start(
      server,
      `import socketserver, threading
from xmlrpc.server import SimpleXMLRPCServer
class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile: self.wfile.write(line.upper())
class Server(socketserver.ThreadingTCPServer): daemon_threads = True
echo = Server(('', 9000), Echo)
threading.Thread(target=echo.serve_forever).start()
rpc = SimpleXMLRPCServer(('', 8000), logRequests=False, allow_none=True)
rpc.register_function(lambda a, b: a + b, 'add')
rpc.register_function(echo.shutdown, 'stop')
print('ready')
rpc.handle_request(); rpc.handle_request()
`,
    );
    await run(() => s.terminal.text.includes('ready'));
    const c = start(
      client,
      `import socket, xmlrpc.client
a, b = (socket.create_connection(('server', 9000)) for _ in range(2))
b.sendall(b'two\\n'); a.sendall(b'one\\n')
print(a.recv(10), b.recv(10))
a.close(); b.close()
proxy = xmlrpc.client.ServerProxy('http://server:8000', allow_none=True)
print(proxy.add(40, 2))
xmlrpc.client.ServerProxy('http://server:8000', allow_none=True).stop()
`,
    );
    await run(() => c.status !== null && s.status !== null);
    expect(c.terminal.text.replaceAll('\r', '')).toBe("b'ONE\\n' b'TWO\\n'\n42\n");
    expect([s.status, c.status, s.terminal.text.trim()]).toEqual([0, 0, 'ready']);
  });
});
