import { WorkbenchError, type ErrorCode } from '../base/errors.ts';
import type { FileError } from '../benchmarks/types.ts';

/** What can be wrong with a trace file, why, and what to do. */
const UNREADABLE = {
  'file-missing': [
    'there is no such file',
    'Check the path; "Copy Traces" brings traces from the pods into traces/<n>/.',
  ],
  'file-empty': [
    'the file has 0 bytes',
    'The profiler had not written yet, or the copy failed: copy it again once it is complete in the pod.',
  ],
  'file-is-directory': ['this is a directory', 'Name the trace files in it.'],
  'file-unreadable': ['the file cannot be read', 'Check its permissions and the disk.'],
  'gzip-cut': [
    'the gzip stream ends before its end',
    'The profiler was still writing, or the copy was cut: copy it again, or mend it with `gzip -dc` and close the JSON.',
  ],
  'gzip-invalid': ['the gzip stream is damaged', 'Copy the file again and compare its sha256 with the one in the pod.'],
  'json-cut': [
    'the JSON ends before its end',
    'The profiler was still writing, or the copy was cut: copy it again, or close the JSON after its last whole event.',
  ],
  'json-invalid': ['this is not JSON', 'Name a Kineto trace: *.pt.trace.json or *.pt.trace.json.gz.'],
  'format-unknown': [
    'this is JSON, but not a trace: it has no traceEvents',
    'Results of benchmarks are read by `llmdw results read`; a trace is *.pt.trace.json[.gz].',
  ],
} as const satisfies Partial<Record<ErrorCode, readonly [string, string]>>;

export type UnreadableCode = keyof typeof UNREADABLE;

export function unreadable(code: UnreadableCode, path: string, cause?: unknown): WorkbenchError {
  const [why, hint] = UNREADABLE[code];
  return new WorkbenchError({ code, message: `cannot read the trace ${path}: ${why}`, hint, cause });
}

export function fileError(path: string, error: WorkbenchError): FileError {
  return { path, code: error.code, message: error.message, hint: error.hint ?? 'See the log for details.' };
}
