import { stringAt } from '../base/json.ts';
import type { KubeObject } from '../kube/model/types.ts';
import type { Endpoint } from './types.ts';

/** The pods that can be called, as people count; the same ones in the same order as a folder's `.tmp/decode_pods.txt` names. */
export function callablePods(pods: readonly KubeObject[]): Endpoint['decodePods'] {
  return pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined && !hasEnded(pod))
    .flatMap((pod) => {
      const ip = stringAt(pod, 'status', 'podIP');
      return ip === undefined || ip === '' ? [] : [{ name: pod.metadata.name, ip }];
    })
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function hasEnded(pod: KubeObject): boolean {
  const phase = stringAt(pod, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}
