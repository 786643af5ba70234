/** What one of a resource is, as people call it. Only a `device` is a whole accelerator; the others are parts or shares of one. */
export interface GpuUnit {
  readonly kind: 'device' | 'partition' | 'share';
  /** Singular; an `s` makes the plural. */
  readonly noun: string;
}

const GPU: GpuUnit = { kind: 'device', noun: 'GPU' };
const MIG: GpuUnit = { kind: 'partition', noun: 'MIG slice' };
const PARTITION: GpuUnit = { kind: 'partition', noun: 'GPU partition' };
const SHARE: GpuUnit = { kind: 'share', noun: 'GPU share' };

/** Device resources that count as GPUs or stand for them. RDMA and memory counters of the same vendors do not. */
const GPU_RESOURCES: readonly (readonly [name: RegExp, unit: GpuUnit])[] = [
  [/^nvidia\.com\/gpu$/, GPU],
  [/^nvidia\.com\/(gpu|mig-[a-z0-9.]+)\.shared$/, SHARE],
  [/^nvidia\.com\/mig-[a-z0-9.]+$/, MIG],
  [/^amd\.com\/(gpu|spx_nps\d)$/, GPU],
  [/^amd\.com\/(dpx|tpx|qpx|cpx)_nps\d$/, PARTITION],
  [/^gpu\.intel\.com\/(i915|xe)$/, GPU],
  [/^google\.com\/tpu$/, { kind: 'device', noun: 'TPU' }],
  [/^habana\.ai\/gaudi$/, { kind: 'device', noun: 'Gaudi' }],
];

/** Drivers of DRA, and device classes of the same name, that hand out GPUs or what stands for them. Fabric channels and NICs do not. */
const GPU_DRIVERS: ReadonlySet<string> = new Set([
  'gpu.nvidia.com',
  'gpu.amd.com',
  'gpu.intel.com',
  'gaudi.intel.com',
  'tpu.google.com',
]);

export function isGpuDriver(name: string): boolean {
  return GPU_DRIVERS.has(name);
}

/** Whether a resource of a device plugin counts as a GPU. */
export function isGpuResource(name: string): boolean {
  return GPU_RESOURCES.some(([pattern]) => pattern.test(name));
}

type Labels = Readonly<Record<string, string>>;

/** What one of a node's resource is: the same name counts GPUs on one node and their slices or shares on another, by the node's labels. */
export function gpuUnit(resource: string, nodeLabels: Labels = {}): GpuUnit {
  if (resource === 'nvidia.com/gpu') return nvidiaUnit(nodeLabels);
  if (resource === 'amd.com/gpu')
    return /^(dpx|tpx|qpx|cpx)/i.test(nodeLabels['amd.com/gpu.compute-memory-partition'] ?? '') ? PARTITION : GPU;
  if (isGpuDriver(resource)) return GPU;
  return (
    GPU_RESOURCES.find(([pattern]) => pattern.test(resource))?.[1] ?? (resource.includes('/mig-') ? MIG : PARTITION)
  );
}

/** Each share of a GPU that is time-sliced or given out by MPS counts as one, and so does each slice under MIG's strategy `single`. */
function nvidiaUnit(nodeLabels: Labels): GpuUnit {
  if (isShared(nodeLabels)) return SHARE;
  return /-MIG-/i.test(nodeLabels['nvidia.com/gpu.product'] ?? '') ||
    nodeLabels['cloud.google.com/gke-gpu-partition-size'] !== undefined
    ? MIG
    : GPU;
}

/** Whether the node's GPUs are offered several times each, by time-slicing or MPS. */
export function isShared(nodeLabels: Labels): boolean {
  return ['nvidia.com/gpu.replicas', 'cloud.google.com/gke-max-shared-clients-per-gpu'].some(
    (label) => Number(nodeLabels[label] ?? '1') > 1,
  );
}

/** The resources of device plugins that offer the very devices of a DRA driver. */
const PLUGIN_RESOURCES: Readonly<Record<string, readonly string[]>> = {
  'gpu.nvidia.com': ['nvidia.com/gpu'],
  'gpu.amd.com': ['amd.com/gpu'],
  'gpu.intel.com': ['gpu.intel.com/i915', 'gpu.intel.com/xe'],
  'gaudi.intel.com': ['habana.ai/gaudi'],
  'tpu.google.com': ['google.com/tpu'],
};

export function pluginResources(driver: string): readonly string[] {
  return PLUGIN_RESOURCES[driver] ?? [];
}
