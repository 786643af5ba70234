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

/** How many nodes share a place in the network and in the hall. */
interface Layout {
  readonly leaf: number;
  readonly superpod: number;
  readonly rack: number;
}

/** A few nodes show their topology with two a leaf; a large cluster has whole scalable units of 32. */
const smallLayout: Layout = { leaf: 2, superpod: 1e6, rack: 2 };
const largeLayout: Layout = { leaf: 32, superpod: 128, rack: 8 };
/** From so many nodes on a cluster counts as large. */
const largeFrom = 33;
/** Of a large cluster every so manieth node is out of service. */
const cordonedEvery = 97;

/** The way CoreWeave's bare metal is named: g1a2f3. The multiplier is odd, so that no two indices share a name. */
function nodeName(index: number): string {
  const mixed = (Math.imul(index + 1, 0x9e3779b1) >>> 8) & 0xfffff;
  return `g${mixed.toString(16).padStart(5, '0')}`;
}

/** H200 nodes with eight GPUs each, the last one cordoned. The default cluster has two a leaf group. */
export function h200Nodes(count = 4): readonly NodeShape[] {
  const large = count >= largeFrom;
  const cordoned = (index: number): boolean =>
    (count > 1 && index === count - 1) || (large && index % cordonedEvery === cordonedEvery - 1);
  return Array.from({ length: count }, (_unused, index) =>
    h200Node(index, cordoned(index), large ? largeLayout : smallLayout),
  );
}

function h200Node(index: number, cordoned: boolean, layout: Layout): NodeShape {
  const name = nodeName(index);
  const leaf = Math.floor(index / layout.leaf) + 1;
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
    internalIp: `10.${leaf >> 8}.${leaf & 255}.${10 + (index % layout.leaf)}`,
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
      'ib.coreweave.cloud/superpod': String(Math.floor(index / layout.superpod) + 1),
      'ib.coreweave.cloud/speed': '400G',
      'node.coreweave.cloud/class': 'gpu',
      'node.coreweave.cloud/rack': String(11 + Math.floor(index / layout.rack)),
      'node.coreweave.cloud/reliability': 'high',
      'node.coreweave.cloud/reserved': 'demo',
      'node.coreweave.cloud/state': cordoned ? 'triage' : 'production',
      'node.coreweave.cloud/type': 'gd-8xh200ib-i128',
      'node.coreweave.cloud/version': '2.17.0',
    },
  };
}
