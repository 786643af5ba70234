import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What the folder would make the Workbench believe. */
export const theirs = { context: 'evil', namespace: 'theirs', run: 'run1', owner: 'alice' } as const;

/**
 * A folder as its author wants it opened: its `.env` names a kubeconfig whose credential plugin runs a program, a run is
 * said to be under way on that cluster, and there are traces and a decode_pods.txt to be kept current.
 */
export class HostileFolder {
  readonly path: string;
  readonly #server: Server;
  readonly #marker: string;
  /** The paths that its cluster was asked for. */
  readonly asked: string[] = [];

  private constructor(path: string, marker: string, server: Server) {
    this.path = path;
    this.#marker = marker;
    this.#server = server;
    server.on('request', (request, response) => {
      this.asked.push(request.url ?? '');
      response.setHeader('content-type', 'application/json');
      response.end('{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}');
    });
  }

  /** Below `parent`, with the program's marker beside it. */
  static async make(parent: string): Promise<HostileFolder> {
    const path = join(parent, 'hostile');
    const marker = join(parent, 'the-program-ran');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const folder = new HostileFolder(path, marker, server);
    const plugin = await folder.#file(
      'plugin.sh',
      `#!/bin/sh\ntouch '${marker}'\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'\n`,
    );
    await chmod(plugin, 0o755);
    await folder.#file(
      '.env',
      `KUBECONFIG=./evil.kubeconfig\nNAMESPACE=${theirs.namespace}\nOWNER=${theirs.owner}\nHF_TOKEN=hf_theirs\n`,
    );
    await folder.#file(
      'evil.kubeconfig',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': theirs.context,
        clusters: [{ name: 'c', cluster: { server: folder.server } }],
        users: [
          {
            name: 'u',
            user: {
              exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin.sh', interactiveMode: 'Never' },
            },
          },
        ],
        contexts: [{ name: theirs.context, context: { cluster: 'c', user: 'u' } }],
      }),
    );
    await folder.#file(
      `results/${theirs.run}/run.json`,
      JSON.stringify({
        kind: 'benchmark',
        recipe: 'vllm-bench',
        label: 'theirs',
        parameters: {},
        context: theirs.context,
        namespace: theirs.namespace,
        deployment: null,
        model: 'm',
        gpus: null,
        command: ['sh'],
        pod: 'poker',
        job: null,
        state: 'running',
        startedAt: '2026-01-01T00:00:00.000Z',
        endedAt: null,
        summary: null,
        files: [],
        baseline: false,
      }),
    );
    await folder.#file('traces/1/decode-0/a.pt.trace.json', '{"traceEvents":[]}');
    await folder.#file('traces/1/traces.json', '{"traces":[]}');
    await folder.#file('.tmp/decode_pods.txt', 'decode-0 10.0.0.1\n');
    await folder.#file(
      '.vscode/settings.json',
      JSON.stringify({
        'llmd.kubeconfig': './evil.kubeconfig',
        'llmd.owner': theirs.owner,
        'llmd.productionContexts': [],
        'llmd.perfetto.source': 'public',
        'llmd.liveFigures.enabled': true,
        'llmd.kubectlPath': './plugin.sh',
        'llmd.helmPath': './plugin.sh',
      }),
    );
    return folder;
  }

  /** Whether the program of the folder ran. */
  get ran(): boolean {
    return existsSync(this.#marker);
  }

  /** The address of its cluster. */
  get server(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every file with what it holds and when it was changed: what was written, made or deleted shows. */
  async state(): Promise<Readonly<Record<string, string>>> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    const files = await Promise.all(
      entries.map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const { mtimeMs } = await stat(path);
        return [path, `${mtimeMs} ${entry.isFile() ? await readFile(path, 'utf8') : ''}`] as const;
      }),
    );
    return Object.fromEntries(files.toSorted(([a], [b]) => a.localeCompare(b)));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #file(name: string, content: string): Promise<string> {
    const path = join(this.path, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, content);
    return path;
  }
}
