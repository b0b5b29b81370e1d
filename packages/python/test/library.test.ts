import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines, runAlone } = machines();

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

  it('smtplib, ftplib, poplib and imaplib with servers on another machine', async () => {
    const { server, client, run, start } = twoMachines();
    const s = start(
      server,
      `import socketserver, threading
class Talk(socketserver.StreamRequestHandler):
    """Says its greeting; then an answer to the beginning of each line, until there is none."""
    def say(self, line): self.wfile.write(line.encode() + b'\\r\\n')
    def handle(self):
        self.say(self.greeting)
        while line := self.rfile.readline().decode().strip():
            if not self.answer(line): return
def serve(port, handler):
    socketserver.ThreadingTCPServer.daemon_threads = True
    threading.Thread(target=socketserver.ThreadingTCPServer(('', port), handler).serve_forever, daemon=True).start()
class Smtp(Talk):
    greeting = '220 server'
    def answer(self, line):
        if line == 'data':
            self.say('354 go on')
            text = []
            while (line := self.rfile.readline().decode().strip()) != '.': text.append(line)
            print(text[-1], flush=True)
        self.say('221 bye' if line == 'QUIT' else '250 ok')
        return line != 'QUIT'
class Ftp(Talk):
    greeting = '220 server'
    def answer(self, line):
        if line == 'EPSV' or line == 'PASV':
            self.data = socketserver.TCPServer(('', 0), None)
            host = self.connection.getsockname()[0].replace('.', ',')
            port = self.data.server_address[1]
            self.say(f'227 ({host},{port >> 8},{port & 255})')
        elif line.startswith('RETR'):
            self.say('150 comes')
            connection, _ = self.data.get_request()
            connection.sendall('한글 파일\\r\\n'.encode()); connection.close()
            self.say('226 done')
        else: self.say('221 bye' if line == 'QUIT' else '331 who' if line.startswith('USER') else '230 ok')
        return line != 'QUIT'
class Pop(Talk):
    greeting = '+OK server'
    def answer(self, line):
        self.say('+OK 2 320' if line == 'STAT' else '+OK')
        return line != 'QUIT'
class Imap(Talk):
    greeting = '* OK IMAP4rev1 server'
    def answer(self, line):
        tag, verb, *rest = line.split()
        if verb == 'CAPABILITY': self.say('* CAPABILITY IMAP4rev1')
        if verb == 'SELECT': self.say('* 3 EXISTS')
        if verb == 'LOGOUT': self.say('* BYE')
        self.say(f'{tag} OK {verb} done')
        return verb != 'LOGOUT'
for port, handler in (25, Smtp), (21, Ftp), (110, Pop), (143, Imap): serve(port + 8000, handler)
print('ready', flush=True)
input()
`,
    );
    await run(() => s.terminal.text.includes('ready'));
    const c = start(
      client,
      `import ftplib, imaplib, poplib, smtplib
with smtplib.SMTP('server', 8025) as mail:
    print(mail.sendmail('a@client', ['b@server'], 'Subject: x\\r\\n\\r\\n안녕'.encode()))
with ftplib.FTP(encoding='utf-8') as ftp:
    ftp.connect('server', 8021); ftp.login('a', 'b'); ftp.set_pasv(True)
    ftp.retrlines('RETR x', print)
box = poplib.POP3('server', 8110); box.user('a'); box.pass_('b'); print(box.stat()); box.quit()
imap = imaplib.IMAP4('server', 8143); imap.login('a', 'b'); print(imap.select()); imap.logout()
`,
    );
    await run(() => c.status !== null);
    expect(c.terminal.text.replaceAll('\r', '')).toBe("{}\n한글 파일\n(2, 320)\n('OK', [b'3'])\n");
    expect(s.terminal.text.replaceAll('\r', '')).toBe('ready\n안녕\n');
    expect(c.status).toBe(0);
  });

  it('wsgiref serves an application', async () => {
    const { server, client, run, start } = twoMachines();
    const s = start(
      server,
      `from wsgiref.simple_server import make_server
def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain; charset=utf-8')])
    return [environ['PATH_INFO'].encode('latin-1')]
httpd = make_server('', 8000, app)
print('ready', flush=True)
httpd.handle_request()
`,
    );
    await run(() => s.terminal.text.includes('ready'));
    const c = start(
      client,
      `import urllib.request
print(urllib.request.urlopen('http://server:8000/%EC%95%88').read().decode())
`,
    );
    await run(() => c.status !== null && s.status !== null);
    expect(c.terminal.text.replaceAll('\r', '')).toBe('/안\n');
    expect(s.terminal.text).toContain('"GET /%EC%95%88 HTTP/1.1" 200 4');
  });

  it('ssl says in one line that there is no TLS', async () => {
    const { text } = await runAlone(`import socket, ssl, threading, urllib.request
listener = socket.create_server(('', 4433))
context = ssl.create_default_context()
for attempt in (
    lambda: context.wrap_socket(socket.socket(), server_hostname='x'),
    lambda: context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO()),
    lambda: urllib.request.urlopen('https://127.0.0.1:4433/'),
):
    try: attempt()
    except OSError as e: print(type(e).__name__, e)
`);
    const why = "TLS is not built into the machines' Python yet: use http://, or a socket without ssl";
    expect(text).toBe(`SSLError ${why}\nSSLError ${why}\nURLError <urlopen error ${why}>\n`);
  });

  it('a pure wheel of somebody else’s is imported from its file and from a folder, with its metadata', async () => {
    const { text } = await runAlone(`import os, subprocess, sys, zipfile
files = {'hello/__init__.py': 'def greet(): return "안녕"', 'hello-1.0.dist-info/METADATA': 'Metadata-Version: 2.1\\nName: hello\\nVersion: 1.0\\n'}
wheel = 'hello-1.0-py3-none-any.whl'
with zipfile.ZipFile(wheel, 'w') as z:
    for name, content in files.items(): z.writestr(name, content)
zipfile.ZipFile(wheel).extractall('lib')
use = 'import hello, importlib.metadata; print(hello.greet(), importlib.metadata.version("hello"), hello.__file__)'
for path in wheel, 'lib':
    print(subprocess.run([sys.executable, '-c', use], env={'PYTHONPATH': os.path.abspath(path)}, capture_output=True, text=True).stdout, end='')
`);
    expect(text).toBe(
      '안녕 1.0 /home/student/hello-1.0-py3-none-any.whl/hello/__init__.py\n안녕 1.0 /home/student/lib/hello/__init__.py\n',
    );
  });
});
