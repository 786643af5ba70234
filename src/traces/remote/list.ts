import { sleep, type Clock } from '../../base/clock.ts';
import { isAbort, isWorkbenchError, toWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { lastLine } from '../../base/last-line.ts';
import { Limiter } from '../../base/limiter.ts';
import { Collector } from '../../kube/http/bounded.ts';
import { EXEC_OUTPUT, EXEC_OUTPUT_MS } from '../../kube/limits.ts';
import { Pods } from '../../kube/resources.ts';
import { placeOf } from '../../kube/place.ts';
import type { ClusterRef, KubeClient } from '../../kube/types.ts';
import type { RemoteTrace, RemoteTraces } from '../types.ts';
import { looksEnded, TAIL_BYTES } from './completeness.ts';
import { profilerFolderOf, type ProfilerFolder } from './profiler-folder.ts';

const PODS_AT_ONCE = 8;
/** A profiler flushes several times a second: a size that stays for this long no longer grows. */
const SETTLE_MS = 1000;
const TRACE_NAME = /\.json(\.gz)?$/;
/** Of a pod, the newest so many: a profiler writes one a rank and capture, and each new one costs a look at its end. */
const FILES_AT_MOST = 1000;

interface Listing {
  readonly files: readonly Found[];
  /** What is not listed, in words. */
  readonly cut: string | undefined;
}

interface Found {
  readonly path: string;
  readonly bytes: number;
  readonly modified: number;
}

/** Finds the trace files in pods. Remembers which ones were complete, so that only new ones are looked at twice. */
export class RemoteListing {
  readonly #clock: Clock;
  readonly #complete = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async list(client: KubeClient, pods: readonly string[], signal: AbortSignal): Promise<RemoteTraces> {
    const limiter = new Limiter(PODS_AT_ONCE);
    const traces: RemoteTrace[] = [];
    const errors: RemoteTraces['errors'][number][] = [];
    await Promise.all(
      pods.map((pod) =>
        limiter.run(signal, async () => {
          try {
            const { traces: found, cut } = await this.#listPod(client, pod, signal);
            traces.push(...found);
            if (cut !== undefined)
              errors.push({
                pod,
                message: `not all traces in pod "${pod}" (${placeOf(client.cluster)}) are listed: ${cut}`,
                hint: 'Delete traces from its folder that are not needed any more.',
              });
          } catch (error) {
            if (isAbort(error)) throw error;
            const { message, hint } = toWorkbenchError(error, `list traces in pod "${pod}"`);
            errors.push({ pod, message, hint: hint ?? 'See the log for details.' });
          }
        }),
      ),
    );
    return {
      traces: traces.toSorted((a, b) => a.pod.localeCompare(b.pod) || a.path.localeCompare(b.path)),
      errors: errors.toSorted((a, b) => a.pod.localeCompare(b.pod)),
    };
  }

  async #listPod(
    client: KubeClient,
    pod: string,
    signal: AbortSignal,
  ): Promise<{ readonly traces: readonly RemoteTrace[]; readonly cut: string | undefined }> {
    const { cluster } = client;
    const where = profilerFolderOf(await client.get(Pods, cluster.namespace, pod, signal));
    if (where === undefined) throw noTraces(cluster, pod, 'it has no container');
    const target: Target = { client, pod, ...where };
    const { files, cut } = await findTraces(target, signal);
    const unsettled = files.filter((file) => !this.#complete.has(keyOf(cluster, pod, file)));
    if (unsettled.length > 0) await this.#settle(target, unsettled, signal);
    return {
      traces: files.map((file) => ({
        pod,
        container: where.container,
        ...file,
        complete: this.#complete.has(keyOf(cluster, pod, file)),
      })),
      cut,
    };
  }

  /** Takes down which of the files are complete: the end is there, and nothing changed meanwhile. */
  async #settle(target: Target, files: readonly Found[], signal: AbortSignal): Promise<void> {
    const ended: Found[] = [];
    for (const file of files)
      if (looksEnded(file.path, file.bytes, await readTail(target, file.path, signal))) ended.push(file);
    if (ended.length === 0) return;
    await sleep(this.#clock, SETTLE_MS, signal);
    const { cluster } = target.client;
    const now = new Set((await findTraces(target, signal)).files.map((file) => keyOf(cluster, target.pod, file)));
    for (const file of ended) {
      const key = keyOf(cluster, target.pod, file);
      if (now.has(key)) this.#complete.add(key);
    }
  }
}

