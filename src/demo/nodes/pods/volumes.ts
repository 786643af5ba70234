import { InMemoryFs, MountableFs, type IFileSystem } from 'just-bash';
import type { MountFacts } from '../shell/commands/system.ts';
import { expandVariables, fieldValue, resourceValue, type PodPlacement } from './environment.ts';
import type { ConfigLookup } from './lookup.ts';
import type { ContainerSpec, DownwardItems, KeyItems, NodePod, VolumeSpec } from './pod-spec.ts';
import { quantityNumber } from '../../../kube/model/quantity.ts';
import { SubdirectoryFs } from './subdirectory-fs.ts';

const terabyte = 2 ** 40;

/** Files that outlive a pod: those of a node's disk and of the cluster's claims. */
export class SharedVolumes {
  readonly #hostDisks = new Map<string, IFileSystem>();
  readonly #claims = new Map<string, IFileSystem>();

  hostDisk(nodeName: string): IFileSystem {
    return getOrMake(this.#hostDisks, nodeName);
  }

  claim(namespace: string, name: string): IFileSystem {
    return getOrMake(this.#claims, `${namespace}/${name}`);
  }
}

function getOrMake(map: Map<string, IFileSystem>, key: string): IFileSystem {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new InMemoryFs();
  map.set(key, made);
  return made;
}

export interface MountedVolume {
  readonly fs: IFileSystem;
  readonly source: string;
  readonly type: string;
  readonly sizeBytes: number;
}

/** What keeps a pod's volumes from being set up, as the kubelet says in a FailedMount event. Retried until it is there. */
export class MountError extends Error {
  override readonly name = 'MountError';
}

/** Sets up all volumes of a pod. Rejects with MountError while something they refer to is missing. */
export async function setUpVolumes(
  pod: NodePod,
  placement: PodPlacement,
  shared: SharedVolumes,
  lookup: ConfigLookup,
): Promise<ReadonlyMap<string, MountedVolume>> {
  const volumes = new Map<string, MountedVolume>();
  for (const volume of pod.spec.volumes) volumes.set(volume.name, await setUp(volume, pod, placement, shared, lookup));
  return volumes;
}

async function setUp(
  volume: VolumeSpec,
  pod: NodePod,
  placement: PodPlacement,
  shared: SharedVolumes,
  lookup: ConfigLookup,
): Promise<MountedVolume> {
  if (volume.hostPath !== undefined) {
    const disk = shared.hostDisk(placement.nodeName);
    await disk.mkdir(volume.hostPath.path, { recursive: true });
    return {
      fs: new SubdirectoryFs(disk, volume.hostPath.path),
      source: '/dev/nvme0n1p2',
      type: 'ext4',
      sizeBytes: 7 * terabyte,
    };
  }
  if (volume.persistentVolumeClaim !== undefined) {
    const { claimName } = volume.persistentVolumeClaim;
    return {
      fs: shared.claim(pod.namespace, claimName),
      source: `storage:/${pod.namespace}/${claimName}`,
      type: 'nfs4',
      sizeBytes: 10 * terabyte,
    };
  }
  if (volume.emptyDir !== undefined || volume.ephemeral !== undefined) {
    const memory = volume.emptyDir?.medium === 'Memory';
    const limit = quantityNumber(volume.emptyDir?.sizeLimit);
    return {
      fs: new InMemoryFs(),
      source: memory ? 'tmpfs' : '/dev/nvme0n1p2',
      type: memory ? 'tmpfs' : 'ext4',
      sizeBytes: limit ?? 3.5 * terabyte,
    };
  }
  const fs = new InMemoryFs();
  for (const [path, bytes] of await projectedFiles(volume, pod, placement, lookup))
    await fs.writeFile(`/${path}`, bytes);
  return {
    fs,
    source: volume.secret === undefined && volume.projected === undefined ? '/dev/nvme0n1p2' : 'tmpfs',
    type: 'tmpfs',
    sizeBytes: 2 ** 30,
  };
}

async function projectedFiles(
  volume: VolumeSpec,
  pod: NodePod,
  placement: PodPlacement,
  lookup: ConfigLookup,
): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const addKeys = async (
    kind: 'configmap' | 'secret',
    name: string,
    items: KeyItems,
    optional: boolean,
  ): Promise<void> => {
    const entries = await (kind === 'secret'
      ? lookup.secret(pod.namespace, name)
      : lookup.configMap(pod.namespace, name));
    if (entries === undefined) {
      if (optional) return;
      throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}" : ${kind} "${name}" not found`);
    }
    for (const [key, bytes] of entries) {
      const path = items === undefined ? key : items.find((item) => item.key === key)?.path;
      if (path !== undefined) files.set(path, bytes);
    }
    for (const item of items ?? []) {
      if (!entries.has(item.key) && !optional)
        throw new MountError(
          `MountVolume.SetUp failed for volume "${volume.name}" : references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${item.key}`,
        );
    }
  };
  const addFields = (items: DownwardItems): void => {
    const [first] = pod.spec.containers;
    for (const item of items) {
      if (item.fieldRef !== undefined)
        files.set(item.path, Buffer.from(fieldValue(item.fieldRef.fieldPath, pod, placement)));
      else if (item.resourceFieldRef !== undefined && first !== undefined)
        files.set(item.path, Buffer.from(resourceValue(item.resourceFieldRef, pod, first, placement)));
    }
  };
  if (volume.configMap !== undefined)
    await addKeys('configmap', volume.configMap.name, volume.configMap.items, volume.configMap.optional);
  if (volume.secret !== undefined)
    await addKeys('secret', volume.secret.secretName, volume.secret.items, volume.secret.optional);
  if (volume.downwardAPI !== undefined) addFields(volume.downwardAPI.items);
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap !== undefined)
      await addKeys('configmap', source.configMap.name, source.configMap.items, source.configMap.optional);
    if (source.secret !== undefined)
      await addKeys('secret', source.secret.name, source.secret.items, source.secret.optional);
    if (source.downwardAPI !== undefined) addFields(source.downwardAPI.items);
    // The token is bound to nothing: pods of the demo reach the API server through no network.
    if (source.serviceAccountToken !== undefined)
      files.set(source.serviceAccountToken.path, Buffer.from(`demo-token-${pod.uid}`));
  }
  return files;
}

