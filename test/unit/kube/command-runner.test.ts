import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWorkbenchError, WorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createCommandRunner } from '../../../src/kube/tools/command-runner.ts';
import { isTooOld, parseVersion } from '../../../src/kube/tools/tool-versions.ts';
import type { Command, CommandRunner } from '../../../src/kube/tools/types.ts';

const never = new AbortController().signal;
const echoed = (args: readonly string[], more: Partial<Command<string>> = {}): Command<string> => ({
  tool: 'kubectl',
  args,
  parse: (stdout) => stdout,
  ...more,
});

describe('command runner', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-runner-'));
    await mkdir(join(folder, 'bin'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A stand-in for kubectl: a shell script that answers `version` and does what the test says else. */
  async function tool(body: string, version = 'v1.32.0', name = 'kubectl'): Promise<string> {
    const path = join(folder, 'bin', name);
    await writeFile(
      path,
      `#!/bin/sh\nif [ "$1" = version ]; then echo '{"clientVersion":{"gitVersion":"${version}"}}'; echo asked >> ${folder}/versions; exit 0; fi\n${body}\n`,
    );
    await chmod(path, 0o755);
    return path;
  }

  function runner(toolPaths: { kubectl?: string } = {}): CommandRunner {
    return createCommandRunner({
      env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` },
      home: folder,
      toolPaths: () => toolPaths,
      logger: silentLogger,
    });
  }

  it('hands over arguments, stdin and environment untouched, and asks for the version once', async () => {
    await tool('printf "%s|" "$@"; printf "$EXTRA|"; cat');
    const run = runner();
    const command = echoed(['two words', '$HOME', '"quoted"'], { stdin: 'in put', env: { EXTRA: 'more' } });
    assert.equal(await run.run(command, never), 'two words|$HOME|"quoted"|more|in put');
    await run.run(command, never);
    assert.equal(await readFile(join(folder, 'versions'), 'utf8'), 'asked\n');
  });

  it('says what the tool said last when it fails', async () => {
    await tool('echo noise >&2; echo "error: no such thing" >&2; exit 4');
    await assert.rejects(runner().run(echoed(['get']), never), (error) => {
      assert(error instanceof WorkbenchError);
      assert.equal(error.code, 'tool-failed');
      assert.equal(error.message, 'kubectl get failed with exit code 4: error: no such thing');
      return true;
    });
  });

  it('says what it could not read', async () => {
    await tool('echo no json');
    await assert.rejects(
      runner().run({ tool: 'kubectl', args: ['get'], parse: (stdout) => JSON.parse(stdout) as unknown }, never),
      (error) => isWorkbenchError(error, 'tool-failed'),
    );
  });

  it('refuses a tool that is too old or not there', async () => {
    await tool('true', 'v1.20.3');
    await assert.rejects(
      runner().run(echoed([]), never),
      (error) => isWorkbenchError(error, 'tool-too-old') && error.message.includes('v1.20.3'),
    );
    const set = join(folder, 'nowhere');
    await assert.rejects(
      runner({ kubectl: set }).run(echoed([]), never),
      (error) => isWorkbenchError(error, 'tool-missing') && error.message.includes(set),
    );
    assert.equal(await runner().find('kubectl'), join(folder, 'bin', 'kubectl'));
  });

  it('prefers the path of the settings', async () => {
    await tool('echo path');
    const other = await tool('echo setting', 'v1.33.0', 'my-kubectl');
    assert.equal((await runner({ kubectl: other }).run(echoed(['x']), never)).trim(), 'setting');
  });

  it('ends the whole process tree when cancelled', async () => {
    await tool(`sh -c 'echo $$ > ${folder}/child; exec sleep 60' & wait`);
    const cancel = new AbortController();
    const running = runner().run(echoed(['x']), cancel.signal);
    const pid = await childPid(join(folder, 'child'));
    cancel.abort();
    await assert.rejects(running, (error) => isWorkbenchError(error, 'aborted'));
    while (alive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('reads versions of every shape', () => {
    assert.deepEqual(parseVersion('v1.32.4-dispatcher\n'), { major: 1, minor: 32, text: 'v1.32.4-dispatcher' });
    assert.equal(parseVersion('main'), undefined);
    assert.equal(isTooOld('helm', { major: 3, minor: 7, text: '' }), true);
    assert.equal(isTooOld('helm', { major: 4, minor: 0, text: '' }), false);
  });
});

async function childPid(file: string): Promise<number> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return Number(text);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A killed child of a killed parent stays as a zombie until somebody reaps it: that counts as ended. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
