// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll, systemClock } from '../../../src/base/clock.ts';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { MemoryStore } from '../../../src/base/store.ts';
import { trusted } from '../../../src/base/trust.ts';
import { assetsAt, compose, type Workbench } from '../../../src/compose.ts';
import { productionConfirmation } from '../../../src/host/commands/production-confirmation.ts';
import { accessRow } from '../../../src/host/trees/access-row.ts';
import { benchmarkRows } from '../../../src/host/trees/benchmark-rows.ts';
import { clusterRows } from '../../../src/host/trees/cluster-rows.ts';
import { failureRow, stateRows } from '../../../src/host/trees/freshness.ts';
import { modelServerHeadline, modelServerRows } from '../../../src/host/trees/model-server-rows.ts';
import { noServersRow } from '../../../src/host/trees/no-servers-row.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import { traceRows } from '../../../src/host/trees/trace-rows.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { podsReport } from '../../../src/inventory/pods.ts';
import type { ClusterRef } from '../../../src/kube/types.ts';
import type { Contexts } from '../../../src/kube/login/types.ts';
import type { RunRecord } from '../../../src/runs/types.ts';
import { ALL_HOSTILE, assertFit, assertHarmlessInTerminal, HOSTILE } from '../../support/hostile.ts';
import { OWNER, startHostileCluster, type HostileCluster } from '../../support/hostile-cluster.ts';
import { shown, terminals, answers, type RecordedTerminal } from '../../support/vscode-recorder.ts';

const texts = [...HOSTILE, ALL_HOSTILE];
const hostileCluster = (text: string): ClusterRef => ({ context: text, namespace: text, server: text });
const SEVERAL_LINES = /question|detail|tooltip/;

/** Everything that was shown since the last look, each text checked; answers what was shown. */
function checked(): readonly { readonly place: string; readonly text: string }[] {
  const all = shown.splice(0);
  for (const { place, text } of all) {
    assertFit(text, place, { lines: SEVERAL_LINES.test(place) });
    // As Markdown no address, tag, code or emphasis but the Workbench's own, of which code shows what is in it as it is.
    const markdown = text.replaceAll(/(?<!\\)`[^`]*`/g, '');
    if (place.includes('Markdown')) assert.doesNotMatch(markdown, /https?:|www\.|(?<!\\)<img|(?<!\\)`|\*\*bold/, text);
  }
  return all;
}

function shownIn(place: RegExp): void {
  assert.ok(checked().filter((each) => place.test(each.place)).length > 0, `nothing was shown in ${place}`);
}

