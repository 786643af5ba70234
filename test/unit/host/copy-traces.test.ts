// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import type { LongCall } from '../../../src/deployment/types.ts';
import type { ClusterRef } from '../../../src/kube/types.ts';
import type { RemoteTrace } from '../../../src/traces/types.ts';

const cluster = (context: string): ClusterRef => ({ context, namespace: 'llm-d', server: 'https://10.0.0.1:6443' });

describe('Copy Traces', () => {
  it('copies what the cluster holds on which it was called, whichever is chosen meanwhile', async () => {
    const { DEFINITIONS } = await import('../../../src/host/commands/definitions.ts');
    const tracesOf = ({ context }: ClusterRef): readonly Partial<RemoteTrace>[] => [
      { pod: `decode-0 of ${context}`, complete: true },
    ];
    const copied: string[] = [];
    let chosen = cluster('one');
    const host = {
      workbench: {
        workspace: '/w',
        contexts: { client: () => Promise.reject(new Error('nobody answers')) },
        traces: {
          remote: (where: ClusterRef) => Promise.resolve({ traces: tracesOf(where), errors: [] }),
          copy(where: ClusterRef, traces: readonly RemoteTrace[]) {
            copied.push(...traces.map(({ pod }) => `${pod}, from ${where.context}`));
            return Promise.resolve({ n: 1, copied: [], failed: [] });
          },
        },
      },
      session: {
        settled: () => Promise.resolve({ kind: 'ready', cluster: chosen }),
        get cluster() {
          return chosen;
        },
      },
      jobs: {
        run<T>(_title: string, work: (call: LongCall) => Promise<T>): Promise<T> {
          chosen = cluster('two');
          return work({ signal: new AbortController().signal, progress: () => {} });
        },
      },
      errors: { note: () => {} },
      trees: { traces: { update: () => {} } },
      offer: () => {},
    };
    await DEFINITIONS['llmd.copyTraces'].execute(host as never, undefined);
    assert.deepEqual(copied, ['decode-0 of one, from one']);
  });
});
