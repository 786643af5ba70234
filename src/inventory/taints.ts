import { isGpuResource } from '../kube/model/gpu.ts';
import type { NodeView } from './types.ts';

type Taint = NodeView['taints'][number];

/** What these say is told by the node's conditions and its cordon already. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set([
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
  'node.kubernetes.io/unschedulable',
]);

/**
 * Taints that say what hardware a node is, so that other pods keep off: the GPU's resource name, AKS's `sku=gpu`, and the architecture
 * of Grace nodes on GKE. Manifests of GPU pods tolerate them, or the provider's admission adds that.
 */
function marksGpuNodes(taint: Taint): boolean {
  return (
    isGpuResource(taint.key) ||
    taint.key === 'nvidia.com/gpu.present' ||
    taint.key === 'is_gpu' ||
    taint.key === 'kubernetes.io/arch' ||
    (taint.key === 'sku' && taint.value === 'gpu')
  );
}

/**
 * The taints that keep an ordinary GPU pod off a node: those with effect NoSchedule or NoExecute, but for the ones that mark
 * GPU nodes as such and the ones that repeat "not ready" or "cordoned". What is left names a team, a maintenance, a kind of capacity.
 */
export function blockingTaints(node: Pick<NodeView, 'taints'>): readonly Taint[] {
  return node.taints.filter(
    (taint) =>
      (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') &&
      !TOLD_OTHERWISE.has(taint.key) &&
      !marksGpuNodes(taint),
  );
}
