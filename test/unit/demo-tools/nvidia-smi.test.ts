import assert from 'node:assert/strict';
import { InMemoryFs } from 'just-bash';
import { commands } from '../../../src/demo/programs/tools/index.ts';
import { nvidiaSmiCommand } from '../../../src/demo/programs/tools/small/nvidia-smi.ts';
import { DemoPods } from '../../support/demo-server.ts';
import { fakeContainer, type FakeContainer } from '../../support/fake-pod-network.ts';
import { runTool } from '../../support/shell-io.ts';

describe('nvidia-smi', () => {
  const pods = new DemoPods();
  after(() => pods.stop());

  const withGpus = (gpus: number, podIp: string): FakeContainer => {
    const container = fakeContainer({ network: pods.network, fs: new InMemoryFs(), command: [], podIp });
    const limits = gpus === 0 ? {} : { 'nvidia.com/gpu': String(gpus) };
    return { ...container, pod: { ...container.pod, spec: { containers: [{ name: 'vllm', resources: { limits } }] } } };
  };

  it('fails where the container has no GPU', async () => {
    const run = await runTool(nvidiaSmiCommand, [], withGpus(0, '10.0.0.9'));
    assert.equal(run.code, 9);
    assert.match(run.stdout, /couldn't communicate with the NVIDIA driver/);
  });

  it('shows idle GPUs before a model is loaded and their memory after', async () => {
    const query = ['--query-gpu=index,name,memory.used,memory.total', '--format=csv'];
    const idle = await runTool(nvidiaSmiCommand, query, withGpus(2, '10.0.0.5'));
    assert.equal(
      idle.stdout,
      'index, name, memory.used [MiB], memory.total [MiB]\n0, NVIDIA H200, 4 MiB, 143771 MiB\n1, NVIDIA H200, 4 MiB, 143771 MiB\n',
    );
    pods.start({
      command: ['vllm', 'serve', 'Qwen/Qwen3-0.6B', '--tensor-parallel-size', '2', '--gpu-memory-utilization', '0.5'],
      podIp: '10.0.0.5',
    });
    await pods.listening('10.0.0.5', 8000);
    const loaded = await runTool(
      nvidiaSmiCommand,
      ['--query-gpu=memory.used', '--format=csv,noheader,nounits'],
      withGpus(2, '10.0.0.5'),
    );
    assert.equal(loaded.stdout, '71886\n71886\n');
  });

  it('draws a table of even lines', async () => {
    const { stdout } = await runTool(nvidiaSmiCommand, [], withGpus(8, '10.0.0.7'));
    const lines = stdout.trimEnd().split('\n').slice(1);
    assert.deepEqual([...new Set(lines.map((line) => line.length))], [91]);
    assert.equal(lines.filter((line) => line.includes('NVIDIA H200')).length, 8);
  });

  it('refuses fields that it does not know', async () => {
    assert.equal(
      (await runTool(nvidiaSmiCommand, ['--query-gpu=color', '--format=csv'], withGpus(1, '10.0.0.7'))).code,
      2,
    );
  });
});

describe('commands of the demo containers', () => {
  it('have distinct names', () => {
    const names = commands().map((command) => command.name);
    assert.deepEqual(names.toSorted(), ['curl', 'guidellm', 'just', 'lm_eval', 'nvidia-smi', 'python3', 'vllm']);
  });
});
