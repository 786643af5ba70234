import assert from 'node:assert/strict';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { annotations, labels, manager } from '../../../src/base/labels.ts';
import type { ClusterRef } from '../../../src/kube/types.ts';
import type { KubeObject, ObjectMeta } from '../../../src/kube/model/types.ts';
import { notOurs, requireOurs, type Claim } from '../../../src/kube/access/whose.ts';

const cluster: ClusterRef = { context: 'shared', namespace: 'team', server: 'https://127.0.0.1:1' };
const bob: Claim = { owner: 'bob', deployment: 'wide-ep' };
const ofWorkbench = { [labels.managedBy]: manager };
const ofBob = { ...ofWorkbench, [labels.owner]: 'bob' };
const gateway = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  name: 'web',
  uid: '1',
  controller: true,
};

function object(metadata: Omit<ObjectMeta, 'name'> & { readonly managedFields?: readonly object[] }): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'wide-ep', namespace: 'team', ...metadata } };
}

function written(name: string, time: string, more: object = {}): object {
  return { manager: name, operation: 'Update', time, ...more };
}

describe('whose an object is', () => {
  const cases: readonly (readonly [string, KubeObject, string | undefined])[] = [
    ['mine', object({ labels: { ...ofBob, [labels.deployment]: 'wide-ep' } }), undefined],
    [
      "another person's",
      object({ labels: { ...ofWorkbench, [labels.owner]: 'alice', [labels.deployment]: 'wide-ep' } }),
      'belongs to alice',
    ],
    [
      'of another deployment of mine',
      object({ labels: { ...ofBob, [labels.deployment]: 'other' } }),
      'belongs to your deployment other',
    ],
    ['mine, of no deployment', object({ labels: ofBob }), 'is yours and no part of a deployment'],
    ['robbed of its owner', object({ labels: { ...ofWorkbench } }), 'does not say whose it is any more'],
    [
      'of a Helm release',
      object({ labels: { [labels.managedBy]: 'Helm' }, annotations: { 'meta.helm.sh/release-name': 'web' } }),
      'is managed by the Helm release web',
    ],
    [
      "of Helm, in a person's name",
      object({ labels: { [labels.managedBy]: 'Helm', [labels.owner]: 'alice' } }),
      'belongs to alice and is managed by Helm',
    ],
    [
      'of Argo CD, by annotation',
      object({ annotations: { 'argocd.argoproj.io/tracking-id': 'web:/Service:team/wide-ep' } }),
      'is managed by the Argo CD application web',
    ],
    [
      'of Argo CD, by label',
      object({ labels: { 'argocd.argoproj.io/instance': 'web' } }),
      'is managed by the Argo CD application web',
    ],
    [
      'of Flux',
      object({ labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }),
      'is managed by the Flux kustomization apps',
    ],
    [
      'of whoever wrote it first',
      object({
        managedFields: [
          written('kubectl-edit', '2026-11-02T00:00:00Z'),
          written('controller', '2026-10-01T00:00:00Z', { subresource: 'status' }),
          written('kubectl-create', '2026-11-01T00:00:00Z'),
        ],
      }),
      'is managed by kubectl-create',
    ],
    [
      'mine by label, made by kubectl',
      object({ labels: { [labels.owner]: 'bob' }, managedFields: [written('kubectl', '2026-11-01T00:00:00Z')] }),
      'belongs to bob and is managed by kubectl',
    ],
    ['without a mark', object({}), 'is managed by someone who left no name'],
    [
      'of a controller, with labels copied from mine',
      object({ labels: { ...ofBob, [labels.deployment]: 'wide-ep' }, ownerReferences: [gateway] }),
      'is managed by Gateway web',
    ],
    [
      'of something that names itself a link',
      object({ annotations: { 'meta.helm.sh/release-name': '[x](command:y)\n' } }),
      'is managed by the Helm release (a name that cannot be shown)',
    ],
  ];
  for (const [name, subject, whose] of cases) it(`is known: ${name}`, () => assert.equal(notOurs(subject, bob), whose));

  it('asks for no deployment where the claim names none', () => {
    assert.equal(notOurs(object({ labels: ofBob }), { owner: 'bob' }), undefined);
  });

  it('believes no annotation of ours', () => {
    assert.equal(
      notOurs(object({ annotations: { [annotations.guide]: 'wide-ep' } }), bob),
      'is managed by someone who left no name',
    );
  });

  it('refuses with the object, its place, whose it is and what to do', () => {
    assert.throws(
      () =>
        requireOurs(object({ labels: { ...ofWorkbench, [labels.owner]: 'alice' } }), bob, cluster, 'deploy wide-ep'),
      (error) => {
        assert.ok(isWorkbenchError(error, 'not-yours'));
        assert.equal(error.message, 'cannot deploy wide-ep: Service wide-ep in shared/team belongs to alice');
        assert.match(error.hint ?? '', /another name/);
        return true;
      },
    );
    requireOurs(object({ labels: { ...ofBob, [labels.deployment]: 'wide-ep' } }), bob, cluster, 'deploy wide-ep');
  });
});
