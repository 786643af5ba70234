import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { errorText, systemCode, WorkbenchError } from '../../base/errors.ts';
import { loadPart } from '../../base/parts.ts';
import { readSmallFile } from '../../base/small-file.ts';
import {
  readEntries,
  ShapeError,
  type ClusterConfig,
  type ContextConfig,
  type KubeconfigEntries,
  type Named,
  type UserConfig,
} from './kubeconfig-entries.ts';
import type { Environment } from '../tools/tool-path.ts';

export type { ClusterConfig, ContextConfig, ExecConfig, UserConfig } from './kubeconfig-entries.ts';

/** A thousand clusters with their certificates are some megabytes. */
const MOST_BYTES = 16 * 2 ** 20;

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
  const files = chosen
    .split(delimiter)
    .filter((file) => file !== '')
    .map((file) => resolve(base, file.replace(/^~(?=$|[/\\])/, places.home)));
  return [...new Set(files)];
}

/** Each file once; those that are not there are passed over, as kubectl does. */
export async function readKubeconfigs(files: readonly string[]): Promise<readonly KubeconfigFile[]> {
  return (await Promise.all(files.map(readOne))).filter((part) => part !== undefined);
}

/** As one; undefined for none. */
export function mergeKubeconfigs(parts: readonly KubeconfigFile[]): Kubeconfig | undefined {
  if (parts.length === 0) return undefined;
  const all = {
    clusters: new Map<string, ClusterConfig>(),
    users: new Map<string, UserConfig>(),
    contexts: new Map<string, ContextConfig>(),
  };
  for (const part of parts) {
    addAbsent(all.clusters, part.clusters);
    addAbsent(all.users, part.users);
    addAbsent(all.contexts, part.contexts);
  }
  const currentContext = parts.map((part) => part.currentContext).find((name) => name !== undefined && name !== '');
  return { files: parts.map((part) => part.file), currentContext, ...all };
}

/** The first file that names an entry wins. */
function addAbsent<T>(into: Map<string, T>, entries: Named<T>): void {
  for (const { name, value } of entries) if (!into.has(name)) into.set(name, value);
}

/** One file's entries, paths made absolute. */
export interface KubeconfigFile extends KubeconfigEntries {
  readonly file: string;
}

async function readOne(file: string): Promise<KubeconfigFile | undefined> {
  let content: string;
  try {
    content = await readSmallFile(file, MOST_BYTES);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw invalid(file, errorText(error), error);
  }
  const entries = await checked(file, async () => readEntries(await parsed(content)));
  const absolute = pathsFrom(dirname(file));
  return {
    file,
    currentContext: entries.currentContext,
    clusters: entries.clusters.map(({ name, value }) => ({
      name,
      value: { ...value, 'certificate-authority': absolute(value['certificate-authority']) },
    })),
    users: entries.users.map(({ name, value }) => ({
      name,
      value: {
        ...value,
        'client-certificate': absolute(value['client-certificate']),
        'client-key': absolute(value['client-key']),
        tokenFile: absolute(value.tokenFile),
        ...(value.exec && /[/\\]/.test(value.exec.command)
          ? { exec: { ...value.exec, command: absolute(value.exec.command) ?? value.exec.command } }
          : {}),
      },
    })),
    contexts: entries.contexts,
  };
}

/** JSON is YAML, and some tools write it, the demo cluster among them: the YAML parser is not loaded for it. */
async function parsed(content: string): Promise<unknown> {
  if (content.startsWith('{')) {
    try {
      return JSON.parse(content);
    } catch {
      // Braces are YAML's, too.
    }
  }
  const { parseYaml } = await loadPart(() => import('./kubeconfig-yaml.ts'));
  return parseYaml(content);
}

async function checked(file: string, read: () => Promise<KubeconfigEntries>): Promise<KubeconfigEntries> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof ShapeError ? invalid(file, error.message, undefined) : error;
  }
}

function pathsFrom(folder: string): (path: string | undefined) => string | undefined {
  return (path) => (path === undefined || path === '' ? undefined : isAbsolute(path) ? path : join(folder, path));
}

function invalid(file: string, why: string, cause: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'kubeconfig-invalid',
    message: `cannot read kubeconfig ${file}: ${why}`,
    hint: 'Correct the file, or choose another one in the settings or with KUBECONFIG.',
    cause,
  });
}
