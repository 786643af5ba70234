import { collate } from '../collate.ts';
import { identify } from '../identity.ts';
import type { PodView } from '../types.ts';

/** The text of the file. A pod that is being deleted or has ended answers nobody. */
export function decodePodLines(pods: Iterable<PodView>, owner: string): readonly string[] {
  return [...pods]
    .filter((pod) => isMyDecodePod(pod, owner) && !pod.deleting && pod.phase !== 'Succeeded' && pod.phase !== 'Failed')
    .sort((a, b) => collate(a.name, b.name))
    .flatMap(({ name, ip }) => (ip === undefined ? [] : [`${name} ${ip}`]));
}

function isMyDecodePod(pod: PodView, owner: string): boolean {
  const identity = identify(pod);
  return identity?.owner === owner && identity.role === 'decode';
}
