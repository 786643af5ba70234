import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describeNeed, judge, needOf, parseRules } from '../../../src/kube/access/access.ts';
import { LeaderWorkerSets, Pods } from '../../../src/kube/resources.ts';
import { accessOf, deniedKey, GUARDED_COMMANDS } from '../../../src/host/commands/access.ts';
import { accessRow } from '../../../src/host/trees/access-row.ts';
import { COMMAND_IDS } from '../../../src/host/commands/table.ts';

interface MenuItem {
  readonly command: string;
  readonly when?: string;
}

interface Manifest {
  readonly contributes: {
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly when: string; readonly contents: string }[];
  };
}

const { contributes } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as Manifest;
const hides = (when: string | undefined, key: string): boolean => (when ?? '').split(' && ').includes(`!${key}`);

describe('what commands need to be allowed', () => {
  for (const id of GUARDED_COMMANDS) {
    it(`hides ${id} from the palette and from every menu where it is refused`, () => {
      const places = Object.entries(contributes.menus).flatMap(([menu, items]) =>
        items.filter((item) => item.command === id).map((item) => ({ menu, when: item.when })),
      );
      assert.ok(
        places.some(({ menu }) => menu === 'commandPalette'),
        'no entry for the palette',
      );
      for (const { menu, when } of places) assert.ok(hides(when, deniedKey(id)), `${menu}: ${when ?? ''}`);
    });
  }

  it('asks in when clauses only for keys that are set', () => {
    const known = new Set(GUARDED_COMMANDS.map(deniedKey) as readonly string[]);
    const clauses = [...Object.values(contributes.menus).flat(), ...contributes.viewsWelcome].map(
      ({ when }) => when ?? '',
    );
    const asked = clauses.flatMap((when) => when.match(/llmd\.denied\.\w+/g) ?? []);
    assert.ok(asked.length > GUARDED_COMMANDS.length);
    assert.deepEqual(
      asked.filter((key) => !known.has(key)),
      [],
    );
  });

  it('offers no refused command in an empty view', () => {
    for (const { when, contents } of contributes.viewsWelcome) {
      const offered = COMMAND_IDS.filter((id) => contents.includes(`(command:${id})`) && accessOf(id).length > 0);
      for (const id of offered) assert.ok(hides(when, deniedKey(id)), `${id}: ${when}`);
    }
  });

  it('are all granted by the role of docs/permissions.md', () => {
    const page = readFileSync(new URL('../../../docs/permissions.md', import.meta.url), 'utf8');
    const [role] = [...page.matchAll(/```yaml\n([^`]*)```/g)].map(
      ([, text]) => parse(text ?? '') as { readonly kind: string; readonly rules: readonly object[] },
    );
    assert.equal(role?.kind, 'Role');
    const rules = parseRules({ status: { incomplete: false, resourceRules: role?.rules } });
    for (const id of GUARDED_COMMANDS)
      for (const need of accessOf(id)) assert.equal(judge(rules, need), 'allowed', `${id}: ${describeNeed(need)}`);
  });

  it('says in a row what is missing, each verb once', () => {
    const cluster = { context: 'lab', namespace: 'team', server: 'https://lab.invalid' };
    assert.equal(accessRow([], cluster), undefined);
    const row = accessRow(
      [
        needOf('create', LeaderWorkerSets),
        needOf('patch', LeaderWorkerSets),
        needOf('get', Pods, 'exec'),
        needOf('get', Pods, 'exec'),
      ],
      cluster,
    );
    assert.equal(
      row?.spoken,
      'Some actions are hidden, because in team you may not create and patch leaderworkersets.leaderworkerset.x-k8s.io; get pods/exec',
    );
    assert.ok(row?.tooltip?.includes('team') && row.tooltip.includes('lab'));
  });
});
