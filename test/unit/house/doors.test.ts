import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '../../..');

function sources(room: string): readonly { readonly file: string; readonly text: string }[] {
  return readdirSync(join(root, 'src', room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|js|html)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ file: relative(join(root, 'src', room), path), text: readFileSync(path, 'utf8') }));
}

/** Where text from outside gets into the window: each of these files makes it fit to show, so nobody else may call what it calls. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  showErrorMessage: ['notifications.ts'],
  showInformationMessage: ['notifications.ts'],
  showWarningMessage: ['notifications.ts'],
  withProgress: ['notifications.ts'],
  setStatusBarMessage: ['status/status-bar.ts'],
  createStatusBarItem: ['status/status-bar.ts'],
  createQuickPick: ['ask/steps.ts'],
  showQuickPick: ['ask/steps.ts'],
  createInputBox: ['ask/steps.ts'],
  createTreeView: ['trees/live-tree.ts'],
  createWebviewPanel: ['webviews/open-panels.ts'],
  createTerminal: ['terminals/log-terminal.ts', 'terminals/poker-terminals.ts'],
};
/** These show a file, a place or nothing. */
const OTHERS: ReadonlySet<string> = new Set([
  'activeColorTheme',
  'createOutputChannel',
  'onDidCloseTerminal',
  'registerWebviewPanelSerializer',
  'showOpenDialog',
  'showSaveDialog',
  'showTextDocument',
]);
/** Made of text from outside as well, wherever VS Code takes them. */
const MADE: Readonly<Record<string, readonly string[]>> = {
  MarkdownString: ['trees/row-tree.ts'],
  TreeItem: ['trees/row-tree.ts'],
};

describe('the doors by which text from outside is shown', () => {
  const host = sources('host');

  it('are the only callers of VS Code where it shows text', () => {
    const wrong = host.flatMap(({ file, text }) =>
      text
        .matchAll(/(?<!\/)\bwindow\.(\w+)/g)
        .map(([, called = '']) => called)
        .filter((called) => !OTHERS.has(called) && !(DOORS[called] ?? []).includes(file))
        .map((called) => `${file} calls window.${called}`)
        .toArray(),
    );
    assert.deepEqual(wrong, []);
    for (const [called, files] of Object.entries(DOORS))
      for (const file of files)
        assert.match(
          host.find((source) => source.file === file)?.text ?? '',
          new RegExp(`window\\.${called}\\b`),
          `${file} no longer calls ${called}`,
        );
  });

  it('cannot be gone round by another name of the same', () => {
    for (const { file, text } of host) {
      assert.doesNotMatch(
        text,
        /import\s+(?!type)[^;]*\bwindow\b[^;]*from 'vscode'|=\s*vscode(\.window)?\b(?!\.)/,
        file,
      );
      for (const [made, files] of Object.entries(MADE))
        if (!files.includes(file)) assert.doesNotMatch(text, new RegExp(`new (vscode\\.)?${made}\\(`), file);
    }
  });

  it('make what they show fit', () => {
    for (const file of new Set([...Object.values(DOORS), ...Object.values(MADE)].flat())) {
      assert.match(
        host.find((source) => source.file === file)?.text ?? '',
        /\b(fitLine|fitText|fitRow|terminalText)\(/,
        file,
      );
    }
  });

  it('of a page take text as text: no HTML is made of it', () => {
    const pages = [...sources('webview'), ...sources('host/webviews'), ...sources('../media/perfetto-host')];
    assert.ok(pages.length > 30);
    for (const { file, text } of pages) {
      assert.doesNotMatch(
        text,
        /\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTML|srcdoc|\beval\(|new Function\(/,
        file,
      );
      // A text that a tooltip of ECharts answers becomes HTML.
      assert.doesNotMatch(text, /\bformatter\([^)]*\)(?!: HTMLElement)/, file);
    }
  });

  it('are the one way out of a command, which prints nothing by itself', () => {
    for (const room of [
      'cli',
      'benchmarks',
      'traces',
      'inventory',
      'kube',
      'deployment',
      'poker',
      'profiling',
      'runs',
    ]) {
      for (const { file, text } of sources(room)) {
        if (room !== 'cli' || file !== 'io.ts')
          assert.doesNotMatch(text, /process\.(stdout|stderr)|console\./, `${room}/${file}`);
      }
    }
  });
});
