import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Bench, helms } from './support.ts';

const chart = fileURLToPath(new URL('../fixtures/charts/inference-smoke', import.meta.url));

for (const tool of helms) {
  describe(`${tool} against the demo cluster`, function clients() {
    this.timeout(60_000);
    let bench: Bench;
    before(async () => {
      bench = await Bench.start(tool);
    });
    after(async () => {
      await bench.stop();
      assert.deepEqual(bench.failures, []);
    });

    const deployment = () => {
      const { api } = bench.cluster.server;
      return api.get(api.resource('apps', 'deployments'), 'llm-d', 'smoke') as
        | { spec: { replicas: number }; status?: { readyReplicas?: number } }
        | undefined;
    };

    it('installs a chart and waits for it', async () => {
      const output = await bench.ok(['install', 'smoke', chart, '--wait', '--timeout', '25s']);
      assert.match(output, /^STATUS: deployed$/m);
      assert.equal(deployment()?.status?.readyReplicas, 1);
    });

    it('refuses a second release of the name', async () => {
      const { code, stderr } = await bench.run(['install', 'smoke', chart]);
      assert.equal(code, 1);
      assert.match(stderr, /cannot re-?use a name that is still in use/);
    });

    it('lists and describes the release', async () => {
      const [release] = JSON.parse(await bench.ok(['list', '-o', 'json']));
      assert.deepEqual(
        [release.name, release.namespace, release.revision, release.status, release.chart],
        ['smoke', 'llm-d', '1', 'deployed', 'inference-smoke-0.1.0'],
      );
      const status = JSON.parse(await bench.ok(['status', 'smoke', '-o', 'json']));
      assert.equal(status.info.status, 'deployed');
      assert.match(await bench.ok(['get', 'manifest', 'smoke']), /kind: Deployment/);
    });

    it('upgrades it', async () => {
      await bench.ok(['upgrade', 'smoke', chart, '--set', 'replicas=2,message=changed', '--wait', '--timeout', '25s']);
      assert.equal(deployment()?.spec.replicas, 2);
      assert.equal(deployment()?.status?.readyReplicas, 2);
      const { api } = bench.cluster.server;
      assert.deepEqual(api.get(api.resource('', 'configmaps'), 'llm-d', 'smoke-config')?.['data'], {
        message: 'changed',
      });
      assert.equal(JSON.parse(await bench.ok(['history', 'smoke', '-o', 'json'])).length, 2);
    });

    it('rolls it back', async () => {
      await bench.ok(['rollback', 'smoke', '1', '--wait', '--timeout', '25s']);
      assert.equal(deployment()?.spec.replicas, 1);
    });

    it('uninstalls it with all that it made', async () => {
      assert.match(await bench.ok(['uninstall', 'smoke', '--wait', '--timeout', '25s']), /release "smoke" uninstalled/);
      assert.equal(deployment(), undefined);
      assert.deepEqual(JSON.parse(await bench.ok(['list', '-o', 'json'])), []);
    });
  });
}
