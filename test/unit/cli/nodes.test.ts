import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/base/logger.ts';
import { main } from '../../../src/cli/main.ts';
import { startDemoCluster } from '../../../src/demo/cluster.ts';

interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('llmdw nodes and llmdw pods --write-decode-pods, on a demo cluster', () => {
  let folder: string;
  let kubeconfig: string;
  let stop: () => Promise<void>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-cli-nodes-'));
    kubeconfig = join(folder, 'kubeconfig');
    const cluster = await startDemoCluster({
      port: 0,
      kubeconfigPath: kubeconfig,
      speed: 10,
      faults: [],
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    stop = () => cluster.stop();
  });

  after(async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function llmdw(...args: readonly string[]): Promise<Printed> {
    let out = '';
    let err = '';
    const code = await main([...args, '--kubeconfig', kubeconfig], {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      env: {},
      cwd: folder,
      signal: AbortSignal.timeout(30_000),
    });
    return { code, out, err };
  }

  it('prints the columns of the former table and the GPUs, a line a node', async () => {
    const { code, out } = await llmdw('nodes');
    const [header = '', ...lines] = out.trimEnd().split('\n');
    assert.equal(code, 0);
    assert.match(
      header,
      /^NAME +GPU +FREE +USED +GPUS +HELD BY +IP +TYPE +LINK +READY +CORDON +INTERRUPTABLE +RELIABILITY +LEAFGROUP +VERSION +IB +STATE +RESERVED$/,
    );
    assert.equal(lines.length, 4);
  });

  it('narrows, sorts, and takes any label as a column', async () => {
    const { out } = await llmdw(
      'nodes',
      '--csv',
      '--columns',
      'cordon,topology.kubernetes.io/zone,ip',
      '--filter=-cordon:yes',
      '--sort',
      'ip',
      '--descending',
    );
    assert.equal(
      out,
      'Cordon,zone,IP\r\nno,DEMO-EAST-01A,10.0.2.10\r\nno,DEMO-EAST-01A,10.0.1.11\r\nno,DEMO-EAST-01A,10.0.1.10\r\n',
    );
  });

  it('answers JSON with what its columns mean', async () => {
    const { out } = await llmdw(
      'nodes',
      '--json',
      '--columns',
      'free,label:kubernetes.io/arch',
      '--filter',
      'cordon:yes',
    );
    const { columns, nodes, warnings } = JSON.parse(out) as {
      columns: { id: string; meaning: string }[];
      nodes: unknown[];
      warnings: unknown[];
    };
    assert.deepEqual(
      columns.map(({ id }) => id),
      ['free', 'label:kubernetes.io/arch'],
    );
    assert.deepEqual(nodes, [{ free: 8, 'label:kubernetes.io/arch': 'amd64' }]);
    assert.deepEqual(warnings, []);
  });

  it('names the columns that there are when one is asked for that is none', async () => {
    const { code, err } = await llmdw('nodes', '--columns', 'name,colour');
    assert.equal(code, 2);
    assert.match(err, /there is no column "colour"\nhint: Columns: name, product, free/);
    assert.equal((await llmdw('nodes', '--sort', 'colour')).code, 2);
  });

  it('writes decode_pods.txt into the folder where it is asked to', async () => {
    const { code, err } = await llmdw('pods', '--write-decode-pods');
    assert.equal(code, 0);
    assert.match(err, /decode_pods\.txt names 0 decode pods of llm-d-demo\//);
    assert.equal(await readFile(join(folder, '.tmp', 'decode_pods.txt'), 'utf8'), '');
  });
});
