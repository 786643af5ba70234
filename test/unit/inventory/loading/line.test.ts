import assert from 'node:assert/strict';
import { dataParallelRank, parseServerLine, processOf } from '../../../../src/inventory/loading/line.ts';

describe('a line of a model server', () => {
  const cases: readonly (readonly [
    what: string,
    text: string,
    process: string | undefined,
    rank: number | undefined,
    message: string,
  ])[] = [
    [
      'a record',
      '(EngineCore_DP3 pid=412) INFO 01-05 10:00:00 [core.py:77] GPU KV cache size: 1,024 tokens',
      'EngineCore_DP3',
      3,
      'GPU KV cache size: 1,024 tokens',
    ],
    [
      'a nested prefix of 0.10',
      '(EngineCore_1 pid=12) (VllmWorker rank=0 pid=13) INFO 01-05 10:00:00 [a.py:1] Loading weights took 3.20 seconds',
      'VllmWorker rank=0',
      1,
      'Loading weights took 3.20 seconds',
    ],
    [
      'colours',
      '\u001B[1;36m(Worker_DP2_EP2 pid=9)\u001B[0;0m INFO 01-05 10:00:00 [a.py:1] vLLM is using nccl==2.27.3',
      'Worker_DP2_EP2',
      2,
      'vLLM is using nccl==2.27.3',
    ],
    [
      'the last piece of a bar',
      '(Worker_TP0 pid=9) \rCapturing CUDA graphs:   0%|   | 0/67 [00:00<?]\rCapturing CUDA graphs:  40%|## | 27/67 [00:02<00:03]',
      'Worker_TP0',
      undefined,
      'Capturing CUDA graphs:  40%|## | 27/67 [00:02<00:03]',
    ],
    [
      'no prefix from 0.31 on',
      'INFO:     Application startup complete.\r',
      undefined,
      undefined,
      'INFO:     Application startup complete.',
    ],
    ['an unknown line', 'something else', undefined, undefined, 'something else'],
  ];
  for (const [what, text, process, rank, message] of cases) {
    it(`is read: ${what}`, () => {
      const line = parseServerLine(text);
      assert.deepEqual([processOf(line), dataParallelRank(line), line.message], [process, rank, message]);
    });
  }
});
