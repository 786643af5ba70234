import assert from 'node:assert/strict';
import { systemClock } from '../../../src/base/clock.ts';
import { EXEC_OUTPUT } from '../../../src/kube/limits.ts';
import { RemoteListing } from '../../../src/traces/remote/list.ts';
import type { RemoteTraces } from '../../../src/traces/types.ts';
import { FakeTracePods } from '../../support/fake-trace-pods.ts';

describe('a pod that holds more files than anybody reads', () => {
  const unfinished = Buffer.from('{"traceEvents": [');

  function list(count: number, nameOf: (index: number) => string): Promise<RemoteTraces> {
    const pods = new FakeTracePods();
    for (let index = 0; index < count; index += 1)
      pods.add('p', `/traces/${nameOf(index)}.json`, unfinished, 1_700_000_000 + index);
    return new RemoteListing(systemClock).list(pods.client(), ['p'], new AbortController().signal);
  }

  it('is listed with the newest ones, and says how many there are', async () => {
    const { traces, errors } = await list(1234, (index) => `t${index}`);
    assert.equal(traces.length, 1000);
    assert.equal(Math.min(...traces.map(({ modified }) => modified)), 1_700_000_000 + 234);
    assert.deepEqual(
      errors.map(({ pod, message }) => [pod, message]),
      [['p', 'not all traces in pod "p" (test/team) are listed: only the newest 1000 of 1234']],
    );
  });

  it('is not listed beyond a limit of bytes, and of what was cut off no half a name stays', async () => {
    const name = 'n'.repeat(2000);
    const { traces, errors } = await list(5000, (index) => `${name}${index}`);
    assert.ok(EXEC_OUTPUT.bytes < 5000 * 2000);
    assert.equal(traces.length, 1000);
    assert.ok(traces.every(({ path }) => path.endsWith('.json') && path.length > 2000));
    assert.match(errors[0]?.message ?? '', /not all traces in pod "p" .* its folder holds more names than 8 MiB/);
  });
});
