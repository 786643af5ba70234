import { access, constants, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposable, type Disposable } from '../../base/disposables.ts';
import type { Environment } from '../tools/tool-path.ts';

/** Where the kubelet puts a service account's credentials. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const NAME = 'in-cluster';

export interface InClusterKubeconfig extends Disposable {
  readonly file: string;
}

/**
 * A kubeconfig file, as JSON, of the cluster in which this process runs as a pod, so that kubectl and helm act on it as we do;
 * undefined outside of a cluster. It holds paths and no secret: the kubelet renews the token in its file. Disposing removes it.
 */
export async function inClusterKubeconfig(env: Environment, folder: string): Promise<InClusterKubeconfig | undefined> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port || !(await readable(join(folder, 'token')))) return undefined;
  const namespaceFile = join(folder, 'namespace');
  const namespace = (await readable(namespaceFile)) ? (await readFile(namespaceFile, 'utf8')).trim() : 'default';
  const made = await mkdtemp(join(tmpdir(), 'llmdw-in-cluster-'));
  const file = join(made, 'kubeconfig');
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': NAME,
      clusters: [
        {
          name: NAME,
          cluster: {
            server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
            'certificate-authority': join(folder, 'ca.crt'),
          },
        },
      ],
      users: [{ name: NAME, user: { tokenFile: join(folder, 'token') } }],
      contexts: [{ name: NAME, context: { cluster: NAME, user: NAME, namespace } }],
    }),
    { mode: 0o600 },
  );
  return { file, ...disposable(() => rmSync(made, { recursive: true, force: true })) };
}

async function readable(file: string): Promise<boolean> {
  try {
    await access(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
