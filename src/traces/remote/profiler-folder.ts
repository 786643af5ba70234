import { arrayAt, at, stringAt } from '../../base/json.ts';
import type { Container, Pod } from '../../kube/model/kinds.ts';
import { containersOf } from '../../kube/model/pod.ts';

/** Where a pod's profiler writes. */
export interface ProfilerFolder {
  readonly container: string;
  readonly folder: string;
}

const DEFAULT_FOLDER = '/traces';
/** vLLM up to 0.15. */
const VARIABLE = 'VLLM_TORCH_PROFILER_DIR';
/** vLLM from 0.13: a key of `--profiler-config`, as JSON or as `--profiler-config.torch_profiler_dir=…`, in an argument or a shell line. */
const OPTION = /torch_profiler_dir\\?["']?\s*[:=\s]\s*\\?["']?([^\\"',}\s]+)/;

/** Reads the profiler's folder from the pod's own arguments and environment; `/traces` of its first container if they name none. */
export function profilerFolderOf(pod: Pod): ProfilerFolder | undefined {
  const containers = containersOf(pod);
  for (const container of containers) {
    const folder = folderOf(container);
    const name = stringAt(container, 'name');
    if (folder !== undefined && name !== undefined) return { container: name, folder };
  }
  const first = stringAt(containers.find(mountsDefault) ?? containers[0], 'name');
  return first === undefined ? undefined : { container: first, folder: DEFAULT_FOLDER };
}

function folderOf(container: Container): string | undefined {
  for (const word of [...arrayAt(container, 'command'), ...arrayAt(container, 'args')]) {
    const named = typeof word === 'string' ? OPTION.exec(word)?.[1] : undefined;
    if (named?.startsWith('/') === true) return named;
  }
  const variable = arrayAt(container, 'env').find((entry) => stringAt(entry, 'name') === VARIABLE);
  const value = stringAt(variable, 'value');
  return value?.startsWith('/') === true ? value : undefined;
}

function mountsDefault(container: Container): boolean {
  return arrayAt(container, 'volumeMounts').some((mount) => at(mount, 'mountPath') === DEFAULT_FOLDER);
}
