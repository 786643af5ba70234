import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** Who may write files by Node's own functions, and where. Everybody else goes through the first. */
const writers: Readonly<Record<string, string>> = {
  'src/base/workspace-files.ts': "below the workspace, and below the user's storage",
  'src/base/private-file.ts': "the demo's kubeconfig and status, where its caller says",
  'src/deployment/render.ts': 'a temporary folder for kustomize',
  'src/kube/login/in-cluster.ts': 'a temporary kubeconfig',
  'src/kube/tools/daemon.ts': "the log of the demo, in the user's storage",
  'src/democtl/control.ts': "status of the demo, in the user's storage",
  'src/demo/api/storage/persistence.ts': 'the state, where the person says',
  'src/cli/commands/demo.ts': 'a temporary folder for the kubeconfig',
};

const reading = new Set([
  'access',
  'constants',
  'createReadStream',
  'existsSync',
  'lstat',
  'open',
  'readdir',
  'readFile',
  'readlink',
  'realpath',
  'stat',
  'statfs',
  'watch',
]);

const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ file: relative(root, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }));

/** What of a file's text can change a disk. */
function writing(text: string): readonly string[] {
  const found: string[] = [];
  let opens = false;
  for (const [whole, type, names] of text.matchAll(
    /import\s+(type\s)?(?:\{([^}]*)\}|[^'"{]*)\s*from\s*['"](?:node:)?fs(?:\/promises)?['"]/g,
  )) {
    if (type !== undefined) continue;
    // A whole module under one name would hide what is used of it.
    if (names === undefined) found.push(whole);
    const imported = (names ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '));
    found.push(...imported.filter((name) => !reading.has(name)));
    opens ||= imported.includes('open');
  }
  if (/(?:import|require)\(\s*['"](?:node:)?fs/.test(text)) found.push('fs, loaded late');
  if (opens)
    found.push(
      ...[
        ...text.matchAll(
          /(?<![.#\w])open\([^()]*,(?!\s*(?:'r'|constants\.O_RDONLY(?: \| constants\.O_NONBLOCK)?)\s*\))[^()]*\)/g,
        ),
      ].map(([call]) => call),
    );
  found.push(
    ...[...text.matchAll(/workspace\.fs\.(?:writeFile|createDirectory|delete|rename|copy)/g)].map(([call]) => call),
  );
  return found;
}

describe('who may write files', () => {
  it('only those who are listed, and the page that saves where the person chose', () => {
    const wrong = sources
      .filter(({ file }) => !(file in writers) && file !== 'src/host/webviews/save-file.ts')
      .flatMap(({ file, text }) => writing(text).map((what) => `${file}: ${what}`));
    assert.deepEqual(wrong, [], 'write through src/base/workspace-files.ts');
  });

  it('lists nobody who does not', () => {
    assert.deepEqual(
      Object.keys(writers).filter(
        (file) => !sources.some((source) => source.file === file && writing(source.text).length > 0),
      ),
      [],
    );
  });

  it('finds every way to do it', () => {
    for (const text of [
      "import { writeFile } from 'node:fs/promises';",
      "import { readFile, rm } from 'fs/promises';",
      "import * as fs from 'node:fs';",
      "import fs from 'node:fs';",
      "import { type Stats, createWriteStream } from 'node:fs';",
      "import {\n  mkdir,\n} from 'node:fs/promises';",
      "await import('node:fs/promises')",
      "import { open } from 'node:fs/promises'; await open(path, 'w')",
      "import { open } from 'node:fs/promises'; await open(path, flags)",
      "import { open } from 'node:fs/promises'; await open(path, constants.O_RDONLY | constants.O_CREAT)",
      'vscode.workspace.fs.writeFile(uri, data)',
    ])
      assert.notDeepEqual(writing(text), [], text);
    for (const text of [
      "import type { Stats } from 'node:fs';",
      "import { open, type FileHandle } from 'node:fs/promises';",
      "import { open } from 'node:fs/promises'; await open(path, 'r'); await open(path, constants.O_RDONLY); await open(path); files.open(set, name); this.#open(path, flags)",
    ])
      assert.deepEqual(writing(text), [], text);
  });
});
