// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import { WorkbenchError, type ErrorCode } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { shown, workspace } from '../../support/vscode-recorder.ts';

describe('the button below an error', () => {
  afterEach(() => {
    Reflect.deleteProperty(workspace, 'isTrusted');
    shown.splice(0);
  });

  async function button(code: ErrorCode, isTrusted: boolean): Promise<string | undefined> {
    const { ErrorReporter } = await import('../../../src/host/errors.ts');
    Object.assign(workspace, { isTrusted });
    shown.splice(0);
    await new ErrorReporter({ show() {} } as never, silentLogger).show(
      new WorkbenchError({ code, message: 'it failed' }),
      'do it',
    );
    return shown.map(({ text }) => text).find((text) => !/it failed|Show Details/.test(text));
  }

  it('is what helps most in a trusted folder', async () => {
    assert.deepEqual(
      [await button('kubeconfig-missing', true), await button('no-traces', true), await button('unauthorized', true)],
      ['Start Demo Cluster', 'Profile All Decode Ranks', 'Select Context'],
    );
  });

  it('is no action that is off in Restricted Mode', async () => {
    assert.deepEqual(
      [await button('kubeconfig-missing', false), await button('no-traces', false), await button('untrusted', false)],
      Array.from({ length: 3 }, () => 'Manage Workspace Trust'),
    );
    assert.deepEqual(
      [await button('unauthorized', false), await button('kubeconfig-invalid', false), await button('internal', false)],
      ['Select Context', 'Open Settings', undefined],
    );
  });
});
