import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { WebSocketServer, type WebSocket } from 'ws';

/*
 * An API server that never stops sending, in a process of its own: run by `startFlood`. What is asked for is the name in
 * the path: /api/v1/namespaces/ns/pods/<name>. It ends with its parent.
 */

const piece = Buffer.alloc(64 * 1024, 'x');
let sent = 0;

/** The beginning, then x for ever. */
function endless(beginning: string, filling: Buffer = piece): Readable {
  let begun = false;
  return new Readable({
    read() {
      const next = begun ? filling : Buffer.from(beginning);
      begun = true;
      this.push(next);
    },
  });
}

function flood(response: ServerResponse, status: number, beginning: string, filling?: Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  endless(beginning, filling).pipe(response);
}

/** Two gigabytes of blanks in two megabytes. */
function bomb(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
  const blanks = Buffer.alloc(1 << 20, ' ');
  Readable.from(
    (function* many() {
      for (let count = 0; count < 2048; count += 1) yield blanks;
    })(),
  )
    .pipe(createGzip({ level: 1 }))
    .pipe(response);
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://server');
  const name = url.pathname.split('/').find((part) => part.startsWith('flood-')) ?? '';
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, uid: 'u' }, status: { phase: 'Running' } };
  if (url.pathname === '/sent') response.end(String(sent));
  else if (url.pathname.endsWith('/pods')) {
    const selector = url.searchParams.get('labelSelector');
    if (url.searchParams.get('watch') === 'true') flood(response, 200, '{"type":"ADDED","object":{"x":"');
    else if (selector === 'events') response.end('{"metadata":{"resourceVersion":"1"},"items":[]}');
    else if (selector === 'items') flood(response, 200, '{"items":[{}', Buffer.from(',{}'.repeat(20_000)));
    else flood(response, 200, '{"metadata":{"resourceVersion":"1"},"items":[{"x":"');
  } else if (url.pathname.endsWith('/log'))
    flood(
      response,
      200,
      '2026-01-01T00:00:00Z first\n2026-01-01T00:00:01Z ',
      Buffer.from(`${'x'.repeat(2_000_000)}\n2026-01-01T00:00:02Z last\n`),
    );
  else if (name === 'flood-json') flood(response, 200, '{"x":"');
  else if (name === 'flood-gzip') bomb(response, 200);
  else if (name === 'flood-refused') flood(response, 409, '{"message":"');
  else if (name === 'flood-refused-gzip') bomb(response, 409);
  else response.end(JSON.stringify(pod));
});

const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  const path = request.url ?? '';
  if (path.includes('flood-upgrade')) {
    socket.write('HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\n\r\n');
    endless('{"message":"').pipe(socket);
    return;
  }
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('error', () => {});
    if (path.includes('flood-message')) {
      socket.write(Buffer.from([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]));
      endless('').pipe(socket);
    } else if (path.includes('/portforward')) talk(webSocket, 0, ['\u0001\u0001', 'HTTP/1.1 200 OK\r\n\r\n']);
    else talk(webSocket, 1, []);
  });
});

/** Message after message on one channel, as fast as they are taken. */
function talk(socket: WebSocket, channel: number, first: readonly string[]): void {
  const send = (bytes: Buffer, then: () => void): void =>
    socket.send(Buffer.concat([Buffer.of(channel), bytes]), (error) => {
      if (error == null) then();
    });
  const more = (): void => send(piece, more);
  if (channel === 0) socket.send(Buffer.from([1, 1, 1]));
  const begin = (at: number): void =>
    at < first.length ? send(Buffer.from(first[at] ?? ''), () => begin(at + 1)) : more();
  begin(0);
}

server.on('connection', (socket: Socket) => {
  socket.on('error', () => {});
  const counted = setInterval(count, 5);
  let before = 0;
  function count(): void {
    sent += socket.bytesWritten - before;
    before = socket.bytesWritten;
  }
  socket.on('close', () => {
    count();
    clearInterval(counted);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);
process.on('disconnect', () => process.exit());
