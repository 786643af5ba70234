import { stringAt } from '../base/json.ts';
import type { Pod } from '../kube/model/kinds.ts';
import { hasEnded, isDeleting } from '../kube/model/pod.ts';
import type { Endpoint } from './types.ts';

/** The pods that can be called, as people count; the same ones in the same order as a folder's `.tmp/decode_pods.txt` names. */
export function callablePods(pods: readonly Pod[]): Endpoint['decodePods'] {
  return pods
    .filter((pod) => !isDeleting(pod) && !hasEnded(pod))
    .flatMap((pod) => {
      const ip = stringAt(pod, 'status', 'podIP');
      return ip === undefined || ip === '' ? [] : [{ name: pod.metadata.name, ip }];
    })
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}
