/** Sources that are changed, each with the unit tests that have to notice. */
export type Room = Readonly<Record<string, readonly string[]>>;

const unit = (folder: string, ...names: readonly string[]): readonly string[] =>
  names.map((name) => `test/unit/${folder}/${name}.test.ts`);

const gpus = unit('inventory', 'gpus', 'gpu-properties', 'gpu-providers', 'sharing');
const summary = unit('traces', 'summary');
const watch = unit('kube', 'watch', 'watch-faults');

/** Where a wrong figure or a wrong delete would cost most. */
export const ROOMS: Readonly<Record<string, Room>> = {
  aggregation: {
    'src/benchmarks/merged-point.ts': unit('benchmarks', 'aggregate', 'series'),
    'src/benchmarks/readers/merge-latency.ts': unit('benchmarks', 'merge-latency', 'aggregate'),
    'src/benchmarks/series.ts': unit('benchmarks', 'series'),
  },
  gpus: {
    'src/inventory/gpu-node.ts': gpus,
    'src/inventory/gpus.ts': gpus,
    'src/inventory/sharing.ts': gpus,
  },
  traces: {
    'src/traces/summary/devices.ts': summary,
    'src/traces/summary/intervals.ts': summary,
    'src/traces/summary/kernels.ts': summary,
    'src/traces/summary/steps.ts': summary,
    'src/traces/summary/summarise.ts': summary,
  },
  watch: { 'src/kube/watch/watch.ts': watch, 'src/kube/watch/watch-stream.ts': watch },
  lease: { 'src/base/lease.ts': unit('base', 'lease') },
  plan: {
    'src/deployment/plan.ts': unit('deployment', 'deploying'),
    'src/deployment/preflight.ts': unit('deployment', 'preflight'),
  },
  stop: {
    'src/deployment/owned.ts': unit('deployment', 'owned'),
    'src/deployment/following.ts': unit('deployment', 'following'),
    'src/deployment/service.ts': unit('deployment', 'service', 'deploying'),
  },
};
