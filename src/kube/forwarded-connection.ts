import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from '../base/clock.ts';
import { WorkbenchError } from '../base/errors.ts';
import { keepAlive, messageBytes } from './websocket.ts';

const DATA = 0;
const ERROR = 1;
/** The server's first message on each channel holds the port, not data. */
const PREAMBLES = 2;
const CLOSED_NORMALLY = 1000;

export interface ConnectionEnd {
  readonly local: Socket;
  /** Open and paused. */
  readonly remote: WebSocket;
  /** `port-forward to ...`, for messages. */
  readonly where: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Bytes came from the pod: it lives. */
  readonly heard: () => void;
}

/**
 * Carries bytes both ways until either side ends. What breaks reaches the local side as a reset, never as an orderly end,
 * and rejects with the reason: an answer that was cut must not look whole.
 */
export function carry({ local, remote, where, clock, signal, heard }: ConnectionEnd): Promise<void> {
  return new Promise((resolve, reject) => {
    const alive = keepAlive(remote, clock);
    let preambles = PREAMBLES;
    const fail = (error: WorkbenchError): void => {
      reject(error);
      local.resetAndDestroy();
      remote.terminate();
    };
    const onStop = (): void => fail(signal.reason instanceof WorkbenchError ? signal.reason : new WorkbenchError({ code: 'aborted', message: `${where} was closed`, cause: signal.reason }));
    signal.addEventListener('abort', onStop, { once: true });

    remote.on('message', (data) => {
      const message = messageBytes(data);
      heard();
      if (preambles > 0) {
        preambles -= 1;
        return;
      }
      const bytes = message.subarray(1);
      if (bytes.length === 0) return;
      if (message[0] === ERROR) {
        fail(new WorkbenchError({ code: 'connection-lost', message: `${where}: ${bytes.toString('utf8').replaceAll(/\s+/g, ' ')}`, hint: 'Check that the container listens on this port; its log says more.' }));
      } else if (message[0] === DATA && local.writable && !local.write(bytes)) {
        remote.pause();
        local.once('drain', () => remote.resume());
      }
    });
    remote.once('close', (code) => {
      alive.dispose();
      signal.removeEventListener('abort', onStop);
      // Our own end comes first when the local side has closed; then this is no news.
      if (code === CLOSED_NORMALLY || local.destroyed) local.end();
      else fail(new WorkbenchError({ code: 'connection-lost', message: `${where}: the connection broke`, hint: 'Try again; if it stays so, look at the pod and at the connection to the cluster.' }));
      resolve();
    });
    local.once('close', () => remote.terminate());
    local.on('data', (bytes) => {
      if (remote.readyState !== WebSocket.OPEN) return;
      local.pause();
      remote.send(Buffer.concat([Buffer.of(DATA), bytes]), () => local.resume());
    });
    if (signal.aborted) onStop();
    remote.resume();
    local.resume();
    if (local.destroyed) remote.terminate();
  });
}