describe('hostile text at every door of the window', () => {
  afterEach(checked);

  it('in errors, whatever failed and however it is told', async () => {
    const { ErrorReporter } = await import('../../../src/host/errors.ts');
    const logged: string[] = [];
    const reporter = new ErrorReporter({ show() {} } as never, {
      ...silentLogger,
      error: (message, cause) => void logged.push(message, String(cause)),
    });
    for (const text of texts) {
      await reporter.show(new WorkbenchError({ code: 'forbidden', message: text, hint: text }), text);
      await reporter.show(new WorkbenchError({ code: 'aborted', message: text }), text);
      await reporter.show(new Error(text, { cause: text }), text);
      await reporter.show(text, text);
      // A link must not come about by what stands side by side.
      await reporter.show(new WorkbenchError({ code: 'invalid', message: `${text} [a]`, hint: '(command:x)' }), 'x');
    }
    const all = checked();
    assert.equal(all.filter(({ place }) => place === 'error').length > 4 * texts.length, true);
    assert.ok(all.some(({ place }) => place === 'status message'));
    assert.ok(logged.length > 0, 'the log keeps the whole of it');
  });

  it('in jobs, offers, status messages and questions', async () => {
    const { JobCenter } = await import('../../../src/host/jobs.ts');
    const { jobStatusItem } = await import('../../../src/host/status/job-item.ts');
    const { confirmed, showInformation } = await import('../../../src/host/notifications.ts');
    const { statusMessage } = await import('../../../src/host/status/status-bar.ts');
    const jobs = new JobCenter();
    const item = jobStatusItem(jobs);
    for (const text of texts) {
      await jobs.run(text, ({ progress }) => {
        progress({ message: text, fraction: 0.5 });
        return new Promise<void>((resolve) => {
          setImmediate(() => {
            progress({ message: text });
            resolve();
          });
        });
      });
      await showInformation(text, 'Show Log');
      statusMessage('check', text, 1);
      const own = { message: text, detail: `${text}\n\n${text}`, action: 'Stop' };
      assert.equal(await confirmed(own), false);
      for (const confirmation of [
        productionConfirmation(hostileCluster(text), 'Deploy...', true, undefined),
        productionConfirmation(hostileCluster(text), 'Deploy...', true, own),
      ]) {
        assert.ok(confirmation);
        answers.button = confirmation.action;
        assert.equal(await confirmed(confirmation), true);
        answers.button = undefined;
      }
    }
    item.dispose();
    jobs.dispose();
    const places = new Set(checked().map(({ place }) => place));
    for (const place of [
      'progress title',
      'progress.message',
      'status item.text',
      'status item.tooltip',
      'status item.accessibilityInformation.label',
      'information',
      'question',
      'question.detail',
      'status message',
    ]) {
      assert.ok(places.has(place), `${place} of ${[...places].join(', ')}`);
    }
  });

  it('in the status item that says where one is', async () => {
    const { clusterStatusItem } = await import('../../../src/host/status/cluster-item.ts');
    const { Session } = await import('../../../src/host/session.ts');
    for (const text of texts) {
      for (const current of [
        () => Promise.resolve(hostileCluster(text)),
        () => Promise.reject(new WorkbenchError({ code: 'kubeconfig-invalid', message: text, hint: text })),
        () => Promise.resolve(undefined),
      ]) {
        const session = new Session({ current, onDidChange: () => ({ dispose() {} }) } as unknown as Contexts);
        const item = clusterStatusItem(session, {
          missing: [{ verb: 'create', resource: { group: text, plural: text } } as never],
          onDidChange: () => ({ dispose() {} }),
        });
        await session.refresh();
        item.dispose();
        session.dispose();
      }
    }
    shownIn(/status item\.text/);
  });

  it('in lists to choose from and boxes to type into', async () => {
    const { choose, chooseMany, enter } = await import('../../../src/host/ask/steps.ts');
    const { askValues } = await import('../../../src/host/ask/values.ts');
    const { askColumns } = await import('../../../src/host/webviews/node-table-columns.ts');
    for (const text of texts) {
      const choices = [
        { separator: text },
        { icon: 'check', label: text, description: text, detail: text, value: text },
        { label: text, value: text },
      ];
      await choose({ title: text, placeholder: text, choices: () => Promise.resolve(choices) });
      await chooseMany({ title: text, placeholder: text, choices });
      await enter({ title: text, prompt: text, value: '', refuse: () => text });
      await askValues({
        title: text,
        step: 1,
        totalSteps: 2,
        values: [{ id: 'a', title: text, description: text, kind: 'string', default: text }],
        now: { a: text },
        go: text,
      });
      await askColumns([{ id: `label:${text}`, width: null }], [{ key: text, nodes: 1, examples: [text] }], 1);
    }
    const places = new Set(checked().map(({ place }) => place));
    for (const place of [
      'quick pick.title',
      'quick pick.placeholder',
      'quick pick.items.label',
      'quick pick.items.description',
      'quick pick.items.detail',
      'quick pick.label',
      'quick pick.placeHolder',
      'input box.title',
      'input box.prompt',
      'input box.validationMessage',
    ]) {
      assert.ok(places.has(place), `${place} of ${[...places].join(', ')}`);
    }
  });

  it('in terminals', async () => {
    const { showLogTerminal } = await import('../../../src/host/terminals/log-terminal.ts');
    const { PokerTerminals } = await import('../../../src/host/terminals/poker-terminals.ts');
    for (const text of texts) {
      const logs = async function* (): AsyncGenerator<{ time: string; text: string }> {
        yield { time: '', text };
        throw new WorkbenchError({ code: 'pod-gone', message: text, hint: text });
      };
      showLogTerminal({ client: () => Promise.resolve({ cluster: hostileCluster(text), logs }) } as never, {
        cluster: hostileCluster(text),
        namespace: text,
        pod: text,
        container: text,
        restarted: true,
      });
      const terminal = terminals.at(-1);
      assert.ok(terminal?.pty);
      const written = await everythingWritten(terminal.pty);
      assertHarmlessInTerminal(written, 'log terminal');
      assert.ok(written.includes(`h${text.slice(1).split(' ')[0]}`), written);

      const poker = {
        start: () => Promise.resolve({ phase: 'ready' }),
        shell: () =>
          Promise.resolve({
            title: text,
            file: '',
            args: [],
            env: {},
            greeting: `http://gateway · ${text}\r\ndecode ${text}\r\n`,
          }),
        endpoint: () => Promise.reject(new WorkbenchError({ code: 'not-ready', message: text })),
      };
      await new PokerTerminals(poker as never, () => undefined).show(hostileCluster(text), undefined, {
        signal: new AbortController().signal,
        progress: () => undefined,
      });
      assertHarmlessInTerminal(terminals.at(-1)?.message ?? '\u0000', 'greeting');
    }
    shownIn(/terminal name/);
  });
});

