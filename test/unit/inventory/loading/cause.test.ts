import assert from 'node:assert/strict';
import { firstCause } from '../../../../src/inventory/loading/cause.ts';
import { evidenceText } from '../../../../src/inventory/loading/evidence-text.ts';
import { symptomOf } from '../../../../src/inventory/loading/failures.ts';
import { DemoPods } from '../../../support/demo-server.ts';
import { rankLog, record } from './lines.ts';

const oom = 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.';
const echo = 'RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}';

describe('symptoms in a line', () => {
  const roots: readonly (readonly [line: string, title: RegExp])[] = [
    [oom, /CUDA out of memory/],
    [
      'ValueError: Free memory on device (3.1/79.2 GiB) on startup is less than desired GPU memory utilization',
      /already in use/,
    ],
    ['ValueError: No available memory for the cache blocks.', /KV cache/],
    [
      "ValueError: To serve at least one request with the model's max seq len (163840), (10.50 GiB KV cache is needed",
      /--max-model-len 163840/,
    ],
    ["To serve at least one request with the models's max seq len (4096), (1.00 GiB", /4096/],
    ['huggingface_hub.errors.GatedRepoError: 403 Client Error.', /not accessible/],
    ['nvshmem/src/host/transport.cpp: init failed for remote transport: ibrc', /NVSHMEM/],
    [
      'd-0:71:99 [0] NCCL WARN Error: failed to extend /dev/shm/nccl-x to 33030532 bytes, error: No space left on device',
      /dev.shm/,
    ],
    ['NCCL WARN Call to ibv_reg_mr failed with error Cannot allocate memory', /locked memory/],
    ['torch.AcceleratorError: CUDA error: an illegal memory access was encountered', /illegal memory/],
    ['NVRM: Xid (PCI:0000:5d:00): 79, GPU has fallen off the bus.', /hardware/],
    ['OSError: [Errno 98] Address already in use', /port/],
    ['Total number of attention heads (25) must be divisible by tensor parallel size (4).', /parallel sizes/],
    ['Worker proc VllmWorker-0 died unexpectedly (exit code -9), shutting down executor.', /killed/],
  ];
  for (const [line, title] of roots) {
    it(`root: ${line.slice(0, 70)}`, () => {
      const found = symptomOf(line);
      assert.equal(found?.certainty, 'root');
      assert.match(found?.title ?? '', title);
      assert.ok((found?.hint.length ?? 0) > 20);
    });
  }

  for (const line of [
    echo,
    'vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue.',
    'DeepEP timeout check failed: rank = 8, thread = 0, value = 1024',
    '[rank3]:[E105] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=12, OpType=ALLREDUCE, x)',
    'RPC call to execute_model timed out.',
    'Worker proc VllmWorker-0 died unexpectedly, shutting down executor.',
  ]) {
    it(`echo: ${line.slice(0, 70)}`, () => assert.equal(symptomOf(line)?.certainty, 'echo'));
  }

  it('are none in the lines of a start-up that goes well', () => {
    for (const line of [
      'Available KV cache memory: 41.20 GiB',
      'Initializing NIXL wrapper',
      "Using cache directory: /x for vLLM's torch.compile",
    ])
      assert.equal(symptomOf(line), undefined, line);
  });
});

