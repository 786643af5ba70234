import { parse as parseYaml } from 'yaml';
import { isWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import type { Warning } from '../../inventory/types.ts';
import { TOOLS } from '../file-error.ts';
import type { ResultFile } from '../types.ts';
import { DOCUMENT_FORMATS, RESULT_SHAPE, TEXT_FORMATS } from './formats.ts';
import type { GuidellmFile } from './guidellm-schema.ts';
import { readBytes } from './input.ts';
import { OPEN_BRACE, OPEN_BRACKET, SPACE } from './json-bytes.ts';
import { JsonStream, type LeftOut } from './json-stream.ts';
import { DEEPEST_LEVEL, LARGEST_TEXT, LARGEST_YAML, LONGEST_STRING } from './limits.ts';
import { llmdBenchmarkReport } from './llm-d-benchmark.ts';
import type { Reading } from './reading.ts';

/** A result file's figures, and what merging it with other workers' needs. */
export interface FileReading {
  readonly file: ResultFile;
  /** Where guidellm wrote the file as JSON. */
  readonly guidellm: GuidellmFile | undefined;
}

/** One file of any known tool and version, told by its content. Throws `WorkbenchError` with the codes of `FileError`. */
export async function readResultFile(path: string): Promise<FileReading> {
  if (!(await startsLikeJson(path))) return { file: readTextFile(path, await readText(path)), guidellm: undefined };
  try {
    return await readJsonFile(path);
  } catch (error) {
    if (!isWorkbenchError(error, 'json-invalid', 'json-cut')) throw error;
    return { file: readTablesOr(error, path, await readText(path)), guidellm: undefined };
  }
}

async function startsLikeJson(path: string): Promise<boolean> {
  for await (const chunk of readBytes(path)) {
    let at = 0;
    while ((chunk[at] ?? Number.NaN) <= SPACE) at += 1;
    if (at < chunk.length) return chunk[at] === OPEN_BRACE || chunk[at] === OPEN_BRACKET;
  }
  throw new WorkbenchError({
    code: 'file-empty',
    message: `${path} holds only blanks`,
    hint: 'The run was cut before it wrote its result, or its disk was full. Run it again.',
  });
}

async function readJsonFile(path: string): Promise<FileReading> {
  const readings: Reading[] = [];
  let documents = 0;
  let guidellm: GuidellmFile | undefined;
  const leftOut = await readDocuments(path, (document) => {
    documents += 1;
    // A sweep's summary is one array of records.
    for (const record of Array.isArray(document) ? document : [document]) {
      const { guidellm: written, ...reading } = readDocument(record, path);
      guidellm ??= written;
      readings.push(reading);
    }
  });
  const [first] = readings;
  if (!first)
    throw new WorkbenchError({
      code: 'no-result',
      message: `${path} is an empty list`,
      hint: 'The run has written no record. Look at its output.',
    });
  const file: ResultFile = {
    path,
    tool: first.tool,
    format: documents > 1 ? 'jsonl' : 'json',
    tool_version: first.tool_version,
    points: readings.flatMap((reading) => reading.points),
    scores: readings.flatMap((reading) => reading.scores),
    warnings: [...readings.flatMap((reading) => reading.warnings), ...leftOutWarnings(leftOut)],
  };
  return { file, guidellm };
}

/** All documents of a JSON or JSON lines file, and what had to be left out. `onDocument` may throw to stop early. */
async function readDocuments(path: string, onDocument: (document: unknown) => void): Promise<LeftOut> {
  const stream = new JsonStream(RESULT_SHAPE, onDocument);
  try {
    for await (const chunk of readBytes(path)) stream.push(chunk);
    stream.end();
    return stream.leftOut;
  } catch (error) {
    if (!isWorkbenchError(error, 'json-invalid', 'json-cut')) throw error;
    const hint =
      error.code === 'json-cut'
        ? 'The run or the copy was cut. Copy the file again, or run it again.'
        : `The file is no JSON. Give a result file of ${TOOLS}.`;
    throw new WorkbenchError({ code: error.code, message: `${path}: ${error.message}`, hint, cause: error });
  }
}

function leftOutWarnings({ deep, long }: LeftOut): readonly Warning[] {
  return [
    ...(deep > 0
      ? [{ code: 'too-deep', message: `${deep} part(s) nested deeper than ${DEEPEST_LEVEL} levels were left out` }]
      : []),
    ...(long > 0
      ? [{ code: 'too-long', message: `${long} text(s) longer than ${LONGEST_STRING >> 20} MB were left out` }]
      : []),
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

async function readText(path: string): Promise<Output> {
  const chunks: Buffer[] = [];
  let size = 0;
  let cut = 0;
  for await (const chunk of readBytes(path)) {
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
    if (llmdBenchmarkReport.matches(document))
      return { path, format: 'json', ...llmdBenchmarkReport.read(document, path) };
  }
  const tables = readTables(path, output);
  if (tables) return tables;
  if (report && text.length > LARGEST_YAML) {
    throw new WorkbenchError({
      code: 'too-large',
      message: `${path} looks like an llm-d-benchmark report in YAML, but holds more than ${LARGEST_YAML >> 20} MB`,
      hint: 'Reports are some kB. Give the report in JSON.',
    });
  }
  if (/\.jsonl?(\.gz)?$/.test(path)) {
    throw new WorkbenchError({
      code: 'json-invalid',
      message: `${path} is named as JSON but holds none`,
      hint: `Give a result file of ${TOOLS}.`,
    });
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
  const warnings =
    cut === 0
      ? reading.warnings
      : [
          ...reading.warnings,
          { code: 'output-cut', message: `only the last ${LARGEST_TEXT >> 20} MB of the output were looked through` },
        ];
  return { path, format: 'stdout', ...reading, warnings };
}

function yamlDocument(path: string, text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw new WorkbenchError({
      code: 'format-unknown',
      message: `${path} looks like an llm-d-benchmark report but is no YAML`,
      hint: 'The file was cut or edited. Copy it again.',
      cause: error,
    });
  }
}

function unknownFormat(path: string): WorkbenchError {
  return new WorkbenchError({
    code: 'format-unknown',
    message: `${path} is no result of a known benchmark tool`,
    hint: `Known are results of ${TOOLS}.`,
  });
}
