import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { throwIfAborted } from '../base/clock.ts';
import { isAbort, isWorkbenchError, toWorkbenchError, WorkbenchError } from '../base/errors.ts';
import type { Warning } from '../inventory/types.ts';
import type { FileError, ResultFile, ResultsReport } from './types.ts';
import { DOCUMENT_FORMATS, RESULT_SHAPE, TEXT_FORMATS } from './readers/formats.ts';
import { readBytes } from './readers/input.ts';
import { OPEN_BRACE, OPEN_BRACKET, SPACE } from './readers/json-bytes.ts';
import { JsonStream, type LeftOut, type Shape } from './readers/json-stream.ts';
import { DEEPEST_LEVEL, LARGEST_TEXT, LARGEST_YAML, LONGEST_STRING } from './readers/limits.ts';
import { llmdBenchmarkReport } from './readers/llm-d-benchmark.ts';
import type { Reading } from './readers/reading.ts';


/** What a directory walk looks at, by name. */
const CANDIDATE = /\.(?:json|jsonl|ya?ml|txt|log)(?:\.gz)?$/;
/** Files that stand beside results and are none: the ledger's own, manifests, and views that the readers refuse. */
const COMPANION = /^(?:run\.json|traces\.json|manifests\.ya?ml|(?:\d+\.)?stdout\.log)$|(?:_prometheus|^per_request_lifecycle)_metrics\.json$/;

const TOOLS = 'guidellm, vllm bench serve, lm_eval, inference-perf, llm-d-benchmark and InferenceX';

/**
 * Reads result files, and directories of them, of any known tool and version, told by content.
 * A file that cannot be read becomes an entry under `errors`; the others are read all the same. Rejects only when cancelled.
 */
export async function readResults(paths: readonly string[], options: { readonly signal: AbortSignal }): Promise<ResultsReport> {
  const files: ResultFile[] = [];
  const errors: FileError[] = [];
  for (const path of paths) {
    for await (const candidate of candidates(path, options.signal, errors)) {
      try {
        files.push(await readResultFile(candidate, options.signal));
      } catch (error) {
        errors.push(fileError(candidate, error));
      }
    }
  }
  return { files, errors };
}

/** One file. Throws `WorkbenchError` with the codes of `FileError`. */
export async function readResultFile(path: string, signal: AbortSignal): Promise<ResultFile> {
  if (await startsLikeJson(path, signal)) {
    try {
      return await readJsonFile(path, signal);
    } catch (error) {
      if (!isWorkbenchError(error, 'json-invalid', 'json-cut')) throw error;
      return readTablesOr(error, path, await readText(path, signal));
    }
  }
  return readTextFile(path, await readText(path, signal));
}

/** All documents of a JSON or JSON lines file, of which only `shape` is built, and what had to be left out. `onDocument` may throw to stop early. */
export async function readDocuments(path: string, shape: Shape, signal: AbortSignal, onDocument: (document: unknown) => void): Promise<LeftOut> {
  const stream = new JsonStream(shape, onDocument);
  try {
    for await (const chunk of readBytes(path, signal)) stream.push(chunk);
    stream.end();
    return stream.leftOut;
  } catch (error) {
    if (!isWorkbenchError(error, 'json-invalid', 'json-cut')) throw error;
    const hint = error.code === 'json-cut' ? 'The run or the copy was cut. Copy the file again, or run it again.' : `The file is no JSON. Give a result file of ${TOOLS}.`;
    throw new WorkbenchError({ code: error.code, message: `${path}: ${error.message}`, hint, cause: error });
  }
}

/** An error of reading `path` as the reports list it. Rethrows a cancellation. */
export function fileError(path: string, error: unknown): FileError {
  if (isAbort(error)) throw error;
  const { code, message, hint } = toWorkbenchError(error, `reading ${path}`);
  return { path, code, message, hint: hint ?? `Give a result file of ${TOOLS}.` };
}

async function* candidates(path: string, signal: AbortSignal, errors: FileError[]): AsyncGenerator<string> {
  if (!(await isDirectory(path))) {
    yield path;
    return;
  }
  let found = 0;
  for await (const file of walk(path, signal, errors)) {
    found += 1;
    yield file;
  }
  if (found === 0) {
    errors.push({ path, code: 'file-is-directory', message: `${path} is a directory without result files`, hint: 'Give a result file, or a directory that holds some.' });
  }
}

/** False for what cannot be looked at either: reading it tells why. */
async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function* walk(directory: string, signal: AbortSignal, errors: FileError[]): AsyncGenerator<string> {
  for (const entry of await entries(directory, errors)) {
    throwIfAborted(signal);
    const path = join(directory, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) yield* walk(path, signal, errors);
    else if (CANDIDATE.test(entry.name) && !COMPANION.test(entry.name)) yield path;
  }
}

async function entries(directory: string, errors: FileError[]): Promise<readonly Dirent[]> {
  try {
    const found = await readdir(directory, { withFileTypes: true });
    return found.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  } catch (error) {
    errors.push(fileError(directory, new WorkbenchError({ code: 'file-unreadable', message: `cannot list ${directory}`, hint: 'Check the permissions of the directory.', cause: error })));
    return [];
  }
}

