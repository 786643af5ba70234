import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Logger } from '../../base/logger.ts';
import { removePrivateFile, writePrivateFile } from '../../base/private-file.ts';
import { redact } from '../../base/redact.ts';
import { startDemoCluster, type DemoCluster, type DemoClusterOptions } from '../../demo/cluster.ts';
import { podsPerNode } from '../../demo/crowd/workloads.ts';
import { describeFaults, isFault } from '../../demo/nodes/faults.ts';
import { h200Nodes } from '../../demo/nodes/node-shape.ts';
import { processes } from '../../kube/tools/processes.ts';
import { badUsage, type Invocation } from '../command.ts';
import { exit, line, type Io } from '../io.ts';

export async function demo(invocation: Invocation, io: Io): Promise<number> {
  const faults = invocation.texts('fault');
  if (faults.includes('list')) {
    io.out(describeFaults());
    return exit.ok;
  }
  const unknown = faults.find((name) => !isFault(name));
  if (unknown !== undefined)
    throw badUsage(`llmdw demo knows no fault "${unknown}"`, 'Run "llmdw demo --fault list" for the names.');
  const kubeconfigPath = resolve(
    io.cwd,
    invocation.text('kubeconfig') ?? join(await mkdtemp(join(tmpdir(), 'llmdw-demo-')), 'kubeconfig'),
  );
  const state = invocation.text('state');
  const size = clusterSize(invocation);
  const cluster = await startDemoCluster({
    port: invocation.integer('port') ?? 0,
    kubeconfigPath,
    ...(state === undefined ? {} : { stateDir: resolve(io.cwd, state) }),
    speed: speed(invocation),
    faults,
    ...size,
    logger: stderrLogger(io),
    signal: io.signal,
  });
  const status = invocation.text('status');
  try {
    const tell = (): void =>
      io.out(`The demo cluster serves ${cluster.url}\n\nexport KUBECONFIG=${kubeconfigPath}\n\nCtrl-C stops it.\n`);
    await serve(cluster, status === undefined ? undefined : resolve(io.cwd, status), tell, io.signal);
  } finally {
    await cluster.stop();
  }
  io.out('The demo cluster has stopped.\n');
  return exit.ok;
}

function speed(invocation: Invocation): number {
  const text = invocation.text('speed');
  if (text === undefined) return 1;
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw badUsage(`llmdw demo: --speed takes a number above 0, not "${text}"`, 'Run "llmdw demo --help".');
  return value;
}

const mostNodes = 2000;
const mostChurn = 1000;

/** How many nodes there are, and how many pods of others on them. */
function clusterSize(invocation: Invocation): Pick<DemoClusterOptions, 'nodes' | 'crowd'> {
  const count = invocation.integer('nodes');
  const pods = invocation.integer('pods') ?? 0;
  const rate = churn(invocation);
  if (count !== undefined && (count < 1 || count > mostNodes))
    throw badUsage(`llmdw demo: --nodes takes 1 to ${mostNodes}, not ${count}`, 'Run "llmdw demo --help".');
  const nodes = h200Nodes(count);
  if (pods > nodes.length * podsPerNode)
    throw badUsage(
      `llmdw demo: ${pods} pods do not fit ${nodes.length} nodes`,
      `Ask for at most ${podsPerNode} pods a node, or for more --nodes.`,
    );
  if (rate > 0 && pods === 0)
    throw badUsage('llmdw demo: --churn changes the pods that --pods asks for', 'Give --pods too.');
  if (pods > 0 && invocation.text('state') !== undefined)
    throw badUsage('llmdw demo: --pods cannot be kept by --state', 'Leave one of them out.');
  return { nodes, ...(pods === 0 ? {} : { crowd: { pods, churn: rate } }) };
}

/** Changes a second: `50/s` or `50`. */
function churn(invocation: Invocation): number {
  const text = invocation.text('churn');
  if (text === undefined) return 0;
  const value = Number(text.replace(/\/s$/, ''));
  if (!(value >= 0 && value <= mostChurn))
    throw badUsage(
      `llmdw demo: --churn takes a rate such as 50/s, at most ${mostChurn}/s, not "${text}"`,
      'Run "llmdw demo --help".',
    );
  return value;
}

/** Until it is interrupted, with its record where somebody wants to find it by one. */
async function serve(
  cluster: DemoCluster,
  status: string | undefined,
  tell: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { port, kubeconfigPath: kubeconfig, context, connection } = cluster;
  const record = JSON.stringify({ ...(await processes.self()), port, kubeconfig, context, connection });
  if (status !== undefined) await writePrivateFile(status, record);
  tell();
  await untilInterrupted(signal);
  if (status !== undefined) await removePrivateFile(status, record);
}

function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

function stderrLogger(io: Io): Logger {
  const debug = io.env['LLMDW_DEBUG'] !== undefined;
  const write = (level: string, message: string): void =>
    io.err(line`${new Date().toISOString()} ${level} ${redact(message)}`);
  return {
    debug: (message) => (debug ? write('debug', message) : undefined),
    info: (message) => (debug ? write('info', message) : undefined),
    warn: (message) => write('warn', message),
    error: (message, cause) => write('error', cause instanceof Error ? `${message}: ${cause.message}` : message),
  };
}
