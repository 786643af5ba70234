import assert from 'node:assert/strict';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { CrashWatch } from '../../../src/deployment/crashes.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';

const cluster = { context: 'lab', namespace: 'bench', server: 'https://lab' };

interface PodState {
  readonly uid?: string;
  readonly restarts?: number;
  readonly state?: Readonly<Record<string, unknown>>;
  readonly lastState?: Readonly<Record<string, unknown>>;
  readonly deleted?: boolean;
}

function pod({
  uid = 'a',
  restarts = 0,
  state = { running: {} },
  lastState = {},
  deleted = false,
}: PodState): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'decode-0', uid, ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    status: { containerStatuses: [{ name: 'vllm', restartCount: restarts, state, lastState }] },
  };
}

const crashed = { terminated: { reason: 'Error', exitCode: 1 } };
const backOff = { waiting: { reason: 'CrashLoopBackOff' } };

describe('the watch for crashes', () => {
  it('lets a container restart before it gives it up', () => {
    const watch = new CrashWatch(cluster);
    watch.judge([pod({ restarts: 2, state: backOff, lastState: crashed })]);
    assert.equal(
      watch.words(),
      'decode-0 crashed 2 times: container vllm of pod decode-0 ended with Error (exit code 1)',
    );
    assert.throws(
      () => watch.judge([pod({ restarts: 3, state: backOff, lastState: crashed })]),
      (error) =>
        isWorkbenchError(error, 'deployment-failed') &&
        error.message ===
          'pod decode-0, container vllm in lab/bench: CrashLoopBackOff after Error (exit code 1), 3 restarts' &&
        error.hint?.endsWith('logs decode-0 -c vllm --previous') === true,
    );
  });

  it('counts pods of one name that are made anew, and remembers how the earlier ones ended', () => {
    const watch = new CrashWatch(cluster);
    watch.judge([pod({ uid: 'a', state: crashed })]);
    watch.judge([pod({ uid: 'b' })]);
    watch.judge([pod({ uid: 'b' })]);
    watch.judge([pod({ uid: 'c' })]);
    assert.equal(
      watch.words(),
      'decode-0 was made anew 2 times: container vllm of pod decode-0 ended with Error (exit code 1)',
    );
    assert.throws(
      () => watch.judge([pod({ uid: 'd' })]),
      (error) =>
        isWorkbenchError(error, 'deployment-failed') &&
        error.message.includes(
          'lab/bench was made anew 3 times while it loaded: container vllm of pod decode-0 ended with Error (exit code 1)',
        ),
    );
  });

  it('says nothing of pods that load', () => {
    const watch = new CrashWatch(cluster);
    for (let look = 0; look < 10; look += 1) watch.judge([pod({})]);
    assert.equal(watch.words(), undefined);
  });

  it('does not take for a crash how a container ends because its pod is deleted', () => {
    const watch = new CrashWatch(cluster);
    watch.judge([pod({ deleted: true, state: { terminated: { reason: 'Error', exitCode: 143 } } })]);
    assert.equal(watch.words(), undefined);
  });

  it('does not take an init container that has done its work for a crash', () => {
    const watch = new CrashWatch(cluster);
    watch.judge([pod({ state: { terminated: { reason: 'Completed', exitCode: 0 } } })]);
    assert.equal(watch.words(), undefined);
  });
});
