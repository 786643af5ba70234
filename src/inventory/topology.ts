/**
 * Where a node stands in the network, by what each provider labels. The first label that a node carries gives the value.
 * `leafgroup` is the set of nodes under one leaf switch, `nvlink` those that one NVLink domain joins, whatever the provider calls them.
 * Topograph named the same tiers block, spine, datacenter at first, then leaf, spine, core, and numbers them now from the node upwards.
 */
const TOPOLOGY: readonly (readonly [name: string, labels: readonly string[]])[] = [
  [
    'leafgroup',
    [
      'ib.coreweave.cloud/leafgroup',
      'backend.coreweave.cloud/leafgroup',
      'backend.coreweave.cloud/leafgroup-name',
      'network.topology.nvidia.com/leaf',
      'network.topology.nvidia.com/block',
      'network.topology.nvidia.com/tier-0',
      'topology.k8s.aws/network-node-layer-3',
      'oci.oraclecloud.com/rdma.local_block_id',
    ],
  ],
  [
    'spine',
    [
      'network.topology.nvidia.com/spine',
      'network.topology.nvidia.com/tier-1',
      'topology.k8s.aws/network-node-layer-2',
      'oci.oraclecloud.com/rdma.network_block_id',
    ],
  ],
  [
    'core',
    [
      'network.topology.nvidia.com/core',
      'network.topology.nvidia.com/datacenter',
      'network.topology.nvidia.com/tier-2',
      'topology.k8s.aws/network-node-layer-1',
      'oci.oraclecloud.com/rdma.hpc_island_id',
    ],
  ],
  ['fabric', ['ib.coreweave.cloud/fabric', 'backend.coreweave.cloud/fabric']],
  ['superpod', ['ib.coreweave.cloud/superpod']],
  [
    'nvlink',
    [
      'network.topology.nvidia.com/accelerator',
      'ds.coreweave.com/nvlink.domain',
      'topology.k8s.aws/ultraserver-id',
      'nvidia.com/gpu.clique',
    ],
  ],
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
  'nvidia.com/gpu.product',
  'gpu.nvidia.com/model',
  'gpu.nvidia.com/class',
  'amd.com/gpu.product-name',
  'gpu.intel.com/product',
  'cloud.google.com/gke-accelerator',
  'cloud.google.com/gke-tpu-accelerator',
  'karpenter.k8s.aws/instance-gpu-name',
  'k8s.amazonaws.com/accelerator',
];

/** Machine types that are named after their GPU, as on Azure: `Standard_ND96isr_H200_v5`. */
const NAMED_MACHINE = /[_.-](A100|H100|H200|GH200|B200|B300|GB200|GB300|MI300X|MI325X|MI355X)(?=[_.-]|$)/i;

/** The accelerator's name, by the node's labels; undefined on a node that tells of none. */
export function productOf(labels: Labels): string | undefined {
  const name =
    firstOf(labels, PRODUCT_LABELS) ?? NAMED_MACHINE.exec(labels['node.kubernetes.io/instance-type'] ?? '')?.[1];
  return name === undefined ? undefined : productName(name);
}

/** Without its vendor: `NVIDIA-H200`, `nvidia-h200-141gb` and `NVIDIA H200` all begin with `H200`. */
export function productName(name: string): string {
  const product = name.replace(/^(nvidia|amd|intel)[-_ ]+(instinct[-_ ]+)?/i, '').replaceAll(' ', '-');
  return product === product.toLowerCase() ? product.toUpperCase() : product;
}

function firstOf(labels: Labels, names: readonly string[]): string | undefined {
  return names.map((name) => labels[name]).find((value) => value !== undefined && value !== '');
}
