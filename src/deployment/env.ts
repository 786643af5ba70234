import { readFile } from 'node:fs/promises';
import { systemCode, WorkbenchError } from '../base/errors.ts';

/** The workspace's `.env`. Values are secrets: they go to the cluster, never to a log, a record or a message. */
export interface WorkspaceEnv {
  readonly path: string;
  readonly found: boolean;
  readonly values: Readonly<Record<string, string>>;
}

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/;

/** Parses `KEY=value` lines with optional `export`, quotes and trailing comments, as `just` and `docker compose` read them. */
export function parseEnv(text: string): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = LINE.exec(line);
    if (!match?.[1] || match[2] === undefined) continue;
    values[match[1]] = unquote(match[2]);
  }
  return values;
}

function unquote(raw: string): string {
  const quoted = /^(['"])(.*?)\1(?:\s+#.*)?$/.exec(raw);
  if (quoted) return quoted[2] ?? '';
  return raw.replace(/\s+#.*$/, '');
}

export async function readEnv(path: string): Promise<WorkspaceEnv> {
  try {
    return { path, found: true, values: parseEnv(await readFile(path, 'utf8')) };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { path, found: false, values: {} };
    throw new WorkbenchError({ code: 'file-unreadable', message: `cannot read ${path}`, hint: 'Check the permissions of the file.', cause: error });
  }
}
