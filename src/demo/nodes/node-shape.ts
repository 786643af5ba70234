/** A node as data, so that a cluster of any size and kind can be described. */
export interface NodeShape {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly cordoned: boolean;
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly internalIp: string;
  /** First three parts of its pods' addresses, a /24. */
  readonly podSubnet: string;
}

const gpusPerNode = 8;
const nodesPerLeaf = 2;

/** The way CoreWeave's bare metal is named: g1a2f3. The multiplier is odd, so that no two indices share a name. */
function nodeName(index: number): string {
  const mixed = (Math.imul(index + 1, 0x9e3779b1) >>> 8) & 0xfffff;
  return `g${mixed.toString(16).padStart(5, '0')}`;
}

/** The default cluster: H200 nodes with eight GPUs each, two of them a leaf group, the last one cordoned. */
export function h200Nodes(count = 4): readonly NodeShape[] {
  return Array.from({ length: count }, (_unused, index) => h200Node(index, count > 1 && index === count - 1));
}

function h200Node(index: number, cordoned: boolean): NodeShape {
  const name = nodeName(index);
  const leaf = Math.floor(index / nodesPerLeaf) + 1;
  const capacity = {
    cpu: '128',
    memory: '2113463292Ki',
    'ephemeral-storage': '7498368944Ki',
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    'nvidia.com/gpu': String(gpusPerNode),
    'rdma/ib': '1k',
    pods: '110',
  };
  return {
    name,
    cordoned,
    taints: [],
    capacity,
    allocatable: { ...capacity, cpu: '127', memory: '2094321852Ki', 'ephemeral-storage': '6910496749Ki' },
    internalIp: `10.${leaf >> 8}.${leaf & 255}.${10 + (index % nodesPerLeaf)}`,
    podSubnet: `10.${244 + ((index + 1) >> 8)}.${(index + 1) & 255}`,
    labels: {
      'kubernetes.io/hostname': name,
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'node.kubernetes.io/instance-type': 'gd-8xh200ib-i128',
      'beta.kubernetes.io/instance-type': 'gd-8xh200ib-i128',
      'topology.kubernetes.io/region': 'DEMO-EAST-01',
      'topology.kubernetes.io/zone': 'DEMO-EAST-01A',
      'gpu.nvidia.com/class': 'H200',
      'gpu.nvidia.com/model': 'H200',
      'gpu.nvidia.com/count': String(gpusPerNode),
      'gpu.nvidia.com/vram': '141',
      'nvidia.com/gpu.present': 'true',
      'nvidia.com/gpu.product': 'NVIDIA-H200',
      'nvidia.com/gpu.count': String(gpusPerNode),
      'nvidia.com/gpu.memory': '143771',
      'nvidia.com/gpu.replicas': '1',
      'nvidia.com/mig.capable': 'true',
      'backend.coreweave.cloud/fabric': 'ib',
      'backend.coreweave.cloud/flavor': 'infiniband',
      'backend.coreweave.cloud/leafgroup': String(leaf),
      'backend.coreweave.cloud/leafgroup-name': `leaf-${leaf}`,
      'ethernet.coreweave.cloud/speed': '100G',
      'ib.coreweave.cloud/fabric': 'demo-1',
      'ib.coreweave.cloud/leafgroup': String(leaf),
      'ib.coreweave.cloud/superpod': '1',
      'ib.coreweave.cloud/speed': '400G',
      'node.coreweave.cloud/class': 'gpu',
      'node.coreweave.cloud/rack': String(10 + leaf),
      'node.coreweave.cloud/reliability': 'high',
      'node.coreweave.cloud/reserved': 'demo',
      'node.coreweave.cloud/state': cordoned ? 'triage' : 'production',
      'node.coreweave.cloud/type': 'gd-8xh200ib-i128',
      'node.coreweave.cloud/version': '2.17.0',
    },
  };
}
