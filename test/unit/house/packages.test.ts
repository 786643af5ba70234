import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isPermissive } from '../../../scripts/lib/licences.ts';

const root = resolve(import.meta.dirname, '../../..');

interface Locked {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Not permissive, and in no bundle of ours (the build refuses that). */
const others: Readonly<Record<string, string>> = {
  'axe-core': 'MPL-2.0',
  // An optional dependency of just-bash, which the demo leaves out.
  'node-liblzma': 'LGPL-3.0',
  // Microsoft's, for signing packages: vsce brings them, and we sign nothing.
  '@vscode/vsce-sign': 'SEE LICENSE IN LICENSE.txt',
};

/** The licence file of these says more than their package.json. */
const namedElsewhere: Readonly<Record<string, string>> = { httpolyglot: 'MIT' };

/** What Go pins beside these has its checksums in go.sum. */
const files = [
  'package-lock.json',
  ...readdirSync(join(root, 'scripts/installs')).map((name) => join('scripts/installs', name, 'package-lock.json')),
]
  .filter((path) => existsSync(join(root, path)))
  .map((path) => ({ path, packages: locked(readFileSync(join(root, path), 'utf8')) }));

function locked(text: string): readonly Locked[] {
  const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, Omit<Locked, 'name'>>> };
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, each]) => ({ ...each, name: path.replace(/^.*node_modules\//, '') }));
}

describe('every locked package', () => {
  it('is looked for in each lockfile', () => {
    assert.deepEqual(
      files.map(({ path }) => path),
      [
        'package-lock.json',
        'scripts/installs/kube-clients/package-lock.json',
        'scripts/installs/vscode/package-lock.json',
      ],
    );
  });

  for (const { path, packages } of files) {
    describe(path, () => {
      it('has a checksum, and no registry that it has to come from', () => {
        const wrong = packages.filter(
          ({ integrity = '', resolved }) => !/^sha512-[\w+/]{86}==$/.test(integrity) || resolved !== undefined,
        );
        assert.deepEqual(
          wrong.map(({ name }) => name),
          [],
          'remove these entries and run `npm install --package-lock-only` at a registry that carries them',
        );
      });

      it('is there for every platform', () => {
        const names = new Set(packages.map(({ name }) => name));
        const missing = packages
          .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
          .filter((name) => !names.has(name));
        assert.deepEqual(
          missing,
          [],
          'a registry that lacks them makes npm leave them out, and `npm ci` then fails elsewhere: run `npm install --package-lock-only` at one that carries them',
        );
      });

      it('may be used: its licence is permissive, or one that we know of', () => {
        const family = (name: string): string => name.replace(/^(@vscode\/vsce-sign)-.*/, '$1');
        const wrong = packages.filter(
          ({ name, license = namedElsewhere[name] ?? 'not named' }) =>
            !isPermissive(license) && others[family(name)] !== license,
        );
        assert.deepEqual(
          wrong.map(({ name, license }) => `${name}: ${license ?? 'not named'}`),
          [],
        );
      });
    });
  }
});

describe('every package that we ask for', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const licences = new Map((files[0]?.packages ?? []).map(({ name, license }) => [name, license]));
  const rows = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));

  it('stands in docs/dependencies.md with its licence', () => {
    const told = new Map(
      rows.flatMap(([, names = '', licence = '']) =>
        [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, licence] as const),
      ),
    );
    const wrong = Object.keys(devDependencies).filter(
      (name) =>
        !(told.get(name) ?? told.get(name.replace(/^@types\/.*/, '@types/*')) ?? '').includes(
          licences.get(name) ?? 'no licence',
        ),
    );
    assert.deepEqual(wrong, []);
  });

  it('is one that package.json still asks for', () => {
    const names = rows.flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    assert.deepEqual(
      names.filter((name) => name !== '@types/*' && !(name in devDependencies)),
      [],
    );
  });
});
