import assert from 'node:assert/strict';
import { ensure, type Need, type PackageManager } from '../../../scripts/lib/needs.ts';
import { Refusal } from '../../../scripts/lib/refusal.ts';

describe('what a script needs of the machine', () => {
  let here: Set<string>;
  let installed: string[];

  beforeEach(() => {
    here = new Set();
    installed = [];
  });

  function need(what: string, ...packages: string[]): Need {
    return { what, packages, met: () => Promise.resolve(here.has(what)) };
  }

  function packageManager(
    allowed: boolean,
    install: (packages: readonly string[]) => Promise<void> = async (packages) =>
      void installed.push(packages.join(' ')),
  ): PackageManager {
    return { allowed: () => Promise.resolve(allowed), install };
  }

  async function refusal(needs: readonly Need[], manager: PackageManager): Promise<string> {
    const error: unknown = await ensure(needs, manager).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof Refusal, String(error));
    return error.message;
  }

  const needs = [
    need('a browser', 'chromium', 'fonts'),
    need('a compiler', 'build-essential'),
    need('headers', 'libkrb5-dev'),
  ];

  it('is looked for and left alone where it is there', async () => {
    for (const { what } of needs) here.add(what);
    await ensure(needs, packageManager(true));
    assert.deepEqual(installed, []);
  });

  it('is installed in one go, what is missing alone', async () => {
    here.add('a compiler');
    await ensure(needs, packageManager(true));
    assert.deepEqual(installed, ['chromium fonts libkrb5-dev']);
  });

  it('is told in one message with the command for all of it, where this user may not install', async () => {
    here.add('headers');
    const message = await refusal([...needs, ...needs], packageManager(false));
    assert.match(message, /lacks:\n {2}- a browser\n {2}- a compiler\nNothing was installed/);
    assert.match(message, /^ {2}(sudo )?apt-get update$/m);
    assert.match(message, /^ {2}(sudo )?apt-get install -y --no-install-recommends chromium fonts build-essential$/m);
    assert.doesNotMatch(message, /headers|libkrb5/);
    assert.deepEqual(installed, []);
  });

  it('is not half installed when a part of it is in no package', async () => {
    const message = await refusal([...needs, need('kubectl on the PATH')], packageManager(true));
    assert.match(message, /- kubectl on the PATH\nNothing was installed\./);
    assert.match(message, /chromium fonts build-essential libkrb5-dev/);
    assert.deepEqual(installed, []);
  });

  it('is told with the command and the reason when the packages cannot be had', async () => {
    const message = await refusal(
      needs,
      packageManager(true, () => Promise.reject(new Error('Could not resolve deb.debian.org'))),
    );
    assert.match(message, /Could not resolve deb\.debian\.org/);
    assert.match(message, /apt-get install -y --no-install-recommends chromium/);
  });
});
