import * as z from 'zod';
import { throwIfAborted, type Clock } from '../base/clock.ts';
import { isWorkbenchError } from '../base/errors.ts';
import { Transport } from '../kube/http/transport.ts';

const answerTimeoutMs = 10_000;

/** What `llmdw demo --status FILE` writes as soon as it serves. */
const statusSchema = z.object({
  // Its process, as `ProcessName`.
  host: z.string(),
  pid: z.number().int().positive(),
  started: z.string().nullable(),
  port: z.number().int(),
  kubeconfig: z.string(),
  context: z.string(),
  connection: z.object({ server: z.string().regex(/^https:\/\/127\.0\.0\.1:\d+$/), token: z.string(), ca: z.string() }),
});

export type Status = z.infer<typeof statusSchema>;

/** Undefined when the text is no record. */
export function statusOf(text: string): Status | undefined {
  try {
    return statusSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Whether the server there holds the key that this demo made when it started, and takes its token. One that says nothing is a
 * `timeout`: it may be busy, or held by a debugger.
 */
export async function answers({ context, connection }: Status, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const cluster = { context, namespace: 'default', server: connection.server };
  const transport = new Transport({ cluster, connection, clock });
  try {
    const response = await transport.send({ path: '/readyz', timeoutMs: answerTimeoutMs, signal });
    response.body.destroy();
    return response.status === 200;
  } catch (error) {
    throwIfAborted(signal);
    if (isWorkbenchError(error, 'timeout')) throw error;
    return false;
  } finally {
    transport.dispose();
  }
}