async function startsLikeJson(path: string, signal: AbortSignal): Promise<boolean> {
  for await (const chunk of readBytes(path, signal)) {
    let at = 0;
    while ((chunk[at] ?? Number.NaN) <= SPACE) at += 1;
    if (at < chunk.length) return chunk[at] === OPEN_BRACE || chunk[at] === OPEN_BRACKET;
  }
  throw new WorkbenchError({ code: 'file-empty', message: `${path} holds only blanks`, hint: 'The run was cut before it wrote its result, or its disk was full. Run it again.' });
}

async function readJsonFile(path: string, signal: AbortSignal): Promise<ResultFile> {
  const readings: Reading[] = [];
  let documents = 0;
  const leftOut = await readDocuments(path, RESULT_SHAPE, signal, (document) => {
    documents += 1;
    // A sweep's summary is one array of records.
    for (const record of Array.isArray(document) ? document : [document]) readings.push(readDocument(record, path));
  });
  const [first] = readings;
  if (!first) throw new WorkbenchError({ code: 'no-result', message: `${path} is an empty list`, hint: 'The run has written no record. Look at its output.' });
  return {
    path,
    tool: first.tool,
    format: documents > 1 ? 'jsonl' : 'json',
    tool_version: first.tool_version,
    points: readings.flatMap((reading) => reading.points),
    scores: readings.flatMap((reading) => reading.scores),
    warnings: [...readings.flatMap((reading) => reading.warnings), ...leftOutWarnings(leftOut)],
  };
}

function leftOutWarnings({ deep, long }: LeftOut): readonly Warning[] {
  return [
    ...(deep > 0 ? [{ code: 'too-deep', message: `${deep} part(s) nested deeper than ${DEEPEST_LEVEL} levels were left out` }] : []),
    ...(long > 0 ? [{ code: 'too-long', message: `${long} text(s) longer than ${LONGEST_STRING >> 20} MB were left out` }] : []),
  ];
}

function readDocument(document: unknown, path: string): Reading {
  const format = DOCUMENT_FORMATS.find((each) => each.matches(document));
  if (!format) throw unknownFormat(path);
  return format.read(document, path);
}

/** The end of an output, where result tables stand. */
interface Output {
  readonly text: string;
  /** Bytes before it. */
  readonly cut: number;
}

async function readText(path: string, signal: AbortSignal): Promise<Output> {
  const chunks: Buffer[] = [];
  let size = 0;
  let cut = 0;
  for await (const chunk of readBytes(path, signal)) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    while (size - (chunks[0]?.length ?? 0) >= LARGEST_TEXT) {
      const gone = chunks.shift()?.length ?? 0;
      size -= gone;
      cut += gone;
    }
  }
  return { text: Buffer.concat(chunks).toString('utf8'), cut };
}

function readTextFile(path: string, output: Output): ResultFile {
  const { text } = output;
  const report = /^version:/m.test(text) && /^scenario:/m.test(text);
  if (report && text.length <= LARGEST_YAML) {
    const document = yamlDocument(path, text);
    if (llmdBenchmarkReport.matches(document)) return { path, format: 'json', ...llmdBenchmarkReport.read(document, path) };
  }
  const tables = readTables(path, output);
  if (tables) return tables;
  if (report && text.length > LARGEST_YAML) {
    throw new WorkbenchError({ code: 'too-large', message: `${path} looks like an llm-d-benchmark report in YAML, but holds more than ${LARGEST_YAML >> 20} MB`, hint: 'Reports are some kB. Give the report in JSON.' });
  }
  if (/\.jsonl?(\.gz)?$/.test(path)) {
    throw new WorkbenchError({ code: 'json-invalid', message: `${path} is named as JSON but holds none`, hint: `Give a result file of ${TOOLS}.` });
  }
  throw unknownFormat(path);
}

/** A log may begin with a bracket: the tables in it still count. Without any, `otherwise` is what was wrong. */
function readTablesOr(otherwise: WorkbenchError, path: string, output: Output): ResultFile {
  try {
    const tables = readTables(path, output);
    if (tables) return tables;
  } catch (error) {
    if (!isWorkbenchError(error, 'no-result')) throw error;
  }
  throw otherwise;
}

function readTables(path: string, { text, cut }: Output): ResultFile | undefined {
  const format = TEXT_FORMATS.find((each) => each.matches(text));
  if (!format) return undefined;
  const reading = format.read(text, path);
  const warnings = cut === 0 ? reading.warnings : [...reading.warnings, { code: 'output-cut', message: `only the last ${LARGEST_TEXT >> 20} MB of the output were looked through` }];
  return { path, format: 'stdout', ...reading, warnings };
}

function yamlDocument(path: string, text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw new WorkbenchError({ code: 'format-unknown', message: `${path} looks like an llm-d-benchmark report but is no YAML`, hint: 'The file was cut or edited. Copy it again.', cause: error });
  }
}

function unknownFormat(path: string): WorkbenchError {
  return new WorkbenchError({ code: 'format-unknown', message: `${path} is no result of a known benchmark tool`, hint: `Known are results of ${TOOLS}.` });
}
