import assert from 'node:assert/strict';
import { InMemoryFs } from 'just-bash';
import { lmEvalCommand } from '../../../src/demo/programs/tools/lm-eval/command.ts';
import { matches, score } from '../../../src/demo/programs/tools/lm-eval/scoring.ts';
import { DemoPods } from '../../support/demo-server.ts';
import { fakeContainer } from '../../support/fake-pod-network.ts';
import { runTool } from '../../support/shell-io.ts';

const MODEL = 'Qwen/Qwen3-0.6B';

describe('lm_eval', () => {
  let pods: DemoPods;
  before(async () => {
    pods = new DemoPods();
    pods.start({ command: ['vllm', 'serve', MODEL], podIp: '10.0.0.5' });
    await pods.listening('10.0.0.5', 8000);
  });
  after(() => pods.stop());

  it('asks the served model, scores its answers and saves the file', async () => {
    const fs = new InMemoryFs();
    const container = fakeContainer({ network: pods.network, fs, command: [] });
    const run = await runTool(
      lmEvalCommand,
      [
        '--model',
        'local-completions',
        '--model_args',
        `base_url=http://10.0.0.5:8000/v1/completions,model=${MODEL},num_concurrent=16`,
        '--tasks',
        'gsm8k',
        '--num_fewshot',
        '3',
        '--limit',
        '48',
        '--output_path',
        '/out',
      ],
      container,
    );
    assert.equal(run.code, 0, run.stderr);
    const path = fs.getAllPaths().find((each) => each.startsWith('/out/Qwen__Qwen3-0.6B/results_'));
    const saved = JSON.parse(await fs.readFile(path ?? '')) as {
      results: { gsm8k: Record<string, number> };
      'n-samples': { gsm8k: Record<string, number> };
    };
    assert.equal(saved['n-samples'].gsm8k['effective'], 48);
    const value = saved.results.gsm8k['exact_match,strict-match'] ?? -1;
    assert.ok(value > 0.5 && value < 1, `the demo's model is good but not perfect: ${value}`);
    assert.ok(
      Math.abs((saved.results.gsm8k['exact_match_stderr,strict-match'] ?? 0) - Math.sqrt((value * (1 - value)) / 47)) <
        1e-12,
    );
    assert.match(
      run.stdout,
      new RegExp(
        `\\|gsm8k *\\| +3\\|flexible-extract *\\| +3\\|exact_match\\|.*\\n\\| +\\| +\\|strict-match +\\| +3\\|exact_match\\|\u2191 +\\|${value.toFixed(4)}\\|`,
      ),
    );
  });

  it('fails with the connection error when nothing listens, and writes nothing', async () => {
    const fs = new InMemoryFs();
    const run = await runTool(
      lmEvalCommand,
      [
        '--model',
        'local-completions',
        '--model_args',
        `base_url=http://10.0.0.5:1/v1/completions,model=${MODEL}`,
        '--tasks',
        'gsm8k',
        '--output_path',
        '/out',
      ],
      fakeContainer({ network: pods.network, fs, command: [] }),
    );
    assert.equal(run.code, 1);
    assert.match(run.stderr, /ConnectionError: http:\/\/10\.0\.0\.5:1/);
    assert.equal(await fs.exists('/out'), false);
  });

  it('knows one task', async () => {
    const run = await runTool(
      lmEvalCommand,
      ['--model', 'local-completions', '--model_args', 'base_url=http://x', '--tasks', 'mmlu'],
      fakeContainer({ network: pods.network, fs: new InMemoryFs(), command: [] }),
    );
    assert.match(run.stderr, /Tasks not found: mmlu/);
  });
});

describe('lm_eval scoring', () => {
  it('forgives separators, signs and a final point', () => {
    assert.ok(matches('$1,200.', 1200));
    assert.equal(matches('1201', 1200), false);
    assert.equal(matches(undefined, 0), false);
  });
  it('has no standard error for one sample', () => {
    assert.deepEqual(score([true]), { value: 1, standardError: undefined });
  });
});
