import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workbench } from '../../src/compose.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import { Pods } from '../../src/kube/resources.ts';
import type { RunRecord } from '../../src/runs/types.ts';
import { call, failure, Lab, namespace, patience, until } from '../support/faults-lab.ts';

const poker = 'poker-lab';

describe('benchmarks that something comes in the way of', () => {
  let lab: Lab;
  let window: Workbench;

  before(async () => {
    lab = await Lab.start();
    window = lab.window();
  });
  after(() => lab.stop());

  it('a model that is not ready: refused before a run is made', async () => {
    await failure(start(window), 'not-ready', 'wide-ep', demoContext, namespace);
    await lab.deploy(window);
    await failure(start(window), 'not-ready', 'wide-ep', demoContext, namespace);
    assert.deepEqual(await window.runs.list(), []);
    await window.deployments.waitReady(lab.ref, 'wide-ep', call());
  });

  it('the pod deleted in the middle: the run ends with the reason, and what it printed is kept', async () => {
    const run = await start(window);
    const printed = await output(window, run);
    const client = await window.contexts.client(lab.ref);
    assert.ok(await client.delete(Pods, namespace, poker, { gracePeriodSeconds: 0, signal: patience() }));
    await window.benchmarks.wait(run, patience());
    const record = await recordOf(window, run);
    assert.equal(record.state, 'failed');
    assert.ok(
      record.summary?.includes(`pod ${poker} of ${demoContext}/${namespace} was deleted`),
      record.summary ?? '',
    );
    assert.match(record.summary ?? '', /start it again/);
    assert.ok(record.files.includes('stdout.log'));
    assert.ok((await readFile(join(window.runs.folder(run), 'stdout.log'), 'utf8')).startsWith(printed));
  });

  it('the window reloaded in the middle: the next one adopts the run, and it ends well', async () => {
    const first = lab.window();
    const run = await start(first);
    const printed = await output(first, run);
    lab.close(first);
    const second = lab.window();
    assert.equal((await recordOf(second, run)).state, 'running');
    await second.benchmarks.resume(patience());
    await second.benchmarks.wait(run, patience());
    const record = await recordOf(second, run);
    assert.equal(record.state, 'succeeded', record.summary ?? '');
    const log = await readFile(join(second.runs.folder(run), 'stdout.log'), 'utf8');
    assert.ok(log.startsWith(printed));
    assert.equal(log.match(/Serving Benchmark Result/g)?.length, 2, 'each level once: nothing lost, nothing twice');
    const [results] = await second.benchmarks.results([run]);
    assert.deepEqual(
      results?.points.map((point) => point.concurrency),
      [8, 16],
    );
    assert.deepEqual(
      results?.points.map((point) => point.requests.successful),
      [64, 128],
    );
  });

  it('the window reloaded, and the pod gone meanwhile: the run is closed as lost, with what there was', async () => {
    const first = lab.window();
    const run = await start(first);
    await output(first, run);
    lab.close(first);
    const second = lab.window();
    await second.poker.stop(lab.ref, call());
    await second.benchmarks.resume(patience());
    await second.benchmarks.wait(run, patience());
    const record = await recordOf(second, run);
    assert.equal(record.state, 'lost');
    assert.ok(
      record.summary?.includes(`pod ${poker} of ${demoContext}/${namespace} was deleted`),
      record.summary ?? '',
    );
    assert.ok(record.files.includes('stdout.log'));
  });

  it('model servers that die under the load: the summary counts the requests that failed', async () => {
    const run = await start(window);
    await output(window, run, 'Starting main benchmark run');
    const decode = await lab.pods('llm-d.ai/role=decode');
    assert.ok(decode.length > 0);
    for (const pod of decode) await lab.annotate(window, pod.metadata.name, 'crash-serving');
    await window.benchmarks.wait(run, patience());
    const record = await recordOf(window, run);
    const [results] = await window.benchmarks.results([run]);
    const errored = results?.points.reduce((sum, point) => sum + (point.requests.errored ?? 0), 0) ?? 0;
    assert.ok(errored > 0, record.summary ?? '');
    assert.match(record.summary ?? '', new RegExp(`\\b${errored} (requests )?failed`));
    assert.ok(record.files.includes('stdout.log'));
  });
});

async function start(window: Workbench): Promise<string> {
  const cluster = await window.contexts.current();
  assert.ok(cluster);
  const parameters = { concurrency: '8,16', requestsEach: '8', inputTokens: '64', outputTokens: '64' };
  return window.benchmarks.start({ cluster, recipe: 'vllm-bench', deployment: 'wide-ep', parameters }, call());
}

/** What the run has printed, once these words are among it. */
function output(window: Workbench, run: string, words = 'Namespace('): Promise<string> {
  return until(`the benchmark prints ${words}`, async () => {
    const text = await readFile(join(window.runs.folder(run), 'stdout.log'), 'utf8').catch(() => '');
    return text.includes(words) ? text : undefined;
  });
}

async function recordOf(window: Workbench, run: string): Promise<RunRecord> {
  const record = await window.runs.get(run);
  assert.ok(record);
  return record;
}
