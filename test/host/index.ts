import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';

/** Where the extension under test and its tests are. */
const root = join(__dirname, '../../..');

/** Called by VS Code in its extension host, as for `@vscode/test-electron`. A failed test rejects. */
export async function run(): Promise<void> {
  // The host sends what is logged to the runner as it is, so the reporter's placeholders are filled in here.
  Object.assign(Mocha.reporters.Base, { consoleLog: (...parts: readonly unknown[]) => console.log(format(...parts)) });
  const mocha = new Mocha({ ui: 'bdd', color: false, reporter: 'spec', timeout: 60_000 });
  // In any order: each suite brings the window into the state that it needs.
  for (const name of readdirSync(__dirname).filter((file) => file.endsWith('.test.cjs')))
    mocha.addFile(join(__dirname, name));
  // VS Code only logs a promise that fails unheard. Those of other extensions are not ours to judge.
  const unheard: string[] = [];
  const hear = (reason: unknown): void => {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    if (text.includes(root)) unheard.push(text);
  };
  process.on('unhandledRejection', hear);
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  process.off('unhandledRejection', hear);
  if (failures > 0) throw new Error(`${failures} tests failed`);
  if (unheard.length > 0) throw new Error(`promises failed unheard:\n${unheard.join('\n')}`);
}
