import type { LongCall } from '../../src/deployment/types.ts';
import { gpuReport } from '../../src/inventory/gpus.ts';
import { podsReport } from '../../src/inventory/pods.ts';
import type { GpuReport, PodsReport } from '../../src/inventory/types.ts';
import { both } from './support/both.ts';
import { owner, sitDown } from './support/desk.ts';

const deployment = 'wide-ep';
const patienceMs = 240_000;

/** The reports without what the scheduler and the network chose. */
function gpusOf({ totals, nodes }: GpuReport): unknown {
  return {
    totals,
    products: nodes.map(({ name, product, ready, schedulable, topology, resources }) => ({
      name,
      product,
      ready,
      schedulable,
      topology,
      allocatable: Object.entries(resources).map(([resource, count]) => [resource, count.allocatable]),
    })),
  };
}

function podsOf({ deployments, warnings }: PodsReport): unknown {
  return {
    warnings,
    deployments: deployments.map(({ name, kind, owner: whose, release, roles }) => ({
      name,
      kind,
      owner: whose,
      release,
      roles: roles.map(({ role, groups }) => ({
        role,
        groups: groups.map(({ index, pods }) => ({
          index,
          pods: pods.map(({ name: pod, rank, ports, phase, ready, restarts, reason }) => ({
            pod,
            rank,
            ports,
            phase,
            ready,
            restarts,
            reason,
          })),
        })),
      })),
    })),
  };
}

describe('the loop on both servers', () => {
  both('deploy, ready, benchmark, profile, copy, summary, stop', async (server) => {
    const call = (): LongCall => ({ signal: AbortSignal.timeout(patienceMs), progress: () => undefined });
    const { signal } = call();
    const desk = await sitDown(server);
    const { workbench, cluster } = desk;
    try {
      const plan = await workbench.deployments.plan(
        { cluster, guide: 'wide-ep', variant: 'coreweave', name: deployment, values: {} },
        signal,
      );
      server.note('plan', [
        plan.objects.map(({ action, object, conflict }) => [action, object.kind, object.metadata.name, conflict]),
        plan.findings.map(({ severity, code }) => [severity, code]),
      ]);
      server.note(
        'what would become of it',
        plan.objects.map(({ dryRun }) => dryRun),
      );
      await workbench.deployments.apply(plan, call());
      const { ready, pods, readyPods, model } = await workbench.deployments.waitReady(cluster, deployment, call());
      server.note('ready', { ready, pods, readyPods, model });
      const again = await workbench.deployments.plan(plan.request, signal);
      server.note(
        'deployed again',
        again.objects.map(({ action, object }) => [action, object.kind, object.metadata.name]),
      );
      const snapshot = await workbench.inventory.whenComplete(signal);
      server.note('gpus', gpusOf(gpuReport(snapshot)));
      server.note('pods', podsOf(podsReport(snapshot, owner)));
      const parameters = { concurrency: '4', requestsEach: '4', inputTokens: '64', outputTokens: '32' };
      const run = await workbench.benchmarks.start({ cluster, recipe: 'vllm-bench', deployment, parameters }, call());
      await workbench.benchmarks.wait(run, signal);
      const record = await workbench.runs.get(run);
      const [results] = await workbench.benchmarks.results([run]);
      server.note('benchmark', [
        record?.state,
        record?.state === 'succeeded' ? undefined : record?.summary,
        results?.points.map(({ concurrency, requests }) => [concurrency, requests]),
      ]);
      const targets = await workbench.profiling.targets(cluster, { allDecode: deployment }, signal);
      const outcomes = await workbench.profiling.profile({ cluster, targets, seconds: 0.5 }, call());
      server.note(
        'profiles',
        outcomes.map(({ target, ok, reason }) => ({ pod: target.pod, port: target.port, ok, reason })),
      );
      const remote = await workbench.traces.remote(cluster, signal);
      server.note('remote traces', [remote.traces.length, remote.errors]);
      const copied = await workbench.traces.copy(cluster, remote.traces, call());
      server.note('copied', [copied.copied.length, copied.failed]);
      const { files, errors } = await workbench.traces.summaries(
        copied.copied.map(({ file }) => file),
        signal,
      );
      server.note('summaries', [
        files.length,
        errors,
        files.every(({ events, kernels }) => events > 0 && kernels.length > 0),
      ]);
      await workbench.deployments.stop(cluster, deployment, call());
      server.note('after the stop', await workbench.deployments.list(cluster, signal));
    } finally {
      await desk.close();
    }
  }).timeout(2 * patienceMs);
});
