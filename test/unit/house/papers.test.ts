import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RECIPES } from '../../../src/benchmarks/recipes/index.ts';
import { commands as cliCommands } from '../../../src/cli/commands.ts';

const root = resolve(import.meta.dirname, '../../..');
const papers = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly title: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
  };
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const readme = read('README.md');

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The first group of every match. */
function all(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

describe('papers', () => {
  for (const paper of papers) {
    it(`${paper}: links, pictures and paths lead somewhere`, () => {
      const text = read(paper);
      const links = all(text, /\]\(([^)#]+)\)/g)
        .filter((link) => !/^\w+:/.test(link))
        .map((link) => join(root, dirname(paper), link));
      const paths = all(text, /`((?:src|test|scripts|manifests|docs)\/[\w./-]+)`/g).map((path) => join(root, path));
      assert.deepEqual(
        [...links, ...paths].filter((path) => !existsSync(path)),
        [],
      );
    });

    it(`${paper}: every npm script is there`, () => {
      assert.deepEqual(
        all(read(paper), /npm run ([\w:]+)/g).filter((name) => !(name in manifest.scripts)),
        [],
      );
    });

    it(`${paper}: every command has a title of the manifest`, () => {
      const titles = new Set(manifest.contributes.commands.map(({ title }) => title));
      assert.deepEqual(
        all(read(paper), /`llm-d: ([A-Z][^`]*)`/g).filter((title) => !titles.has(title)),
        [],
      );
    });
  }

  it('README lists the settings of the manifest, no others', () => {
    assert.deepEqual(
      [...new Set(all(readme, /`(llmd\.[\w.]+)`/g))].toSorted(),
      Object.keys(manifest.contributes.configuration.properties).toSorted(),
    );
  });

  it('README names every benchmark recipe and every command of llmdw', () => {
    assert.deepEqual(
      RECIPES.map(({ title }) => title).filter((title) => !readme.includes(`*${title}*`)),
      [],
    );
    assert.deepEqual(
      cliCommands.map(({ words }) => `llmdw ${words.join(' ')}`).filter((command) => !readme.includes(command)),
      [],
    );
  });

  it('docs/architecture.md names files of src that are there, also where it names them by their room', () => {
    const named = all(read('docs/architecture.md'), /`([a-z]+\/[\w/-]+\.ts)`/g).filter(
      (path) => !path.startsWith('src/'),
    );
    assert.ok(named.length > 10);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, 'src', path))),
      [],
    );
  });

  it('docs/dependencies.md names every dependency', () => {
    const text = read('docs/dependencies.md');
    assert.deepEqual(
      Object.keys(manifest.devDependencies).filter(
        (name) => !name.startsWith('@types/') && !text.includes(`\`${name}\``),
      ),
      [],
    );
  });

  describe('the table of docs/security.md', () => {
    const rows = read('docs/security.md')
      .split('\n')
      .map((line) => line.split(' | '))
      .filter((cells) => cells.length === 4 && !/^\| (?:no\.|---)/.test(cells[0] ?? '') && !cells[1]?.startsWith('**'));
    const numbered = (number: string): readonly (readonly string[])[] =>
      rows.filter(([first]) =>
        first
          ?.replace(/^\| ?/, '')
          .split(', ')
          .some((each) => each === number || (each.startsWith(number) && /^[a-z]$/.test(each.slice(number.length)))),
      );

    it('has a row for each attack that got through once, and a test that tries it again', () => {
      const missing = Array.from({ length: 14 }, (_attack, index) => `A${index + 1}`).filter(
        (number) => !numbered(number).some((row) => /`test\/[\w./-]+\.test\.ts`/.test(row[3] ?? '')),
      );
      assert.deepEqual(missing, []);
      assert.deepEqual(
        'abcdefghijklmn'.split('').filter((letter) => numbered(`A14${letter}`).length === 0),
        [],
      );
    });

    it('has a row for each attack that was held', () => {
      assert.deepEqual(
        Array.from({ length: 30 }, (_attack, index) => `B${index + 1}`).filter(
          (number) => numbered(number).length === 0,
        ),
        [],
      );
    });

    it('names in every row a file that is there', () => {
      assert.ok(rows.length > 70);
      for (const row of rows) {
        const files = all(row[3] ?? '', /`([^`]+)`/g);
        assert.ok(files.length > 0, row.join(' | '));
        assert.deepEqual(
          files.filter((file) => !existsSync(join(root, file))),
          [],
          row[1],
        );
      }
    });
  });
});
