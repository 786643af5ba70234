import assert from 'node:assert/strict';
import type { DeployPlan, PlannedObject } from '../../../src/deployment/types.ts';
import { plannedWords, planSummary } from '../../../src/host/commands/plan-words.ts';
import { planYaml } from '../../../src/host/plan-yaml.ts';

const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'wide-ep-epp' } };
const hers: PlannedObject = {
  action: 'conflict',
  object,
  live: object,
  dryRun: undefined,
  conflict: 'belongs to alice',
};
const fresh: PlannedObject = { action: 'create', object, live: undefined, dryRun: object, conflict: undefined };

describe('the preview of a deployment', () => {
  it('says of each object what would happen to it, and whose it is', () => {
    assert.deepEqual(
      [hers, fresh].map((planned) => plannedWords(planned)),
      [
        { icon: 'warning', label: 'Service wide-ep-epp', description: 'conflict: belongs to alice' },
        { icon: 'diff-added', label: 'Service wide-ep-epp', description: 'create' },
      ],
    );
  });

  it('counts what would happen', () => {
    assert.equal(planSummary({ objects: [hers, fresh, fresh] } as unknown as DeployPlan), '2 create, 1 conflict');
  });

  it('says the same in the plan that is saved as YAML', () => {
    assert.match(
      planYaml([fresh, hers]),
      /^# create\napiVersion: v1\n[^]*---\n# conflict: belongs to alice\napiVersion: v1\n/,
    );
  });
});
