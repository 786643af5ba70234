/**
 * Where a node stands in the network, by what each provider labels. The first label that a node carries gives the value.
 * `leafgroup` is the set of nodes under one leaf switch, whatever the provider calls it.
 */
const TOPOLOGY: readonly (readonly [name: string, labels: readonly string[]])[] = [
  ['leafgroup', ['ib.coreweave.cloud/leafgroup', 'backend.coreweave.cloud/leafgroup', 'network.topology.nvidia.com/leaf', 'topology.k8s.aws/network-node-layer-3']],
  ['spine', ['network.topology.nvidia.com/spine', 'topology.k8s.aws/network-node-layer-2']],
  ['fabric', ['ib.coreweave.cloud/fabric', 'backend.coreweave.cloud/fabric', 'topology.k8s.aws/network-node-layer-1']],
  ['superpod', ['ib.coreweave.cloud/superpod']],
  ['nvlink', ['network.topology.nvidia.com/accelerator', 'nvidia.com/gpu.clique']],
  ['rack', ['node.coreweave.cloud/rack']],
  ['block', ['cloud.google.com/gce-topology-block']],
  ['subblock', ['cloud.google.com/gce-topology-subblock']],
  ['host', ['cloud.google.com/gce-topology-host']],
  ['zone', ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']],
  ['region', ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region']],
];

type Labels = Readonly<Record<string, string>>;

export function topologyOf(labels: Labels): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, candidates] of TOPOLOGY) {
    const value = firstOf(labels, candidates);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

const PRODUCT_LABELS = [
  'nvidia.com/gpu.product', 'gpu.nvidia.com/model', 'gpu.nvidia.com/class', 'amd.com/gpu.product-name',
  'cloud.google.com/gke-accelerator', 'cloud.google.com/gke-tpu-accelerator',
];

/** The accelerator's name without its vendor: `NVIDIA-H200` and `nvidia-h200-141gb` both begin with `H200`. */
export function productOf(labels: Labels): string | undefined {
  const product = firstOf(labels, PRODUCT_LABELS)?.replace(/^nvidia[-_ ]/i, '');
  return product === product?.toLowerCase() ? product?.toUpperCase() : product;
}

function firstOf(labels: Labels, names: readonly string[]): string | undefined {
  return names.map((name) => labels[name]).find((value) => value !== undefined && value !== '');
}
