import { request } from 'node:http';
import type { PodNetwork } from '../types.ts';

export interface PodHttpAnswer {
  readonly status: number;
  readonly body: string;
}

const maxBodyBytes = 10 * 1024;

/** One GET over the pods' network. Rejects as a socket does, or when `timeoutMs` have passed. */
export async function podGet(
  network: PodNetwork,
  target: {
    readonly host: string;
    readonly port: number;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
  namespace: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<PodHttpAnswer> {
  const connection = await network.connect(target.host, target.port, { namespace });
  const ends = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return await new Promise<PodHttpAnswer>((resolve, reject) => {
      const call = request(
        {
          createConnection: () => connection,
          host: target.host,
          port: target.port,
          path: target.path,
          headers: { 'User-Agent': 'kube-probe/1.37', Connection: 'close', ...target.headers },
          signal: ends,
        },
        (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => {
            if (body.length < maxBodyBytes) body += chunk.toString();
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
          response.on('error', reject);
        },
      );
      call.on('error', reject);
      call.end();
    });
  } finally {
    connection.destroy();
  }
}
