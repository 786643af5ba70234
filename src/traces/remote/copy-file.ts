import { finished } from 'node:stream/promises';
import { sleep, throwIfAborted, type Clock } from '../../base/clock.ts';
import { isAbort, isWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { lastLine } from '../../base/last-line.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import { Collector } from '../../kube/http/bounded.ts';
import { EXEC_OUTPUT } from '../../kube/limits.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { RemoteTrace } from '../types.ts';
import { cksum, sha256 } from './checksum.ts';
import { diskError, PartWriter, type PartFile, type TraceDisk } from './disk.ts';
import { placeOf } from '../../kube/place.ts';

const BLOCK = 1 << 20;
/** One exec a chunk: large enough that its start does not show, small enough that little is lost when it is cut. */
const CHUNK_BLOCKS = 32;
/** Attempts without a single new block before a file is given up. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;
/** A trace of many gigabytes on a slow disk. */
const CHECKSUM_MS = 30 * 60_000;

export interface FileCopy {
  readonly client: KubeClient;
  readonly disk: TraceDisk;
  readonly clock: Clock;
  readonly trace: RemoteTrace;
  readonly set: WorkspaceFiles;
  /** Where the file goes in its set; while it is copied it is `<target>.part`. */
  readonly target: string;
  readonly signal: AbortSignal;
  /** Bytes that have come since the last call. */
  readonly onBytes: (bytes: number) => void;
}

/** Where a file grows until it is whole. */
export function partOf(target: string): string {
  return `${target}.part`;
}

/** What vouches for a copied file: program and figure, or null where the container has no such program: then its size alone. */
export interface Proof {
  readonly checksum: string | null;
}

/**
 * Copies one file in ranges. Goes on behind what a `.part` already holds, asks again after a cut connection, and keeps the
 * `.part` when it gives up.
 */
export async function copyFile(copy: FileCopy): Promise<Proof> {
  const part = partOf(copy.target);
  const file = await copy.disk
    .open(copy.set, part)
    .catch((error: unknown) => Promise.reject(diskError(error, `make ${copy.set.path(part)}`)));
  try {
    await fetchRanges(copy, file);
  } finally {
    await file.close();
  }
  const proof = await prove(copy, part);
  await copy.set.rename(part, copy.target);
  return proof;
}

async function fetchRanges(copy: FileCopy, file: PartFile): Promise<void> {
  const { trace, signal } = copy;
  // Blocks are appended in order, so whatever is there up to the last whole block is good.
  let position = wholeBlocks(Math.min(await file.size(), trace.bytes));
  copy.onBytes(position);
  await file.truncate(position);
  let attempts = 0;
  while (position < trace.bytes) {
    throwIfAborted(signal);
    const start = position;
    try {
      position = await fetchRange(copy, file, start);
      attempts = 0;
    } catch (error) {
      if (!(error instanceof RangeCut)) throw error;
      position = wholeBlocks(error.position);
      attempts = position > start ? 1 : attempts + 1;
      if (attempts >= ATTEMPTS) throw error.reason;
      copy.onBytes(position - error.position);
      await sleep(copy.clock, FIRST_PAUSE_MS * 2 ** (attempts - 1), signal);
    }
  }
}

function wholeBlocks(bytes: number): number {
  return bytes - (bytes % BLOCK);
}

/** The connection ended before the range did. */
class RangeCut extends Error {
  readonly position: number;
  readonly reason: WorkbenchError;

  constructor(position: number, reason: WorkbenchError) {
    super(reason.message);
    this.position = position;
    this.reason = reason;
  }
}

/** Answers the position behind the range. Throws RangeCut where another try makes sense. */
async function fetchRange(copy: FileCopy, file: PartFile, start: number): Promise<number> {
  const { client, trace, signal } = copy;
  const end = Math.min(trace.bytes, start + CHUNK_BLOCKS * BLOCK);
  const writer = new CountingWriter(file, start, end, copy);
  const complaints = new Collector(
    EXEC_OUTPUT,
    `copy ${JSON.stringify(trace.path)} from pod "${trace.pod}" (${placeOf(client.cluster)})`,
  );
  let exitCode: number;
  try {
    exitCode = await client.exec({
      namespace: client.cluster.namespace,
      pod: trace.pod,
      container: trace.container,
      command: [
        'dd',
        `if=${trace.path}`,
        `bs=${BLOCK}`,
        `skip=${start / BLOCK}`,
        `count=${CHUNK_BLOCKS}`,
        'status=none',
      ],
      stdout: writer,
      stderr: complaints,
      signal,
    });
    await ended(writer);
  } catch (error) {
    await ended(writer).catch(() => undefined);
    if (
      isAbort(error) ||
      !isWorkbenchError(error, 'connection-lost', 'timeout', 'server-error', 'too-many-requests', 'cluster-unreachable')
    )
      throw error;
    throw new RangeCut(writer.position, error);
  } finally {
    complaints.destroy();
  }
  if (exitCode !== 0)
    throw rangeFailed(copy, `dd ended with ${exitCode}: ${lastLine(complaints.bytes.toString('utf8'))}`);
  if (writer.position < end) throw changed(copy);
  return end;
}

function ended(writer: PartWriter): Promise<void> {
  if (!writer.writableEnded && !writer.destroyed) writer.end();
  return finished(writer);
}

class CountingWriter extends PartWriter {
  readonly #onBytes: (bytes: number) => void;

  constructor(file: PartFile, position: number, limit: number, { client, trace, set, target, onBytes }: FileCopy) {
    super(
      file,
      position,
      limit,
      `copy ${JSON.stringify(trace.path)} from pod "${trace.pod}" (${placeOf(client.cluster)}) to ${set.path(target)}`,
    );
    this.#onBytes = onBytes;
  }

  protected override async append(bytes: Uint8Array, done: (error?: Error | null) => void): Promise<void> {
    const before = this.position;
    await super.append(bytes, done);
    this.#onBytes(this.position - before);
  }
}

/** Compares the file with the pod's own checksum of it, by the best program that the container has. */
async function prove(copy: FileCopy, part: string): Promise<Proof> {
  const { client, trace, signal } = copy;
  for (const checksum of [sha256, cksum]) {
    const remote = await client.execOutput({
      namespace: client.cluster.namespace,
      pod: trace.pod,
      container: trace.container,
      command: [checksum.program, trace.path],
      timeoutMs: CHECKSUM_MS,
      signal,
    });
    const wanted = remote.exitCode === 0 ? checksum.read(remote.stdout.toString('utf8')) : undefined;
    if (wanted === undefined) continue;
    if ((await checksum.ofFile(copy.set.path(part), signal)) === wanted)
      return { checksum: `${checksum.program} ${wanted}` };
    // What is here is of no use for another try.
    await copy.set.remove(part);
    throw changed(copy);
  }
  return { checksum: null };
}

function changed(copy: FileCopy): WorkbenchError {
  return rangeFailed(
    copy,
    'it changed while it was copied, or arrived damaged',
    'Wait until the profiler has finished writing, list the traces again and copy it again.',
  );
}

function rangeFailed(
  copy: FileCopy,
  why: string,
  hint = 'List the traces again: the file may be gone, or its folder unreadable.',
): WorkbenchError {
  const { trace, client } = copy;
  return new WorkbenchError({
    code: 'exec-failed',
    message: `cannot copy ${JSON.stringify(trace.path)} from pod "${trace.pod}" (${placeOf(client.cluster)}): ${why}`,
    hint,
  });
}
