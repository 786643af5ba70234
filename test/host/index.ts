import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';

/** Called by VS Code in its extension host, as for `@vscode/test-electron`. A failed test rejects. */
export async function run(): Promise<void> {
  // The host sends what is logged to the runner as it is, so the reporter's placeholders are filled in here.
  Object.assign(Mocha.reporters.Base, { consoleLog: (...parts: readonly unknown[]) => console.log(format(...parts)) });
  const mocha = new Mocha({ ui: 'bdd', color: false, reporter: 'spec', timeout: 60_000 });
  // In any order: each suite brings the window into the state that it needs.
  for (const name of readdirSync(__dirname).filter((file) => file.endsWith('.test.cjs')))
    mocha.addFile(join(__dirname, name));
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
