import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { PortForward } from '../../src/kube/streams/types.ts';

/** The status of a GET over a connection of its own through a port-forward. */
export async function statusThrough(forward: PortForward, path: string): Promise<number> {
  const outgoing = request({ createConnection: () => forward.connect(), host: 'pod', path }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode ?? 0;
}
