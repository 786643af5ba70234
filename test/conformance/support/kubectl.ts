import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from './both.ts';

const timeoutMs = 30_000;

/** Runs kubectl in the case's namespace and writes down what it prints, columns set with single spaces. */
export type Kubectl = (...args: readonly string[]) => Promise<string>;

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run the suite with scripts/conformance/run.ts`);
  return value;
}

/** A kubectl without caches or settings of this machine. `files` are written for `-f`, by name. */
export async function withKubectl(
  server: Server,
  files: Readonly<Record<string, unknown>>,
  steps: (kubectl: Kubectl) => Promise<void>,
): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'llmdw-kubectl-'));
  try {
    for (const [name, objects] of Object.entries(files)) await writeFile(join(home, name), JSON.stringify(objects));
    await steps(async (...args) => {
      const printed = await run(home, [
        '--kubeconfig',
        server.target.kubeconfigPath,
        '--namespace',
        server.namespace,
        ...args,
      ]);
      server.note(`kubectl ${args.join(' ')}`, comparable(printed).split('\n'));
      return printed;
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** What it printed to either stream, and how it ended. */
function run(home: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      variable('KUBECTL_NEW'),
      args,
      { cwd: home, timeout: timeoutMs, env: { HOME: home, PATH: process.env['PATH'], KUBECTL_DIFF: undefined } },
      (error, stdout, stderr) => {
        resolve(
          `${stdout}${stderr === '' ? '' : `[stderr] ${stderr}`}${error === null ? '' : `[exit ${String(error.code)}]`}`,
        );
      },
    );
  });
}

/** Without times, ages, addresses, versions and random ends of names, which no two servers share. */
function comparable(text: string): string {
  return text
    .replaceAll(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*(?: [+-]\d{4})?/g, '<time>')
    .replaceAll(/\b\d+(?:s|ms|m\d+s|m)(?: \(x\d+ over \d+m?s\))?(?=\s|$)/g, '<age>')
    .replaceAll(/10\.96\.\d+\.\d+/g, '<ip>')
    .replaceAll(/(resourceVersion: |Resource Version:\s+)"?\d+"?/g, '$1<version>')
    .replaceAll(/(pod-template-hash[=:] ?)\w+/g, '$1<hash>')
    .replaceAll(
      /-[bcdfghjklmnpqrstvwxz2456789]{6,10}(?:-[bcdfghjklmnpqrstvwxz2456789]{5})?(?=[\s\]",/(\\]|$)/gm,
      '-<hash>',
    )
    .replaceAll(/revision with key \w+/g, 'revision with key <hash>')
    .replaceAll(/(?:LIVE|MERGED)-\d+/g, '<folder>')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/ $/gm, '');
}
