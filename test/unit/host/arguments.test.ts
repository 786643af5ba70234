import assert from 'node:assert/strict';
import {
  deploymentName,
  fileOrFolder,
  podName,
  runIds,
  traceFile,
  tracesInPods,
} from '../../../src/host/commands/arguments.ts';
import type { Target } from '../../../src/host/trees/target.ts';
import type { RemoteTrace } from '../../../src/traces/types.ts';

const element = (target: Target): unknown => ({ id: 'x', row: { target } });
const run = (id: string): unknown => element({ kind: 'run', id, folder: `/w/results/${id}` });
const trace = (pod: string, path: string): RemoteTrace => ({ pod, path }) as RemoteTrace;
const pods = (...traces: readonly RemoteTrace[]): unknown => element({ kind: 'remote-traces', traces });

describe('what a command reads of what it is given', () => {
  it('is the row that was clicked', () => {
    assert.equal(deploymentName([element({ kind: 'deployment', namespace: 'n', name: 'wide' })]), 'wide');
    assert.equal(podName([element({ kind: 'pod', namespace: 'n', name: 'p' }), undefined])?.namespace, 'n');
  });

  it('is every row that is selected, where a command takes several', () => {
    assert.deepEqual(runIds([run('a'), [run('a'), run('b')]]), ['a', 'b']);
    assert.deepEqual(runIds([run('a')]), ['a']);
    const [one, two] = [trace('p', '/1'), trace('p', '/2')];
    assert.deepEqual(tracesInPods([pods(one), [pods(one, two), pods(two)]]), [one, two]);
  });

  it('is the one that was clicked, where it takes one', () => {
    assert.equal(fileOrFolder([run('a'), [run('b'), element({ kind: 'local-trace', path: '/t' })]]), '/w/results/a');
  });

  it("is a file of VS Code's explorer, on disk only", () => {
    assert.equal(traceFile([{ scheme: 'file', fsPath: '/t.json' }]), '/t.json');
    assert.equal(traceFile([{ scheme: 'untitled', fsPath: '/t.json' }]), undefined);
  });

  it('is nothing of another kind, and nothing that is no row', () => {
    for (const given of [[], [undefined], ['wide'], [null, []], [{ row: { target: 'x' } }], [run('a')]])
      assert.deepEqual([deploymentName(given), podName(given), tracesInPods(given)], [undefined, undefined, undefined]);
  });
});