/** One container's view: its image's files with the volumes mounted, and the mount table for `df`. */
export async function mountVolumes(
  image: IFileSystem,
  container: ContainerSpec,
  volumes: ReadonlyMap<string, MountedVolume>,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly fs: IFileSystem; readonly mounts: readonly MountFacts[] }> {
  const fs = new MountableFs({ base: image });
  const mounts: MountFacts[] = [
    { source: 'overlay', target: '/', type: 'overlay', sizeBytes: 3.5 * terabyte, used: () => usedBytes(image) },
  ];
  for (const mount of container.volumeMounts.toSorted((a, b) => a.mountPath.length - b.mountPath.length)) {
    const volume = volumes.get(mount.name);
    if (volume === undefined) continue;
    const target = mount.mountPath === '/' ? '/' : mount.mountPath.replace(/\/+$/, '');
    const subPath = mount.subPathExpr === undefined ? mount.subPath : expandVariables(mount.subPathExpr, env);
    if (subPath !== undefined && subPath !== '' && (await isFile(volume.fs, `/${subPath}`))) {
      await image.mkdir(target.slice(0, target.lastIndexOf('/')) || '/', { recursive: true });
      await image.writeFile(target, await volume.fs.readFileBuffer(`/${subPath}`));
      continue;
    }
    let mounted = volume.fs;
    if (subPath !== undefined && subPath !== '') {
      await volume.fs.mkdir(`/${subPath}`, { recursive: true });
      mounted = new SubdirectoryFs(volume.fs, `/${subPath}`);
    }
    fs.mount(target, mounted);
    mounts.push({
      source: volume.source,
      target,
      type: volume.type,
      sizeBytes: volume.sizeBytes,
      used: () => usedBytes(mounted),
    });
  }
  return { fs, mounts };
}

async function isFile(fs: IFileSystem, path: string): Promise<boolean> {
  return (await fs.exists(path)) && (await fs.stat(path)).isFile;
}

async function usedBytes(fs: IFileSystem, directory = '/'): Promise<number> {
  let bytes = 0;
  for (const name of await fs.readdir(directory)) {
    const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
    const stat = await fs.lstat(path);
    bytes += stat.isDirectory ? await usedBytes(fs, path) : stat.size;
  }
  return bytes;
}
