import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { deploymentNameProblem } from '../../../src/deployment/name.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';

const longest = `a${'b'.repeat(28)}c`;

describe('the name of a deployment', () => {
  it('is at most 30 letters, digits and dashes, with a letter in front and no dash at the end', () => {
    for (const name of ['a', 'web', 'wide-ep-2', longest]) assert.equal(deploymentNameProblem(name), undefined, name);
    for (const name of ['', '-a', '1a', 'a-', 'Web', 'a_b', 'a.b', 'ä', 'a b', 'a\n', `${longest}d`])
      assert.match(deploymentNameProblem(name) ?? '', /^Use at most 30 /, JSON.stringify(name));
  });

  it('leaves room for what is made of it: names of Services, and of pods as hosts, have 63 characters', () => {
    const made = ['servers.yaml', 'routing.yaml'].flatMap((file) =>
      parseAllDocuments(readFileSync(join(import.meta.dirname, '../../fixtures/manifests', file), 'utf8')).flatMap(
        (document) => namesOf(document.toJS() as KubeObject),
      ),
    );
    assert.ok(made.length > 12);
    for (const name of made.map((each) => each.replace(/^web/, longest)))
      assert.ok(name.length <= 63, `${name} has ${name.length}`);
  });
});

/** An object's name, and what its controller makes of it. */
function namesOf({ kind, metadata: { name } }: KubeObject): readonly string[] {
  switch (kind) {
    case 'LeaderWorkerSet':
      // A worker of the hundredth group, and the revision of its StatefulSet, which is a label.
      return [name, `${name}-99-15`, `${name}-99-0123456789`];
    case 'Gateway':
      return [name, `${name}-istio`];
    case 'Deployment':
      return [name, `${name}-0123456789-01234`];
    default:
      return [name];
  }
}
