import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { disposable } from '../../../../src/base/disposables.ts';
import { WorkbenchError } from '../../../../src/base/errors.ts';
import { Emitter } from '../../../../src/base/events.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { MemoryStore } from '../../../../src/base/store.ts';
import { createLiveFigures } from '../../../../src/inventory/live/live-figures.ts';
import type { LiveFigures } from '../../../../src/inventory/live/types.ts';
import { projectPod } from '../../../../src/inventory/project.ts';
import type { Inventory, InventorySnapshot } from '../../../../src/inventory/types.ts';
import type { ClusterRef, KubeClient } from '../../../../src/kube/types.ts';
import type { Contexts } from '../../../../src/kube/login/types.ts';
import type { KubeRequest } from '../../../../src/kube/http/types.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { snapshotOf } from '../fixtures.ts';

const ONE: ClusterRef = { context: 'one', namespace: 'ns', server: 'https://one.invalid' };
const TWO: ClusterRef = { context: 'two', namespace: 'ns', server: 'https://two.invalid' };

const server = projectPod({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'decode-0',
    namespace: 'ns',
    uid: 'u',
    labels: { 'llm-d.ai/owner': 'me', 'llm-d.ai/role': 'decode', 'llm-d.ai/inferenceServing': 'true' },
  },
  spec: { containers: [{ name: 'vllm', image: 'i', command: ['vllm', 'serve', 'm', '--port', '8200'] }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
});

/** The service on a cluster whose answers the test decides. */
class Lab {
  readonly clock = new ManualClock();
  readonly asked: string[] = [];
  readonly changed = new Emitter<ClusterRef | undefined>();
  settings = { enabled: true, intervalMs: 5000 };
  cluster = ONE;
  inventoryLeases = 0;
  open = 0;
  tokens = 0;
  allowed = true;
  answers = true;
  readonly live: LiveFigures;

  constructor() {
    const inventory = {
      lease: () => {
        this.inventoryLeases += 1;
        return disposable(() => {
          this.inventoryLeases -= 1;
        });
      },
      whenComplete: (): Promise<InventorySnapshot> =>
        Promise.resolve(snapshotOf([], [server], { cluster: this.cluster })),
    } as Partial<Inventory> as Inventory;
    const contexts = {
      onDidChange: this.changed.event,
      client: (cluster: ClusterRef) => Promise.resolve(this.#client(cluster)),
    } as Partial<Contexts> as Contexts;
    this.live = createLiveFigures({
      inventory,
      contexts,
      owner: 'me',
      settings: () => this.settings,
      store: new MemoryStore(),
      clock: this.clock,
      logger: silentLogger,
    });
  }

  #client(cluster: ClusterRef): KubeClient {
    return {
      cluster,
      allowed: () => Promise.resolve(this.allowed),
      portForward: () => Promise.reject(new WorkbenchError({ code: 'not-found', message: 'no pod' })),
      stream: async ({ path, signal }: KubeRequest) => {
        this.asked.push(`${cluster.context}${path}`);
        this.open += 1;
        try {
          if (!this.answers)
            await new Promise((_, reject) =>
              signal.addEventListener('abort', () => reject(new Error('cut')), { once: true }),
            );
          return {
            status: 200,
            headers: {},
            body: Readable.from([
              `vllm:generation_tokens_total{engine="0"} ${this.tokens}\nvllm:num_requests_running{engine="0"} 1\n`,
            ]),
          };
        } finally {
          this.open -= 1;
        }
      },
    } as Partial<KubeClient> as KubeClient;
  }

  /** Lets what is under way come to its next timer. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < 50; turns += 1) await turn();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }
}

describe('live figures', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab();
  });
  afterEach(() => lab.live.dispose());

  const kind = (): string => lab.live.snapshot.state.kind;
  const rounds = (): number => lab.live.chart('rank').times.length;

  it('ask nothing until somebody looks, then every few seconds, a little uneven', async () => {
    await lab.pass(60_000);
    assert.deepEqual([kind(), lab.asked.length, lab.clock.waiting, lab.inventoryLeases], ['idle', 0, 0, 0]);
    const lease = lab.live.lease();
    assert.equal(kind(), 'starting');
    await lab.settle();
    assert.deepEqual(lab.live.snapshot.state, { kind: 'running', targets: 1, answered: 1 });
    for (let round = 0; round < 20; round += 1) {
      lab.tokens += 500;
      await lab.pass(5250);
    }
    assert.equal(rounds(), 21);
    const rate = lab.live.snapshot.pods.get('ns/decode-0')?.ranks[0]?.generationRate ?? NaN;
    assert.ok(Math.abs(rate - 500 / 5.25) < 1e-9, `${rate}`);
    lease.dispose();
  });

  it('leave no timer, no request and no lease when the last one looks away, in the middle of a request too', async () => {
    const leases = [lab.live.lease(), lab.live.lease()];
    await lab.settle();
    leases[0]?.dispose();
    assert.equal(kind(), 'running');
    lab.answers = false;
    await lab.pass(5250);
    assert.equal(lab.open, 1);
    leases[1]?.dispose();
    await lab.settle();
    assert.deepEqual([kind(), lab.open, lab.clock.waiting, lab.inventoryLeases], ['idle', 0, 0, 0]);
    assert.equal(rounds(), 1, 'what was known stays for the next look');
  });

  it('are switched off and on by the setting, and kept until its rounds change', async () => {
    const lease = lab.live.lease();
    await lab.settle();
    lab.settings = { ...lab.settings, enabled: false };
    lab.live.reconfigure();
    await lab.settle();
    assert.deepEqual([kind(), lab.clock.waiting, lab.inventoryLeases], ['off', 0, 0]);
    lab.settings = { ...lab.settings, enabled: true };
    lab.live.reconfigure();
    await lab.settle();
    assert.deepEqual([kind(), rounds()], ['running', 2]);
    lab.settings = { ...lab.settings, intervalMs: 1000 };
    lab.live.reconfigure();
    await lab.settle();
    assert.equal(rounds(), 1);
    lease.dispose();
  });

  it('stop at once when another cluster is chosen, and begin anew there', async () => {
    const lease = lab.live.lease();
    await lab.settle();
    lab.answers = false;
    await lab.pass(5250);
    assert.equal(lab.open, 1);
    lab.cluster = TWO;
    lab.answers = true;
    lab.changed.fire(TWO);
    assert.deepEqual([kind(), lab.live.snapshot.pods.size], ['starting', 0]);
    await lab.settle();
    assert.deepEqual([lab.open, kind(), rounds()], [0, 'running', 1]);
    assert.match(lab.asked.at(-1) ?? '', /^two\/api\/v1\/namespaces\/ns\/pods\/decode-0%3A8200\/proxy\/metrics$/);
    lease.dispose();
  });

  it('say why nothing can be asked, and try again by themselves', async () => {
    lab.allowed = false;
    const lease = lab.live.lease();
    await lab.settle();
    const { state } = lab.live.snapshot;
    assert.ok(state.kind === 'failed' && state.error.code === 'forbidden');
    lab.allowed = true;
    await lab.pass(10_000);
    assert.equal(kind(), 'running');
    lease.dispose();
  });
});
