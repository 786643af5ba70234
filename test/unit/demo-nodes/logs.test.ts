import assert from 'node:assert/strict';
import { isReady, NodesUnderTest, phaseIs } from '../../support/demo-nodes.ts';

describe('container logs', () => {
  let nodes: NodesUnderTest;
  before(async () => {
    nodes = await NodesUnderTest.start();
    nodes.run('count', {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'main',
          image: 'poker:1',
          command: ['bash', '-c', 'for i in 1 2 3 4 5; do echo line $i; done; echo problem >&2'],
        },
      ],
    });
    await nodes.until('count', phaseIs('Succeeded'));
  });
  after(() => nodes.stop());

  it('gives all of it, both streams in their order', async () => {
    assert.equal((await nodes.logs('count')).text, 'line 1\nline 2\nline 3\nline 4\nline 5\nproblem\n');
  });

  it('gives the last lines, the first bytes, time stamps', async () => {
    assert.equal((await nodes.logs('count', 'tailLines=2')).text, 'line 5\nproblem\n');
    assert.equal((await nodes.logs('count', 'tailLines=0')).text, '');
    assert.equal((await nodes.logs('count', 'limitBytes=10')).text, 'line 1\nlin');
    const stamped = (await nodes.logs('count', 'timestamps=true')).text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '');
    for (const stamp of stamped) assert.match(stamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    assert.deepEqual(stamped, stamped.toSorted());
    assert.equal(new Set(stamped).size, stamped.length);
  });

  it('leaves out what is older than asked for', async () => {
    assert.equal((await nodes.logs('count', `sinceTime=${new Date(Date.now() + 60_000).toISOString()}`)).text, '');
    assert.equal((await nodes.logs('count', 'sinceSeconds=3600&tailLines=1')).text, 'problem\n');
  });

  it('follows until the container ends', async () => {
    nodes.run('slow', {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'poker:1', command: ['sh', '-c', 'echo a; sleep 0.2; echo b'] }],
    });
    await nodes.until('slow', isReady);
    assert.equal((await nodes.logs('slow', 'follow=true')).text, 'a\nb\n');
  });

  it('refuses what is not there', async () => {
    assert.equal((await nodes.logs('nobody')).status, 404);
    const previous = await nodes.logs('count', 'previous=true');
    assert.equal(previous.status, 400);
    assert.match(previous.text, /previous terminated container "main" in pod "count" not found/);
  });
});