describe('the first cause of a group', () => {
  it('is the earliest root over all pods, before any echo however early', () => {
    const cause = firstCause([
      rankLog(
        'd-0',
        0,
        ['(EngineCore_DP0 pid=1) DeepEP timeout check failed: rank = 0', record('APIServer', echo, 'ERROR')],
        0,
      ),
      rankLog('d-0-1', 1, [record('EngineCore_DP8', oom, 'ERROR')], 30),
      rankLog('d-0-2', 2, [record('EngineCore_DP16', oom, 'ERROR')], 20),
    ]);
    assert.deepEqual(
      [cause?.title, cause?.certainty, cause?.pod, cause?.rank, cause?.process],
      ['CUDA out of memory', 'root', 'd-0-2', 2, 'EngineCore_DP16'],
    );
  });

  it("is the worker's word before its engine's and the server's", () => {
    const cause = firstCause([
      rankLog('d-0', 0, [
        record('APIServer', 'OSError: [Errno 98] Address already in use', 'ERROR'),
        record('EngineCore_DP0', oom, 'ERROR'),
        record('Worker_DP0_TP1', 'CUDA error: an illegal memory access was encountered', 'ERROR'),
      ]),
    ]);
    assert.deepEqual([cause?.process, cause?.title], ['Worker_DP0_TP1', 'CUDA illegal memory access']);
  });

  it('is the exception under the first traceback where no rule knows it', () => {
    const cause = firstCause([
      rankLog('d-0', 0, [
        record('Worker_TP0', 'WorkerProc failed to start.', 'ERROR'),
        record('Worker_TP0', 'Traceback (most recent call last):', 'ERROR'),
        record('Worker_TP0', 'KeyError: intermediate', 'ERROR'),
        record('Worker_TP0', 'ValueError: unknown layer model.layers.61', 'ERROR'),
        record('EngineCore_DP0', 'TypeError: of another process', 'ERROR'),
        record('APIServer', echo, 'ERROR'),
      ]),
    ]);
    assert.deepEqual([cause?.title, cause?.certainty], ['ValueError: unknown layer model.layers.61', 'root']);
  });

  it('is what Kubernetes says where the log just stops', () => {
    const cause = firstCause([
      {
        ...rankLog('d-0', 0, [record('Worker', 'Starting to load model x...')]),
        exit: 'vllm: CrashLoopBackOff, OOMKilled (exit code 137)',
      },
    ]);
    assert.deepEqual([cause?.title, cause?.pod], ['OOMKilled', 'd-0']);
  });

  it('is only a sign where nothing but echoes can be read, and none where there is no failure', () => {
    assert.equal(firstCause([rankLog('d-0', 0, [record('APIServer', echo, 'ERROR')])])?.certainty, 'echo');
    assert.equal(firstCause([rankLog('d-0', 0, [record('Worker', 'Loading weights took 3.0 seconds')])]), undefined);
  });

  it('is found in what the demo writes when it runs out of memory', async () => {
    const pods = new DemoPods();
    try {
      const { container, exit } = pods.start({
        command: ['vllm', 'serve', 'Qwen/Qwen3-0.6B'],
        podIp: '10.0.0.5',
        speed: 200,
      });
      container.notes['demo.llm-d/fault'] = 'oom-while-loading';
      assert.equal(await exit, 1);
      const cause = firstCause([rankLog('d-0', 0, container.lines)]);
      assert.deepEqual(
        [cause?.title, cause?.certainty, cause?.process],
        ['CUDA out of memory', 'root', 'EngineCore_DP0'],
      );
    } finally {
      await pods.stop();
    }
  });
});

describe('the text of evidence', () => {
  const logs = [
    rankLog('d-0', 0, [
      record('APIServer', "non-default args: {'hf_token': 'hf_abcdefghijklmnop'}"),
      record('APIServer', echo, 'ERROR'),
    ]),
    rankLog('d-0-1', 1, [record('EngineCore_DP8', oom, 'ERROR')]),
  ];
  const text = evidenceText({ namespace: 'ns', pods: ['d-0'], at: 0, cause: firstCause(logs), logs, file: undefined });

  it('has cause, hint and place on top, then the log of the guilty pod first', () => {
    const lines = text.split('\n');
    assert.match(lines[1] ?? '', /First cause: CUDA out of memory/);
    assert.match(lines[2] ?? '', /--gpu-memory-utilization/);
    assert.match(lines[3] ?? '', /d-0-1, rank 1, EngineCore_DP8/);
    assert.ok(text.indexOf('==== d-0-1') < text.indexOf('==== d-0,'));
  });

  it('carries no token', () => assert.doesNotMatch(text, /abcdefghijklmnop/));
});
