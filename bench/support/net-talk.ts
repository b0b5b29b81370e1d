/** What `node:net` and our face of it have in common, as far as the measurements use it. */
export interface NetSocketLike {
  on(event: 'connect' | 'close', listener: () => void): unknown;
  on(event: 'data', listener: (data: Uint8Array) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  write(bytes: Uint8Array): boolean;
  end(): unknown;
  end(bytes: Uint8Array): unknown;
  destroy(): unknown;
}

/** `count` requests of 64 bytes, each answered by 64 bytes before the next is sent. */
export async function roundTrips(client: NetSocketLike, server: NetSocketLike, count: number): Promise<void> {
  const message = new Uint8Array(64);
  await new Promise<void>((done) => {
    let left = count;
    server.on('data', () => server.write(message));
    client.on('data', () => {
      if (--left === 0) done();
      else client.write(message);
    });
    client.write(message);
  });
  client.destroy();
  server.destroy();
}

/** What the server of `connections` does with each socket: a byte back, and the end. */
export function answerOnce(socket: NetSocketLike): void {
  socket.on('data', () => socket.end(ONE_BYTE));
  socket.on('error', () => {});
}

/** `count` times: connect, one byte each way, close; `parallel` at a time. */
export function connections(connect: () => NetSocketLike, count: number, parallel: number): Promise<void> {
  return new Promise<void>((done) => {
    let left = count;
    let open = 0;
    const next = () => {
      if (left === 0) {
        if (open === 0) done();
        return;
      }
      left--;
      open++;
      const socket = connect();
      socket.on('connect', () => socket.write(ONE_BYTE));
      socket.on('data', () => socket.end());
      socket.on('close', () => {
        open--;
        next();
      });
    };
    for (let i = 0; i < parallel; i++) next();
  });
}

const ONE_BYTE = new Uint8Array(1);
