import assert from 'node:assert/strict';
import { isWorkbenchError, WorkbenchError } from '../../../src/base/errors.ts';
import { permitted } from '../../../src/host/commands/permitted.ts';
import type { AccessNeed } from '../../../src/kube/access/types.ts';
import type { ClusterRef, KubeClient } from '../../../src/kube/types.ts';
import type { Contexts } from '../../../src/kube/login/types.ts';

const cluster: ClusterRef = { context: 'lab', namespace: 'team', server: 'https://lab.invalid' };

describe('a command that a cluster may refuse', () => {
  const noted: string[] = [];
  const errors = { note: (error: unknown, doing: string): void => void noted.push(`${doing}: ${String(error)}`) };
  const asked: string[] = [];

  beforeEach(() => {
    noted.length = 0;
    asked.length = 0;
  });

  function contexts(
    missing: (needs: readonly AccessNeed[], namespace: string) => Promise<readonly AccessNeed[]>,
  ): Contexts {
    const client = {
      cluster,
      missing: (needs: readonly AccessNeed[], namespace: string) => {
        asked.push(namespace);
        return missing(needs, namespace);
      },
    } as unknown as KubeClient;
    return { client: () => Promise.resolve(client) } as unknown as Contexts;
  }

  it('is not begun when verbs are missing, and says where', async () => {
    const refused = permitted(
      contexts((needs) => Promise.resolve(needs.slice(0, 1))),
      errors,
      cluster,
      { id: 'llmd.stopPoker', doing: 'stop the poker pod' },
      'other',
    );
    await assert.rejects(
      refused,
      (error) =>
        isWorkbenchError(error, 'forbidden') &&
        error.message === 'cannot stop the poker pod: you may not get pods in namespace "other" (context "lab")',
    );
    assert.deepEqual(asked, ['other']);
  });

  it('goes on where everything is granted', async () => {
    await permitted(
      contexts(() => Promise.resolve([])),
      errors,
      cluster,
      { id: 'llmd.deploy', doing: 'deploy' },
      'team',
    );
    assert.deepEqual(noted, []);
  });

  it('goes on where the cluster cannot be asked: it judges the command itself', async () => {
    const dead = new WorkbenchError({ code: 'cluster-unreachable', message: 'nobody there' });
    await permitted(
      contexts(() => Promise.reject(dead)),
      errors,
      cluster,
      { id: 'llmd.deploy', doing: 'deploy' },
      'team',
    );
    await permitted(
      { client: () => Promise.reject(dead) } as unknown as Contexts,
      errors,
      cluster,
      { id: 'llmd.deploy', doing: 'deploy' },
      'team',
    );
    assert.equal(noted.length, 2);
  });
});
