import { throwIfAborted } from '../../base/clock.ts';
import type { PickerReading } from '../../inventory/live/readings.ts';
import { totalsOf, type RankTotals } from '../../inventory/live/totals.ts';
import type { LiveFigures, LiveSnapshot } from '../../inventory/live/types.ts';
import { podsReport } from '../../inventory/pods.ts';
import type { ModelServerDeployment } from '../../inventory/types.ts';
import type { Invocation } from '../command.ts';
import { exit, line, type Io } from '../io.ts';
import { chosenCluster, services } from '../services.ts';
import { table } from '../table.ts';

/** Rates need two answers of each server. */
const ROUNDS_UNTIL_RATES = 2;

interface RankRow extends Omit<RankTotals, 'ranks' | 'kvCachePeak'> {
  readonly deployment: string;
  readonly role: string;
  readonly pod: string;
  readonly port: number;
  readonly engine: string;
}

interface PickerRow extends PickerReading {
  readonly deployment: string;
  readonly pod: string;
}

/** The JSON of `llmdw live --json`. Rates are tokens a second, shares run from 0 to 1; what a server does not tell is left out. */
interface LiveReport {
  /** RFC 3339. */
  readonly time: string;
  readonly ranks: readonly RankRow[];
  readonly pickers: readonly PickerRow[];
  readonly failures: readonly {
    readonly pod: string;
    readonly port: number;
    readonly message: string;
    readonly hint: string | undefined;
  }[];
}

/** One table after two rounds; with --follow one after each further round, until Ctrl-C. */
export async function live(invocation: Invocation, io: Io): Promise<number> {
  const seconds = invocation.integer('seconds');
  const follow = invocation.flag('follow');
  const workbench = services(invocation, io, {
    liveFigures: true,
    ...(seconds === undefined ? {} : { liveFiguresSeconds: seconds }),
  });
  try {
    await chosenCluster(workbench, invocation);
    const lease = workbench.live.lease();
    try {
      await roundsOf(workbench.live, ROUNDS_UNTIL_RATES, io.signal);
      for (;;) {
        const { deployments } = podsReport(await workbench.inventory.whenComplete(io.signal), workbench.owner);
        const report = reportOf(workbench.live.snapshot, deployments);
        io.out(
          invocation.flag('json')
            ? `${JSON.stringify(report, undefined, follow ? undefined : 2)}\n`
            : forPeople(report),
        );
        for (const { message } of report.failures) io.err(line`warning: ${message}`);
        if (!follow) return exit.ok;
        await roundsOf(workbench.live, 1, io.signal);
      }
    } finally {
      lease.dispose();
    }
  } catch (error) {
    if (follow && io.signal.aborted) return exit.ok;
    throw error;
  } finally {
    workbench.dispose();
  }
}

/** Resolves after so many rounds more; rejects with what keeps them from being done. */
async function roundsOf(figures: LiveFigures, count: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let left = count;
  const listening = figures.onDidChange(() => {
    const { state } = figures.snapshot;
    if (state.kind === 'failed') reject(state.error);
    if (state.kind === 'running') left -= 1;
    if (left === 0) resolve();
  });
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    throwIfAborted(signal);
    await promise;
    throwIfAborted(signal);
  } finally {
    listening.dispose();
    signal.removeEventListener('abort', onAbort);
  }
}

function reportOf({ pods }: LiveSnapshot, deployments: readonly ModelServerDeployment[]): LiveReport {
  const members = deployments.flatMap((deployment) =>
    deployment.roles.flatMap(({ role, groups }) =>
      groups.flatMap((group) =>
        group.pods.flatMap(({ namespace, name }) => {
          const figures = pods.get(`${namespace}/${name}`);
          return figures === undefined ? [] : [{ deployment: deployment.name, role, pod: name, figures }];
        }),
      ),
    ),
  );
  return {
    time: new Date().toISOString(),
    ranks: members.flatMap(({ figures, ...place }) =>
      figures.ranks.map((rank) => {
        const { ranks: _, kvCachePeak: __, ...totals } = totalsOf([rank]);
        return { ...place, port: rank.port, engine: rank.engine, ...totals };
      }),
    ),
    pickers: members.flatMap(({ figures, deployment, pod }) =>
      figures.picker === undefined ? [] : [{ deployment, pod, ...figures.picker }],
    ),
    failures: members.flatMap(({ figures, pod }) =>
      figures.failures.map(({ port, error }) => ({ pod, port, message: error.message, hint: error.hint })),
    ),
  };
}

function forPeople({ ranks, pickers }: LiveReport): string {
  if (ranks.length === 0 && pickers.length === 0) return 'No model server of yours that is ready tells its figures.\n';
  const servers = table(
    ['DEPLOYMENT', 'ROLE', 'POD', 'PORT', 'DP', 'TOK/S', 'PROMPT TOK/S', 'RUNNING', 'WAITING', 'KV', 'PREFIX HITS'],
    ranks.map((row) => [
      row.deployment,
      row.role,
      row.pod,
      String(row.port),
      row.engine,
      rate(row.generationRate),
      rate(row.promptRate),
      count(row.running),
      count(row.waiting),
      share(row.kvCacheUse),
      share(row.prefixHitRate),
    ]),
    new Set([3, 4, 5, 6, 7, 8, 9, 10]),
  );
  if (pickers.length === 0) return servers;
  const routing = table(
    ['DEPLOYMENT', 'ENDPOINT PICKER', 'HELD', 'QUEUED AT ENDPOINTS', 'AVERAGE QUEUE', 'RUNNING', 'READY ENDPOINTS'],
    pickers.map((row) => [
      row.deployment,
      row.pod,
      count(row.held),
      count(row.queuedAtEndpoints),
      rate(row.averageQueue),
      count(row.running),
      count(row.readyEndpoints),
    ]),
    new Set([2, 3, 4, 5, 6]),
  );
  return `${servers}\n${routing}`;
}

function rate(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(1);
}

function count(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}

function share(value: number | undefined): string {
  return value === undefined ? '-' : `${(value * 100).toFixed(1)} %`;
}
