import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { conditionOf, containerOf, isReady, NodesUnderTest, phaseIs } from '../../support/demo-nodes.ts';
import { at } from '../../../src/base/json.ts';

interface Attached {
  send(text: string): void;
  endInput(): void;
  /** Waits for it on stdout. */
  until(pattern: RegExp): Promise<string>;
  leave(): void;
  readonly closed: Promise<number>;
}

async function attach(nodes: NodesUnderTest, pod: string, query: string): Promise<Attached> {
  const socket = new WebSocket(`ws://${nodes.kubelet}/attach/lab/${pod}/main?output=1&${query}`, 'v5.channel.k8s.io');
  let out = '';
  let heard = (): void => {};
  socket.on('message', (data: Buffer) => {
    if (data[0] === 1) out += data.subarray(1).toString();
    heard();
  });
  await once(socket, 'open');
  return {
    send: (text) => socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(text)])),
    endInput: () => socket.send(Buffer.from([255, 0])),
    async until(pattern) {
      while (!pattern.test(out))
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      return out;
    },
    leave: () => socket.terminate(),
    closed: once(socket, 'close').then(([code]) => code as number),
  };
}

describe('attach', () => {
  let nodes: NodesUnderTest;
  before(async () => {
    nodes = await NodesUnderTest.start();
  });
  after(() => nodes.stop());

  it('keeps the input open for the next client unless it is to end with the first', async () => {
    await nodes.shellPod('cat', { command: ['cat'], stdin: true });
    const first = await attach(nodes, 'cat', 'input=1');
    first.send('one\n');
    await first.until(/one/);
    first.endInput();
    first.leave();
    await first.closed;
    const second = await attach(nodes, 'cat', 'input=1');
    second.send('two\n');
    await second.until(/two/);
    assert.ok(isReady(nodes.api.get('pods', 'lab/cat')!));
    assert.equal((await nodes.logs('cat')).text, 'one\ntwo\n');
    second.leave();
  });

  it('ends a process whose only client has left', async () => {
    nodes.run('once', {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'poker:1', command: ['cat'], stdin: true, stdinOnce: true }],
    });
    await nodes.until('once', isReady);
    const only = await attach(nodes, 'once', 'input=1');
    only.send('x\n');
    await only.until(/x/);
    only.leave();
    await nodes.until('once', phaseIs('Succeeded'));
  });

  it('gives a process that wants none no input', async () => {
    await nodes.shellPod('deaf', { command: ['sh', '-c', 'cat; echo done; sleep infinity'] });
    const client = await attach(nodes, 'deaf', 'input=1');
    client.send('nobody reads this\n');
    client.leave();
    await client.closed;
    assert.equal((await nodes.logs('deaf')).text, 'done\n');
  });

  it('is a person at a shell where the container has a terminal', async () => {
    nodes.run('person', {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'poker:1', command: ['bash'], stdin: true, stdinOnce: true, tty: true }],
    });
    await nodes.until('person', isReady);
    const person = await attach(nodes, 'person', 'input=1&tty=1');
    person.send('x=21; echo $((2*x))\r');
    assert.match(await person.until(/\n42\r\n/), /42/);
    person.send('exit 3\r');
    assert.equal(await person.closed, 1000);
    const pod = await nodes.until('person', phaseIs('Failed'));
    assert.equal(at(containerOf(pod), 'state', 'terminated', 'exitCode'), 3);
    assert.equal(conditionOf(pod, 'Ready'), 'False');
  });
});