/** Opens the terminal and closes it once it has told of the failure that ends its log. */
async function everythingWritten(pty: NonNullable<RecordedTerminal['pty']>): Promise<string> {
  let written = '';
  pty.onDidWrite((text) => {
    written += text;
  });
  pty.open();
  await poll(systemClock, 5, AbortSignal.timeout(10_000), () =>
    Promise.resolve(
      written.includes('\u001B[31m') &&
        written
          .split('\u001B[2m')
          .slice(1)
          .some((dim) => !/^(log of|the last|now)/.test(dim))
        ? true
        : undefined,
    ),
  );
  pty.close();
  return written;
}

describe('hostile text in the trees', () => {
  let folder: string;
  let cluster: HostileCluster;
  let workbench: Workbench;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-hostile-trees-'));
    cluster = await startHostileCluster(folder);
    workbench = compose({
      workspace: folder,
      trust: trusted,
      assets: assetsAt(folder),
      store: new MemoryStore(),
      storage: folder,
      settings: () => ({ kubeconfig: cluster.kubeconfig }),
      env: { USER: OWNER },
      logger: silentLogger,
    });
    await workbench.contexts.current();
  });

  after(async () => {
    workbench.dispose();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function items(rows: readonly Row[]): Promise<number> {
    const { RowTree } = await import('../../../src/host/trees/row-tree.ts');
    const tree = new RowTree();
    tree.show(rows);
    let count = 0;
    const walk = (elements: ReturnType<typeof tree.getChildren>): void => {
      for (const element of elements) {
        count += 1;
        for (const [name, value] of Object.entries(tree.getTreeItem(element))) record(name, value);
        walk(tree.getChildren(element));
      }
    };
    walk(tree.getChildren());
    checked();
    tree.dispose();
    return count;
  }

  function record(name: string, value: unknown): void {
    if (name === 'id' || name === 'contextValue' || name === 'iconPath') return;
    if (typeof value === 'string') shown.push({ place: name, text: value });
    else if (name === 'tooltip') shown.push({ place: 'tooltip (Markdown)', text: (value as { value: string }).value });
    else if (name === 'accessibilityInformation') shown.push({ place: name, text: (value as { label: string }).label });
    else if (name === 'command') shown.push({ place: name, text: (value as { title: string }).title });
  }

  it('of nodes and model servers', async () => {
    const lease = workbench.inventory.lease();
    const snapshot = await workbench.inventory.whenComplete(AbortSignal.timeout(20_000));
    const gpus = gpuReport(snapshot);
    for (const grouping of [undefined, 'zone', 'rack', 'superpod'])
      assert.ok((await items(clusterRows(gpus, snapshot, OWNER, grouping))) > HOSTILE.length);
    const report = podsReport(snapshot, OWNER);
    for (const filter of ['everybody', 'mine', 'others'] as const)
      assert.ok((await items(modelServerRows(report, undefined, filter))) > 10);
    assert.ok(modelServerHeadline(report).length > 0);
    lease.dispose();
  });

  it('of runs, traces and what went wrong', async () => {
    for (const text of texts) {
      const run: RunRecord = {
        id: text,
        kind: 'benchmark',
        recipe: text,
        label: text,
        parameters: { [text]: text },
        context: text,
        namespace: text,
        deployment: text,
        model: text,
        gpus: 8,
        command: [text],
        pod: text,
        job: text,
        state: 'failed',
        startedAt: '2026-11-01T00:00:00Z',
        endedAt: null,
        summary: text,
        files: [text],
        baseline: true,
      };
      const error = new WorkbenchError({ code: 'forbidden', message: text, hint: text });
      assert.equal(
        await items(
          benchmarkRows(
            [run, { ...run, id: `2${text}`, state: 'running' }],
            () => text,
            () => text,
            Date.now(),
          ),
        ),
        3,
      );
      const trace = { pod: text, container: text, path: `/${text}`, bytes: 1, modified: 1, complete: false };
      const local = {
        n: 1,
        folder: text,
        deployment: text,
        copiedAt: null,
        traces: [{ path: text, pod: text, bytes: 1, rank: null }],
      };
      assert.equal(
        await items(traceRows({ traces: [trace], errors: [{ pod: text, message: text, hint: text }] }, [local])),
        6,
      );
      const place = hostileCluster(text);
      const access = accessRow([{ verb: 'create', resource: { group: text, plural: text } } as never], place);
      await items([
        failureRow(error),
        ...stateRows(text, { kind: 'denied', error } as never),
        ...stateRows(text, { kind: 'stale', error } as never),
        noServersRow(place, 'everybody', false),
        ...(access ? [access] : []),
      ]);
    }
  });
});
