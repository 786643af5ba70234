import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { errorText } from '../../src/base/errors.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import { Pods } from '../../src/kube/resources.ts';
import { failure, Lab, namespace, patience } from '../support/faults-lab.ts';

describe('the kubeconfig and its contexts', () => {
  let lab: Lab;

  before(async () => {
    lab = await Lab.start();
  });
  after(() => lab.stop());

  it('says where it looked when there is no kubeconfig', async () => {
    const kubeconfig = `${lab.cluster.kubeconfigPath}-of-nobody`;
    const window = lab.window({ kubeconfig });
    assert.equal(await window.contexts.current(), undefined);
    await failure(window.contexts.list(), 'kubeconfig-missing', kubeconfig);
    await failure(window.inventory.whenComplete(patience()), 'kubeconfig-missing', kubeconfig);
  });

  it('names a kubeconfig that may not be read', async () => {
    const kubeconfig = await lab.file('locked', 'kind: Config\n');
    await chmod(kubeconfig, 0);
    const error = await asOrdinaryUser(() =>
      failure(lab.window({ kubeconfig }).contexts.list(), 'kubeconfig-invalid', kubeconfig),
    );
    assert.match(error.message, /EACCES|permission denied/);
  });

  it('names a kubeconfig that is not YAML, and quotes nothing of it', async () => {
    const kubeconfig = await lab.file('broken', 'users:\n- name: me\n  user: {token: "very-secret\n');
    const error = await failure(
      lab.window({ kubeconfig }).contexts.current(),
      'kubeconfig-invalid',
      kubeconfig,
      'YAML',
    );
    assert.doesNotMatch(`${error.message} ${error.hint} ${errorText(error.cause)}`, /very-secret/);
  });

  it('names a kubeconfig that is YAML of another kind', async () => {
    const kubeconfig = await lab.file('list', '- one\n- two\n');
    await failure(lab.window({ kubeconfig }).contexts.list(), 'kubeconfig-invalid', kubeconfig);
  });

  it('reads the file again as soon as it was mended', async () => {
    const kubeconfig = await lab.file('mended', 'clusters: [');
    const window = lab.window({ kubeconfig });
    await failure(window.contexts.list(), 'kubeconfig-invalid', kubeconfig);
    await lab.file('mended', config(lab.cluster.url));
    await window.contexts.reload();
    assert.deepEqual(
      (await window.contexts.list()).map((context) => context.name),
      ['other'],
    );
  });

  describe('a dead context beside a live one', () => {
    let hole: Server;
    const held = new Set<Socket>();
    let refusing: number;

    before(async () => {
      // Takes connections and never answers: a proxy or load balancer without a server behind it.
      hole = createServer((socket) => held.add(socket.on('error', () => undefined)));
      await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve));
      const gone = createServer();
      await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
      refusing = (gone.address() as AddressInfo).port;
      await new Promise((resolve) => gone.close(resolve));
    });
    after(async () => {
      for (const socket of held) socket.destroy();
      await new Promise((resolve) => hole.close(resolve));
    });

    it('names the server that refuses', async () => {
      const server = `https://127.0.0.1:${refusing}`;
      const window = lab.window({ kubeconfig: await lab.file('refusing', config(server)) });
      const error = await failure(window.inventory.whenComplete(patience()), 'cluster-unreachable', 'other');
      assert.ok(error.hint?.includes(server));
    });

    it('waits for a server that never answers no longer than its limit, and delays nobody', async () => {
      const server = `https://127.0.0.1:${(hole.address() as AddressInfo).port}`;
      const window = lab.window({
        kubeconfig: [await lab.file('hole', config(server)), lab.cluster.kubeconfigPath].join(':'),
      });
      const dead = await window.contexts.select('other', namespace);
      const order: string[] = [];
      const client = await window.contexts.client(dead);
      const waiting = failure(client.list(Pods, { namespace, signal: patience() }), 'timeout', 'other', namespace).then(
        (error) => {
          order.push('dead');
          return error;
        },
      );
      const live = await window.contexts.select(demoContext);
      const snapshot = await window.inventory.whenComplete(patience());
      order.push('live');
      assert.equal(snapshot.cluster.context, live.context);
      assert.ok((await waiting).hint?.includes(server));
      assert.deepEqual(order, ['live', 'dead']);
    });
  });
});

function config(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'other',
    clusters: [{ name: 'other', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'other', user: { token: 'none' } }],
    contexts: [{ name: 'other', context: { cluster: 'other', user: 'other', namespace } }],
  });
}

/** The administrator of a machine may read every file: for the call this process is nobody. */
async function asOrdinaryUser<T>(act: () => Promise<T>): Promise<T> {
  const { geteuid, seteuid } = process;
  if (geteuid === undefined || seteuid === undefined || geteuid() !== 0) return act();
  seteuid(65_534);
  try {
    return await act();
  } finally {
    seteuid(0);
  }
}
