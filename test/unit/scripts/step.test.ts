import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { step } from '../../../scripts/lib/step.ts';

describe('a long step of a script', () => {
  const minuteMs = 60_000;
  let lines: string[];
  const print = (line: string): void => {
    lines.push(line);
  };

  beforeEach(() => {
    lines = [];
    mock.timers.enable({ apis: ['setInterval'] });
  });
  afterEach(() => mock.timers.reset());

  it('says each minute how long it takes and what it did last', async () => {
    const result = await step(
      'building',
      async (tell) => {
        mock.timers.tick(minuteMs);
        tell('package 1 of 9, k8s.io/api');
        tell('   ');
        mock.timers.tick(minuteMs);
        return 'built';
      },
      print,
    );
    assert.equal(result, 'built');
    assert.deepEqual(lines, ['building, 1 min', 'building, 2 min: package 1 of 9, k8s.io/api']);
  });

  it('is silent when it ended, also by an error', async () => {
    await assert.rejects(
      step('building', () => Promise.reject(new Error('no')), print),
      /no/,
    );
    mock.timers.tick(minuteMs);
    assert.deepEqual(lines, []);
  });
});
