import type { Json } from '../controllers/core/objects.ts';
import { batchWorker, daemon, modelServer, service, type PodNeeds } from './templates.ts';

interface WorkloadBase {
  readonly namespace: string;
  readonly name: string;
  readonly template: Json;
  readonly needs: PodNeeds;
}

/** What keeps a part of the crowd's pods: the objects that people would have applied. */
export type Workload = WorkloadBase &
  (
    | { readonly kind: 'DaemonSet' }
    | { readonly kind: 'Deployment' | 'Job'; readonly replicas: number }
    | { readonly kind: 'LeaderWorkerSet'; readonly groups: number; readonly groupSize: number }
  );

export interface CrowdSize {
  /** Nodes that run daemons: all of them. */
  readonly nodes: number;
  /** GPUs that may be given away. */
  readonly gpus: number;
  readonly pods: number;
}

/** A crowd of more pods a node would leave no room for what people start. */
export const podsPerNode = 90;

const agents = ['node-exporter', 'dcgm-exporter', 'log-agent', 'network-agent'];
/** At most this share of the pods are daemons. */
const daemonShare = 0.45;
const groupSize = 2;
const gpusPerNode = 8;
/** GPUs that one pod of a Deployment or Job holds, in turn. */
const serverSizes = [1, 2, 4];
const workerSizes = [1, 8, 2, 4];
const podsPerDeployment = [3, 8, 24, 40];

/** A mix such as a shared inference cluster has: agents on every node, model servers of many people, batch jobs, and services without GPUs. */
export function planWorkloads(size: CrowdSize): readonly Workload[] {
  const daemons = daemonSets(size);
  const rest = size.pods - daemons.length * size.nodes;
  const wide = wideStacks(Math.min(Math.floor(rest * 0.06), Math.floor((size.gpus * 0.45) / gpusPerNode)));
  const servers = modelServices(Math.floor(rest * 0.15), size.gpus * 0.25);
  const jobs = batchJobs(Math.floor(rest * 0.08), size.gpus * 0.25);
  const taken = [...wide, ...servers, ...jobs].reduce((sum, workload) => sum + podsOf(workload, size.nodes), 0);
  return [...daemons, ...wide, ...servers, ...jobs, ...services(rest - taken)];
}

export function podsOf(workload: Workload, nodes: number): number {
  switch (workload.kind) {
    case 'DaemonSet':
      return nodes;
    case 'LeaderWorkerSet':
      return workload.groups * workload.groupSize;
    default:
      return workload.replicas;
  }
}

function daemonSets(size: CrowdSize): readonly Workload[] {
  const count = Math.min(agents.length, Math.floor((size.pods * daemonShare) / size.nodes));
  return agents.slice(0, count).map((app) => {
    const needs = { app, owner: 'platform', cpu: 0.1, memoryGi: 1, gpus: 0 };
    return { kind: 'DaemonSet', namespace: 'platform', name: app, needs, template: daemon(needs) };
  });
}

/** Wide-EP stacks: one prefill group and one or two decode groups of whole nodes. */
function wideStacks(pods: number): readonly Workload[] {
  const stacks: Workload[] = [];
  for (let left = Math.floor(pods / groupSize), index = 0; left > 0; index += 1) {
    const owner = person(index);
    for (const [role, wanted] of [
      ['decode', 1 + (index % 2)],
      ['prefill', 1],
    ] as const) {
      const groups = Math.min(wanted, left);
      if (groups === 0) continue;
      left -= groups;
      const needs = { app: 'wide-ep', owner, cpu: 32, memoryGi: 512, gpus: gpusPerNode };
      stacks.push({
        kind: 'LeaderWorkerSet',
        namespace: team(index),
        name: `${owner}-wide-ep-${role}`,
        groups,
        groupSize,
        needs,
        template: modelServer(needs, role, true),
      });
    }
  }
  return stacks;
}

function modelServices(pods: number, gpus: number): readonly Workload[] {
  return filled(pods, gpus, serverSizes, (index, size) => {
    const owner = person(index);
    const needs = { app: 'modelservice', owner, cpu: 8, memoryGi: 96, gpus: size };
    const role = index % 3 === 0 ? 'prefill' : 'decode';
    return {
      kind: 'Deployment',
      namespace: team(index),
      name: `ms-${owner}-${index}-llm-d-modelservice-${role}`,
      needs,
      template: modelServer(needs, role, false),
    };
  });
}

function batchJobs(pods: number, gpus: number): readonly Workload[] {
  return filled(pods, gpus, workerSizes, (index, size) => {
    const owner = person(index * 3);
    const needs = { app: 'training', owner, cpu: 8, memoryGi: 64, gpus: size };
    return {
      kind: 'Job',
      namespace: `batch-${two(index % 6)}`,
      name: `${owner}-train-${index}`,
      needs,
      template: batchWorker(needs),
    };
  });
}

function services(pods: number): readonly Workload[] {
  return filled(pods, 0, [0], (index) => {
    const needs = { app: `service-${two(index % 20)}`, owner: person(index * 5), cpu: 1, memoryGi: 4, gpus: 0 };
    return { kind: 'Deployment', namespace: team(index), name: `service-${index}`, needs, template: service(needs) };
  });
}

/** Workloads until pods or GPUs run out. */
function filled(
  pods: number,
  gpus: number,
  sizes: readonly number[],
  make: (index: number, size: number) => WorkloadBase & { readonly kind: 'Deployment' | 'Job' },
): readonly Workload[] {
  const made: Workload[] = [];
  let [podsLeft, gpusLeft] = [pods, gpus];
  for (let index = 0; podsLeft > 0; index += 1) {
    const size = sizes[index % sizes.length] ?? 0;
    const fitting = size === 0 ? podsLeft : Math.floor(gpusLeft / size);
    const replicas = Math.min(podsPerDeployment[index % podsPerDeployment.length] ?? 1, podsLeft, fitting);
    if (replicas <= 0) break;
    podsLeft -= replicas;
    gpusLeft -= replicas * size;
    made.push({ ...make(index, size), replicas });
  }
  return made;
}

function person(index: number): string {
  return `user-${two(index % 60)}`;
}

function team(index: number): string {
  return `team-${two(index % 24)}`;
}

function two(value: number): string {
  return String(value + 1).padStart(2, '0');
}