interface Target extends ProfilerFolder {
  readonly client: KubeClient;
  readonly pod: string;
}

function keyOf(cluster: ClusterRef, pod: string, file: Found): string {
  return JSON.stringify([cluster.server, cluster.namespace, pod, file.path, file.bytes, file.modified]);
}

async function findTraces(target: Target, signal: AbortSignal): Promise<Listing> {
  const { client, pod, container, folder } = target;
  const { namespace } = client.cluster;
  const where = `list ${folder} in pod "${pod}" (${placeOf(client.cluster)})`;
  const [stdout, stderr] = [new Collector(EXEC_OUTPUT, where), new Collector(EXEC_OUTPUT, where)];
  let exitCode = 0;
  let endless = false;
  try {
    exitCode = await client.exec({
      namespace,
      pod,
      container,
      command: ['find', folder, '-type', 'f', '-printf', '%s %T@ %p\\0'],
      stdout,
      stderr,
      timeoutMs: EXEC_OUTPUT_MS,
      signal,
    });
  } catch (error) {
    if (!isWorkbenchError(error, 'too-large')) throw error;
    endless = true;
  }
  const found = parseListing(stdout.bytes.toString('utf8')).filter((file) => TRACE_NAME.test(file.path));
  if (exitCode === 0 || found.length > 0) return newest(found, endless);
  if ((await client.execOutput({ namespace, pod, container, command: ['test', '-d', folder], signal })).exitCode !== 0)
    throw noTraces(client.cluster, pod, `container "${container}" has no folder ${folder}`);
  throw new WorkbenchError({
    code: 'exec-failed',
    message: `cannot ${where}: find ended with ${exitCode}: ${lastLine(stderr.bytes.toString('utf8'))}`,
    hint: 'The container needs GNU find, dd and tail; check the permissions of the folder.',
  });
}

function newest(found: readonly Found[], endless: boolean): Listing {
  const files =
    found.length <= FILES_AT_MOST ? found : found.toSorted((a, b) => b.modified - a.modified).slice(0, FILES_AT_MOST);
  if (endless) return { files, cut: `its folder holds more names than ${EXEC_OUTPUT.bytes / 1024 / 1024} MiB` };
  return {
    files,
    cut: files.length < found.length ? `only the newest ${FILES_AT_MOST} of ${found.length}` : undefined,
  };
}

function noTraces(cluster: ClusterRef, pod: string, why: string): WorkbenchError {
  return new WorkbenchError({
    code: 'no-traces',
    message: `no traces in pod "${pod}" (${placeOf(cluster)}): ${why}`,
    hint: 'Deploy with the profiler enabled (vLLM: --profiler-config with torch_profiler_dir), then profile.',
  });
}

/** `size mtime path` with a NUL behind each: a path may hold anything else, line ends too. What has none was cut off. */
function parseListing(text: string): readonly Found[] {
  return text
    .split('\0')
    .slice(0, -1)
    .flatMap((entry) => {
      const match = /^(\d+) (\d+(?:\.\d+)?) (.+)$/s.exec(entry);
      return match?.[3] === undefined ? [] : [{ bytes: Number(match[1]), modified: Number(match[2]), path: match[3] }];
    });
}

async function readTail(target: Target, path: string, signal: AbortSignal): Promise<Buffer> {
  const { client, pod, container } = target;
  const { stdout } = await client.execOutput({
    namespace: client.cluster.namespace,
    pod,
    container,
    command: ['tail', '-c', String(TAIL_BYTES), path],
    signal,
  });
  return stdout;
}
