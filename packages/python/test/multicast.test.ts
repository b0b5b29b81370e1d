import { expect, it } from 'vitest';
import { machines } from './machines.ts';

const { twoMachines } = machines();

/** The chat of the textbooks: whoever is in the group hears what anybody says. */
const chat = (name: string) => `import socket, struct, threading, time
GROUP, PORT = '224.1.1.1', 5007
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
receiver.bind(('', PORT))
mreq = struct.pack('4sl', socket.inet_aton(GROUP), socket.INADDR_ANY)
receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, mreq)
def listen():
    while True:
        data, sender = receiver.recvfrom(1024)
        print(sender[0], data.decode())
        if data == b'bye': break
listener = threading.Thread(target=listen)
listener.start()
time.sleep(1)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
sender.sendto('${name}입니다'.encode(), (GROUP, PORT))
${name === 'server' ? "time.sleep(1); sender.sendto(b'bye', (GROUP, PORT))" : ''}
listener.join()
receiver.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, mreq)
print(sender.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL), 'left')
`;

it('the multicast chat of the textbooks, between two machines', async () => {
  const { server, client, record, run, start } = twoMachines();
  for (const machine of [server, client]) {
    machine.run('ip route add 224.0.0.0/4 dev eth0', { uid: 0 });
  }
  await run();
  const chats = [start(server, chat('server')), start(client, chat('client'))];
  await run(() => chats.every(({ status }) => status !== null));
  for (const { terminal, status } of chats) {
    const lines = terminal.text.replaceAll('\r', '').trimEnd().split('\n');
    expect(lines.slice(0, 2).sort()).toEqual(['10.0.0.1 server입니다', '10.0.0.2 client입니다']);
    expect(lines.slice(2)).toEqual(['10.0.0.1 bye', '2 left']);
    expect(status).toBe(0);
  }
  await run();
  const groups = server.run('ip maddr show dev eth0');
  await run(() => groups.status !== null);
  expect(groups.terminal.text.replaceAll('\r', '')).toBe(
    '2:\teth0\n\tlink  01:00:5e:00:00:01\n\tinet  224.0.0.1\n',
  );
  const reports = record.events.filter(
    (event) => event.kind === 'frame-sent' && event.reason === 'igmp.change',
  );
  // Each machine says twice that it joins and twice that it leaves.
  expect(reports).toHaveLength(8);
});
