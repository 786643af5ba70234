import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadAndUnzipVSCode, SilentReporter } from '@vscode/test-electron';
import { cacheRoot } from './cache.ts';
import { unless } from './needs.ts';
import { say } from './say.ts';
import { step } from './step.ts';
import { hasDisplay } from './system.ts';
import { browserNeeds, vsCodeNeeds, vsCodeServer } from './vscode.ts';

const root = join(import.meta.dirname, '..', '..');
/** Of a machine without a way to the download, and between two pieces of one. */
const answerMs = 5000;

/** A VS Code that takes the arguments of `@vscode/test-electron`. */
export interface HostVsCode {
  readonly name: string;
  readonly executable: string;
}

export const inBrowser: HostVsCode = {
  name: 'VS Code in a browser',
  executable: join(root, 'scripts', 'vscode-in-browser.ts'),
};

type AtLeastOne = readonly [HostVsCode, ...HostVsCode[]];

let asked: Promise<AtLeastOne> | undefined;

/** What the host tests run in: VSCODE_EXECUTABLE, else the newest VS Code and the oldest that the extension takes, else the one of the cache in a browser. */
export function hostVsCodes(): Promise<AtLeastOne> {
  asked ??= ask();
  return asked;
}

async function ask(): Promise<AtLeastOne> {
  const given = process.env['VSCODE_EXECUTABLE'];
  if (given !== undefined && given !== '') return [{ name: given, executable: given }];
  try {
    if (!hasDisplay()) throw new Error('there is no display');
    const cachePath = join(cacheRoot, 'vscode-desktop');
    await mkdir(cachePath, { recursive: true });
    const fetched = async (version: string): Promise<HostVsCode> => {
      const name = `VS Code ${version}`;
      return {
        name,
        executable: await step(`fetching ${name}`, () =>
          downloadAndUnzipVSCode({ version, cachePath, timeout: answerMs, reporter: new SilentReporter() }),
        ),
      };
    };
    return [await fetched('stable'), await fetched(await oldest())];
  } catch (error) {
    say(
      `host tests run in a VS Code in a browser, not in one of the desktop: ${error instanceof Error ? error.message : String(error)}`,
    );
    return [inBrowser];
  }
}

async function oldest(): Promise<string> {
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly engines: { readonly vscode: string };
  };
  return engines.vscode.replace('^', '');
}

async function onDesktop(): Promise<boolean> {
  return !(await hostVsCodes()).includes(inBrowser);
}

export const hostNeeds = unless(onDesktop, [...vsCodeNeeds, ...browserNeeds]);

export async function prepareHost(): Promise<void> {
  if (!(await onDesktop())) await vsCodeServer();
}
