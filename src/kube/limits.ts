import { WorkbenchError } from '../base/errors.ts';

/**
 * How much of what comes from outside is kept. A pod, a proxy or whoever answers in the API server's place may send without
 * an end; each figure is well above what an honest one sends, and well below what hurts a window. What is cut says so: a
 * call ends with code `too-large`, a line or a list carries a mark.
 */
const KIB = 1024;
const MIB = 1024 * KIB;

/** Of what an answer, a page, a command may be too long. */
export interface Limit {
  readonly bytes: number;
  /** `the output of the command`, for messages. */
  readonly what: string;
  readonly hint: string;
}

/** Collected output of a short command: versions, checksums, lists, a piece of a log. Long output is streamed to a file instead. */
export const EXEC_OUTPUT: Limit = {
  bytes: 8 * MIB,
  what: 'the output of the command',
  hint: 'Look at the pod: it prints much more than is asked of it.',
};

/** A short command that hangs (a dead NFS mount, a stopped process) must not hold who asked by itself. Checksums of large files have a time of their own. */
export const EXEC_OUTPUT_MS = 120_000;

/** One JSON answer, unpacked: etcd takes objects of 1.5 MiB, discovery and CRDs reach a few. Lists are read item by item instead. */
export const JSON_ANSWER: Limit = {
  bytes: 32 * MIB,
  what: 'the answer',
  hint: 'Check that what answers is a Kubernetes API server.',
};

/** One object of a list or a watch, with room for what etcd takes at most. */
export const OBJECT: Limit = {
  bytes: 16 * MIB,
  what: 'an object of the answer',
  hint: 'Check that what answers is a Kubernetes API server.',
};

/** One page of a list, unpacked: 500 objects are asked for, and servers that ignore that send all; 100,000 pods are half of it. */
export const LIST_PAGE: Limit = {
  bytes: 2048 * MIB,
  what: 'a page of the list',
  hint: 'Choose a namespace, or check that what answers is a Kubernetes API server.',
};

/** Objects of one list, over all its pages: six times the pods of the largest clusters that Kubernetes is tested with. */
export const LIST_ITEMS = 1_000_000;

/** Of the body of a refusal: a Status is short, and the title of a proxy's page stands at its beginning. */
export const REFUSAL_BYTES = 64 * KIB;

/** A Status on the last channel of an exec. */
export const STATUS_BYTES = 64 * KIB;

/** Of the kubelet's words about a port that it cannot reach. */
export const COMPLAINT_BYTES = 1 * KIB;

/** One message of a WebSocket: servers send 32 KiB, and `ws` holds a whole one before it is told. */
export const MESSAGE_BYTES = 16 * MIB;

/** One line of a log: longer than the longest stack trace or dumped configuration in one line. The rest of it is left out and marked. */
export const LOG_LINE_BYTES = 1 * MIB;

/** One answer of a server in a pod, such as `/v1/models` with hundreds of adapters. */
export const POD_ANSWER: Limit = {
  bytes: 1 * MIB,
  what: 'the answer',
  hint: 'Look at the pod: what answers there is not what was asked for.',
};

/** What a log's place is remembered by, so that it can be read on after a break: lines of one moment, and lines that may have been told already. */
export const LOG_MEMORY_CHARACTERS = 16 * MIB;

/** The error of a list that does not end. */
export function tooMany(doing: string): WorkbenchError {
  return new WorkbenchError({
    code: 'too-large',
    message: `cannot ${doing}: the list is longer than ${LIST_ITEMS} objects`,
    hint: LIST_PAGE.hint,
  });
}

/** The error of what goes beyond a limit. */
export function tooLarge(doing: string, { bytes, what, hint }: Limit): WorkbenchError {
  return new WorkbenchError({
    code: 'too-large',
    message: `cannot ${doing}: ${what} is longer than ${bytes / MIB} MiB`,
    hint,
  });
}
