import assert from 'node:assert/strict';
import { phaseText } from '../../../../src/inventory/loading/phase-text.ts';
import { PhaseReader } from '../../../../src/inventory/loading/phases.ts';
import type { PhaseName } from '../../../../src/inventory/loading/types.ts';
import { DemoPods } from '../../../support/demo-server.ts';
import { bar, read, record } from './lines.ts';

describe('phases of a start-up', () => {
  const lines: readonly (readonly [phase: PhaseName, text: string])[] = [
    ['starting', record('APIServer', 'vLLM API server version 0.10.0')],
    ['starting', record('APIServer', 'vLLM server version 0.28.0, serving model org/some-model')],
    ['distributed', record('APIServer', 'Launching vLLM DP Servers')],
    ['distributed', record('EngineCore_DP0', 'Waiting for READY message from DP Coordinator...')],
    [
      'distributed',
      record(
        'Worker_DP0_EP0',
        'rank 0 in world size 16 is assigned as DP rank 0, PP rank 0, PCP rank 0, TP rank 0, EP rank 0',
      ),
    ],
    ['distributed', record('Worker_DP0_EP0', 'Using DeepEPLL all2all manager.')],
    ['downloading', record('Worker_DP0_EP0', 'Starting to load model org/some-model...')],
    ['downloading', record('Worker_DP0_EP0', 'Loading model from scratch...')],
    ['weights', record('Worker_DP0_EP0', 'Time spent downloading weights for org/some-model: 312.410000 seconds')],
    ['weights', '(Worker pid=3) \rMulti-thread loading shards:  12% Completed | 19/163 [01:10<08:51,  3.69s/it]'],
    ['weights', record('VllmWorker rank=0', 'Model loading took 41.9 GiB and 97.300000 seconds')],
    ['compiling', record('EngineCore_DP0', "Using cache directory: /root/.cache/x for vLLM's torch.compile")],
    ['compiling', record('Worker', '[compile] Dynamo bytecode transform time: 8.20 s')],
    ['compiling', record('Worker', 'torch.compile and initial profiling took 22.10 s in total')],
    ['kv-cache', record('Worker', 'Available KV cache memory: 41.20 GiB')],
    ['kv-cache', record('EngineCore', 'GPU KV cache size: 1,203,456 tokens')],
    [
      'graphs',
      '(Worker pid=3) \rDeepGEMM warmup:   0%|          | 0/9 [00:00<?, ?it/s]\rDeepGEMM warmup:  44%|####      | 4/9 [00:04<00:05,  1.0it/s]',
    ],
    [
      'graphs',
      'Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  40%|####      | 27/67 [00:02<00:03, 12.1it/s]',
    ],
    ['graphs', record('Worker', 'Graph capturing finished in 12 secs, took 1.87 GiB')],
    ['serving', record('APIServer', 'Starting vLLM server on http://0.0.0.0:8200')],
    ['serving', '(APIServer pid=1) INFO:     Application startup complete.'],
  ];
  for (const [phase, text] of lines) {
    it(`${phase} is told by: ${text.slice(text.lastIndexOf(']') + 2).slice(0, 60) || text.slice(0, 60)}`, () =>
      assert.equal(read([text]).phase?.phase, phase));
  }

  it('do not change by what a server writes while it serves', () => {
    for (const text of ['Engine 000: Avg prompt throughput: 1.0 tokens/s', 'Route: /health, Methods: GET', ''])
      assert.equal(new PhaseReader().feed({ time: '', text }), false, text);
  });

  it('say the time left as the bar itself reckons it, and none where it does not know', () => {
    assert.equal(phaseText(read([bar('Worker_DP0', 61, '02:10')]).phase!), 'weights 61 % · ~2 min');
    assert.equal(phaseText(read([bar('Worker_DP0', 61, '1:02:10')]).phase!), 'weights 61 % · ~62 min');
    assert.equal(phaseText(read([bar('Worker_DP0', 1, '00:45')]).phase!), 'weights 1 % · ~45 s');
    assert.equal(phaseText(read([bar('Worker_DP0', 0, '?')]).phase!), 'weights 0 %');
  });

  it('are those of the slowest rank that speaks, whatever the silent ones wrote last', () => {
    const reader = read([
      record('EngineCore_DP0', 'Waiting for READY message from DP Coordinator...'),
      record('EngineCore_DP1', 'Waiting for READY message from DP Coordinator...'),
      record('EngineCore_DP2', 'Waiting for READY message from DP Coordinator...'),
      bar('Worker_DP0', 80, '00:10'),
      bar('Worker_DP1', 35, '00:50'),
    ]);
    assert.deepEqual([reader.phase?.phase, reader.phase?.percent], ['weights', 35]);
  });

  it('keep their beginning while a bar moves', () => {
    const reader = read([bar('Worker', 10, '01:00'), bar('Worker', 20, '00:50'), bar('Worker', 30, '00:40')]);
    assert.equal(reader.phase?.since, Date.parse('2026-01-05T10:00:00Z'));
  });

  it('do not go back to joining when an engine says so late', () => {
    assert.equal(
      read([bar('EngineCore_DP0', 10, '01:00'), record('EngineCore_DP0', 'vLLM is using nccl==2.27.3')]).phase?.phase,
      'weights',
    );
  });

  it('show silence between processes, but not where it is their way', () => {
    const silence = record(
      'EngineCore_DP0',
      'No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging.',
    );
    assert.equal(
      phaseText(read([bar('EngineCore_DP0', 50, '00:05'), silence, silence]).phase!),
      'weights 50 % · no word from a process for 2 min',
    );
    assert.equal(
      read([bar('EngineCore_DP0', 50, '00:05'), silence, bar('EngineCore_DP0', 51, '00:05')]).phase?.stalledSeconds,
      undefined,
    );
    assert.equal(
      phaseText(read([record('Worker', "Using cache directory: /x for vLLM's torch.compile"), silence]).phase!),
      'compiling',
    );
  });

  it('follow the demo from its first line to serving, in order', async () => {
    const pods = new DemoPods();
    try {
      const { container } = pods.start({
        command: ['vllm', 'serve', 'Qwen/Qwen3-0.6B', '--data-parallel-size', '2', '--enable-expert-parallel'],
        podIp: '10.0.0.5',
        speed: 200,
      });
      await pods.listening('10.0.0.5', 8000);
      const reader = new PhaseReader();
      const seen = new Set<string | undefined>();
      for (const text of container.lines) {
        reader.feed({ time: '2026-01-05T10:00:00Z', text });
        if (reader.phase) seen.add(reader.phase.phase);
      }
      assert.deepEqual(
        [...seen],
        ['starting', 'distributed', 'downloading', 'weights', 'compiling', 'kv-cache', 'graphs', 'serving'],
      );
    } finally {
      await pods.stop();
    }
  });
});
