import { readFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { errorText, systemCode, WorkbenchError } from '../base/errors.ts';
import type { Environment } from './tool-path.ts';

const text = z.string().nullish().transform((value) => value ?? undefined);
const flag = z.boolean().nullish().transform((value) => value ?? undefined);
const texts = z.array(z.string()).nullish().transform((value) => value ?? []);

const clusterSchema = z.object({
  server: z.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': flag,
  'tls-server-name': text,
  'proxy-url': text,
});

const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string(),
  args: texts,
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish().transform((value) => value ?? []),
  installHint: text,
  provideClusterInfo: flag,
});

const userSchema = z.object({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  as: text,
  'as-groups': texts,
  exec: execSchema.nullish().transform((value) => value ?? undefined),
  'auth-provider': z.object({ name: z.string(), config: z.record(z.string(), z.string()).nullish() }).nullish().transform((value) => value ?? undefined),
});

const contextSchema = z.object({ cluster: z.string(), user: text, namespace: text });

/** A kubeconfig's list of `{name, <field>: …}`; an error names the entry. */
function named<T extends z.ZodType>(field: string, schema: T) {
  return z
    .array(z.looseObject({ name: z.string() }).transform((entry, context) => {
      const value = schema.safeParse(entry[field] ?? {});
      if (value.success) return { name: entry.name, value: value.data };
      for (const issue of value.error.issues) context.addIssue({ code: 'custom', message: `${field} "${entry.name}": ${issue.path.map(String).join('.')} ${issue.message}` });
      return z.NEVER;
    }))
    .nullish()
    .transform((value) => value ?? []);
}

const fileSchema = z.object({
  'current-context': text,
  clusters: named('cluster', clusterSchema),
  users: named('user', userSchema),
  contexts: named('context', contextSchema),
});

export type ClusterConfig = z.output<typeof clusterSchema>;
export type UserConfig = z.output<typeof userSchema>;
export type ExecConfig = z.output<typeof execSchema>;
export type ContextConfig = z.output<typeof contextSchema>;

/** Several kubeconfig files as one, paths made absolute. */
export interface Kubeconfig {
  /** The files that were there. */
  readonly files: readonly string[];
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, ClusterConfig>;
  readonly users: ReadonlyMap<string, UserConfig>;
  readonly contexts: ReadonlyMap<string, ContextConfig>;
}

export interface KubeconfigPlaces {
  /** The extension's own setting; wins over everything. */
  readonly setting?: string | undefined;
  /** KUBECONFIG of the workspace's `.env`. */
  readonly workspace?: string | undefined;
  /** Where relative paths of the setting and of `.env` start. */
  readonly folder: string;
  readonly env: Environment;
  readonly home: string;
}

/** The files to read, in order of precedence; the same rule as kubectl's after our own two places. */
export function kubeconfigFiles(places: KubeconfigPlaces): readonly string[] {
  const own = places.setting || places.workspace;
  const chosen = own || places.env['KUBECONFIG'];
  if (!chosen) return [join(places.home, '.kube', 'config')];
  const base = own ? places.folder : process.cwd();
  const files = chosen.split(delimiter).filter((file) => file !== '').map((file) => resolve(base, file.replace(/^~(?=$|[/\\])/, places.home)));
  return [...new Set(files)];
}

/** Reads and merges; files that are not there are passed over, as kubectl does. Undefined: none is there. */
export async function readKubeconfig(files: readonly string[]): Promise<Kubeconfig | undefined> {
  const parts = (await Promise.all(files.map(readOne))).filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const merged = { clusters: new Map<string, ClusterConfig>(), users: new Map<string, UserConfig>(), contexts: new Map<string, ContextConfig>() };
  for (const part of parts) {
    addAbsent(merged.clusters, part.clusters);
    addAbsent(merged.users, part.users);
    addAbsent(merged.contexts, part.contexts);
  }
  const currentContext = parts.map((part) => part.currentContext).find((name) => name !== undefined && name !== '');
  return { files: parts.map((part) => part.file), currentContext, ...merged };
}

type Named<T> = readonly { readonly name: string; readonly value: T }[];

/** The first file that names an entry wins. */
function addAbsent<T>(into: Map<string, T>, entries: Named<T>): void {
  for (const { name, value } of entries) if (!into.has(name)) into.set(name, value);
}

interface Part {
  readonly file: string;
  readonly currentContext: string | undefined;
  readonly clusters: Named<ClusterConfig>;
  readonly users: Named<UserConfig>;
  readonly contexts: Named<ContextConfig>;
}

async function readOne(file: string): Promise<Part | undefined> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw invalid(file, errorText(error), error);
  }
  const config = fileSchema.safeParse(parseYaml(file, content));
  if (!config.success) throw invalid(file, config.error.issues.map((issue) => issue.message).join('; '), undefined);
  const absolute = pathsFrom(dirname(file));
  return {
    file,
    currentContext: config.data['current-context'],
    clusters: config.data.clusters.map(({ name, value }) => ({ name, value: { ...value, 'certificate-authority': absolute(value['certificate-authority']) } })),
    users: config.data.users.map(({ name, value }) => ({
      name,
      value: {
        ...value,
        'client-certificate': absolute(value['client-certificate']),
        'client-key': absolute(value['client-key']),
        tokenFile: absolute(value.tokenFile),
        ...(value.exec && /[/\\]/.test(value.exec.command) ? { exec: { ...value.exec, command: absolute(value.exec.command) ?? value.exec.command } } : {}),
      },
    })),
    contexts: config.data.contexts,
  };
}

/** A parser's message may quote the line, and the line may hold a token: only the place is told. */
function parseYaml(file: string, content: string): unknown {
  try {
    return parse(content) ?? {};
  } catch (error) {
    const line = typeof error === 'object' && error !== null && 'linePos' in error && Array.isArray(error.linePos) ? (error.linePos as readonly { readonly line: number }[])[0]?.line : undefined;
    throw invalid(file, line === undefined ? 'it is not YAML' : `it is not YAML (line ${line})`, undefined);
  }
}

function pathsFrom(folder: string): (path: string | undefined) => string | undefined {
  return (path) => (path === undefined || path === '' ? undefined : isAbsolute(path) ? path : join(folder, path));
}

function invalid(file: string, why: string, cause: unknown): WorkbenchError {
  return new WorkbenchError({ code: 'kubeconfig-invalid', message: `cannot read kubeconfig ${file}: ${why}`, hint: 'Correct the file, or choose another one in the settings or with KUBECONFIG.', cause });
}
