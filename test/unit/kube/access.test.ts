import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describeNeed, judge, needOf, parseRules } from '../../../src/kube/access/access.ts';
import { LeaderWorkerSets, Pods } from '../../../src/kube/resources.ts';
import type { AccessNeed, AccessRule, AccessRules } from '../../../src/kube/access/types.ts';

const rule = (
  verbs: readonly string[],
  groups: readonly string[],
  resources: readonly string[],
  names: readonly string[] = [],
): AccessRule => ({ verbs, groups, resources, names });
const complete = (...rules: readonly AccessRule[]): AccessRules => ({ rules, incomplete: false });

/** Few words, so that grants and needs meet often. */
const verbs = fc.constantFrom('get', 'list', 'create');
const groups = fc.constantFrom('', 'apps');
const plurals = fc.constantFrom('pods', 'deployments');
const subresources = fc.constantFrom('exec', 'scale');
const names = fc.constantFrom('a', 'b');

const anyNeed: fc.Arbitrary<AccessNeed> = fc
  .record({
    verb: verbs,
    group: groups,
    resource: plurals,
    subresource: fc.option(subresources, { nil: undefined }),
    name: fc.option(names, { nil: undefined }),
  })
  .map(({ subresource, name, ...need }) => ({
    ...need,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
  }));
const anyResource = fc.oneof(
  plurals,
  fc.tuple(fc.oneof(plurals, fc.constant('*')), subresources).map((parts) => parts.join('/')),
  fc.constant('*'),
);
const anyRule: fc.Arbitrary<AccessRule> = fc.record({
  verbs: fc.array(fc.oneof(verbs, fc.constant('*')), { minLength: 1, maxLength: 2 }),
  groups: fc.array(fc.oneof(groups, fc.constant('*')), { minLength: 1, maxLength: 2 }),
  resources: fc.array(anyResource, { minLength: 1, maxLength: 2 }),
  names: fc.array(names, { maxLength: 1 }),
});
const anyRules = fc.record({ rules: fc.array(anyRule, { maxLength: 4 }), incomplete: fc.boolean() });

/** Slow and plain: every single grant that a rule stands for, written out over the words of this test. */
function grants(one: AccessRule): ReadonlySet<string> {
  const out = new Set<string>();
  for (const verb of one.verbs.includes('*') ? ['get', 'list', 'create'] : one.verbs) {
    for (const group of one.groups.includes('*') ? ['', 'apps'] : one.groups) {
      for (const granted of one.resources) {
        const [plural = '', subresource = ''] = granted.split('/');
        const all = granted === '*';
        for (const resource of plural === '*' ? ['pods', 'deployments'] : [plural]) {
          for (const sub of all ? ['', 'exec', 'scale'] : [subresource]) {
            for (const name of one.names.length === 0 ? ['', 'a', 'b'] : one.names)
              out.add([verb, group, resource, sub, name].join('|'));
          }
        }
      }
    }
  }
  return out;
}

describe('access rules', () => {
  it('grant what they name and nothing else', () => {
    const rules = complete(rule(['get', 'list'], [''], ['pods', 'pods/log']));
    assert.equal(judge(rules, needOf('get', Pods)), 'allowed');
    assert.equal(judge(rules, needOf('get', Pods, 'log')), 'allowed');
    assert.equal(judge(rules, needOf('get', Pods, 'exec')), 'denied');
    assert.equal(judge(rules, needOf('delete', Pods)), 'denied');
    assert.equal(judge(rules, needOf('get', LeaderWorkerSets)), 'denied');
  });

  it('understand wildcards as the API server does', () => {
    assert.equal(judge(complete(rule(['*'], ['*'], ['*'])), needOf('delete', Pods, 'exec')), 'allowed');
    assert.equal(judge(complete(rule(['get'], [''], ['*/exec'])), needOf('get', Pods, 'exec')), 'allowed');
    assert.equal(judge(complete(rule(['get'], [''], ['*/exec'])), needOf('get', Pods)), 'denied');
    assert.equal(
      judge(complete(rule(['get'], [''], ['pods']), rule([], [], [])), needOf('get', Pods, 'exec')),
      'denied',
      'a kind does not stand for its subresources',
    );
    assert.equal(judge(complete(rule(['get'], ['*'], ['pods'])), needOf('get', Pods)), 'allowed');
  });

  it('that name objects grant those, and some where none is named', () => {
    const rules = complete(rule(['get'], [''], ['pods'], ['mine']));
    assert.equal(judge(rules, { ...needOf('get', Pods), name: 'mine' }), 'allowed');
    assert.equal(judge(rules, { ...needOf('get', Pods), name: 'theirs' }), 'denied');
    assert.equal(judge(rules, needOf('get', Pods)), 'some');
  });

  it('that are not all there deny nothing', () => {
    assert.equal(judge({ rules: [], incomplete: true }, needOf('get', Pods)), 'unknown');
    assert.equal(judge({ rules: [rule(['get'], [''], ['pods'])], incomplete: true }, needOf('get', Pods)), 'allowed');
  });

  it("are read from a review; a shape that is not the API's grants nothing", () => {
    assert.deepEqual(
      parseRules({
        status: {
          incomplete: false,
          resourceRules: [{ verbs: ['get', 7], apiGroups: [''], resources: ['pods'] }, 'what'],
        },
      }),
      complete(rule(['get'], [''], ['pods']), rule([], [], [])),
    );
    assert.deepEqual(parseRules({}), { rules: [], incomplete: true });
    assert.deepEqual(parseRules('an error page'), { rules: [], incomplete: true });
  });

  it('agree with every grant written out', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 4 }), anyNeed, (rules, need) => {
        const granted = rules.map(grants);
        const key = (name: string): string =>
          [need.verb, need.group, need.resource, need.subresource ?? '', name].join('|');
        const every = granted.some((set) => set.has(key(need.name ?? '')));
        const some = need.name === undefined && granted.some((set) => set.has(key('a')) || set.has(key('b')));
        assert.equal(judge({ rules, incomplete: false }, need), every ? 'allowed' : some ? 'some' : 'denied');
      }),
      { numRuns: 2000 },
    );
  });

  it('only ever gain by another rule, and never say no while they are incomplete', () => {
    const rank = { denied: 0, unknown: 1, some: 1, allowed: 2 } as const;
    fc.assert(
      fc.property(anyRules, anyRule, anyNeed, (rules, added, need) => {
        const before = judge(rules, need);
        assert.ok(rank[judge({ ...rules, rules: [...rules.rules, added] }, need)] >= rank[before]);
        if (rules.incomplete) assert.notEqual(before, 'denied');
      }),
    );
  });

  it('are named as kubectl auth can-i takes them', () => {
    assert.equal(describeNeed(needOf('get', Pods, 'exec')), 'get pods/exec');
    assert.equal(describeNeed(needOf('create', LeaderWorkerSets)), 'create leaderworkersets.leaderworkerset.x-k8s.io');
    assert.equal(
      describeNeed({ ...needOf('patch', { group: 'apps', plural: 'deployments' }, 'scale'), name: 'x' }),
      'patch deployments.apps/scale "x"',
    );
  });
});
