import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const statusChannel = 3;

/** Tells WebSocket clients of an exec or attach that never began: on a socket that was accepted, as the last message before its end. */
export class FailedCommands {
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
  });

  answer(request: IncomingMessage, socket: Duplex, head: Buffer, why: string): void {
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      const status = {
        metadata: {},
        status: 'Failure',
        message: `Internal error occurred: ${why}`,
        reason: 'InternalError',
        details: { causes: [{ message: why }] },
        code: 500,
      };
      accepted.send(Buffer.concat([Buffer.from([statusChannel]), Buffer.from(JSON.stringify(status))]));
      accepted.close(1000);
    });
  }
}
