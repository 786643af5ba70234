import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { NodesUnderTest } from '../../support/demo-nodes.ts';
import { execSpdy, execWebSocket, exitCode } from '../../support/remote-command.ts';

for (const [transport, exec] of [
  ['websocket', execWebSocket],
  ['spdy', execSpdy],
] as const) {
  describe(`exec over ${transport}`, () => {
    let nodes: NodesUnderTest;
    const run = (command: readonly string[], stdin?: Buffer | string): ReturnType<typeof exec> =>
      exec(nodes.kubelet, 'poker', command, stdin === undefined ? {} : { stdin });

    before(async () => {
      nodes = await NodesUnderTest.start();
      await nodes.shellPod();
    });
    after(() => nodes.stop());

    it('gives stdout, stderr and success, and closes as a client expects', async () => {
      const before = nodes.nodes.upgrades.of('exec', transport);
      const result = await run(['sh', '-c', 'echo out; echo err >&2']);
      assert.equal(result.stdout.toString(), 'out\n');
      assert.equal(result.stderr, 'err\n');
      assert.deepEqual(result.status, { metadata: {}, status: 'Success' });
      assert.equal(result.closeCode, 1000);
      assert.equal(nodes.nodes.upgrades.of('exec', transport), before + 1);
    });

    it('tells the exit code', async () => {
      const result = await run(['bash', '-lc', 'exit 7']);
      assert.equal(exitCode(result), 7);
      assert.equal(
        result.status?.message,
        'command terminated with non-zero exit code: command terminated with exit code 7',
      );
    });

    it('answers 127 from the shell, but an error of the runtime for an executable that is not there', async () => {
      const shell = await run(['sh', '-c', 'nosuchthing']);
      assert.equal(exitCode(shell), 127);
      assert.match(shell.stderr, /nosuchthing: command not found/);
      const direct = await run(['nosuchthing']);
      assert.equal(direct.status?.reason, 'InternalError');
      assert.match(
        direct.status?.message ?? '',
        /unable to start container process: exec: "nosuchthing": executable file not found in \$PATH/,
      );
    });

    it('carries stdin to its end and back, byte for byte', async () => {
      const bytes = randomBytes(3_000_000);
      const result = await run(['cat'], bytes);
      assert.equal(exitCode(result), 0);
      assert.equal(sha256(result.stdout), sha256(bytes));
    });

    it('stores what it is sent and reads ranges of it', async () => {
      const bytes = randomBytes(1_000_003);
      assert.equal(exitCode(await run(['sh', '-c', 'cat > /tmp/blob'], bytes)), 0);
      const sum = await run(['sha256sum', '/tmp/blob']);
      assert.equal(sum.stdout.toString(), `${sha256(bytes)}  /tmp/blob\n`);
      const range = await run(['sh', '-c', 'tail -c +1001 /tmp/blob | head -c 5000']);
      assert.deepEqual(range.stdout, bytes.subarray(1000, 6000));
      const block = await run(['dd', 'if=/tmp/blob', 'bs=4096', 'skip=3', 'count=2', 'status=none']);
      assert.deepEqual(block.stdout, bytes.subarray(3 * 4096, 5 * 4096));
    });

    it('copies a directory with tar, both ways', async () => {
      await run(['sh', '-c', 'mkdir -p /src/deep /dst && echo one > /src/a && echo two > /src/deep/b']);
      const archive = await run(['tar', 'cf', '-', '-C', '/src', '.']);
      assert.equal(exitCode(archive), 0);
      const extracted = await run(['tar', '-xmf', '-', '-C', '/dst'], archive.stdout);
      assert.equal(exitCode(extracted), 0, extracted.stderr);
      const files = await run(['sh', '-c', 'cd /dst && find . -type f | sort && cat a deep/b']);
      assert.equal(files.stdout.toString(), './a\n./deep/b\none\ntwo\n');
    });

    it('streams output before the command ends', async () => {
      const result = await run(['sh', '-c', 'for i in 1 2 3; do echo $i; done; sleep 0.05; echo end']);
      assert.equal(result.stdout.toString(), '1\n2\n3\nend\n');
    });
  });
}

describe('exec that can not be', () => {
  let nodes: NodesUnderTest;
  before(async () => {
    nodes = await NodesUnderTest.start();
    await nodes.shellPod();
  });
  after(() => nodes.stop());

  it('refuses an unknown pod, container and protocol before any upgrade', async () => {
    assert.equal(await refusal(nodes.kubelet, '/exec/lab/nobody/main?output=1&command=ls', 'v5.channel.k8s.io'), 404);
    assert.equal(await refusal(nodes.kubelet, '/exec/lab/poker/nothing?output=1&command=ls', 'v5.channel.k8s.io'), 404);
    assert.equal(await refusal(nodes.kubelet, '/exec/lab/poker/main?output=1&command=ls', 'v9.channel.k8s.io'), 403);
    assert.equal((await fetch(`http://${nodes.kubelet}/exec/lab/poker/main?output=1&command=ls`)).status, 400);
  });

  it('says so on the status channel when no stream was asked for', async () => {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(`ws://${nodes.kubelet}/exec/lab/poker/main?command=ls`, 'v5.channel.k8s.io');
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer) => messages.push(data));
    await new Promise((resolve) => socket.on('close', resolve));
    assert.equal(messages.at(-1)?.[0], 3);
    assert.match(messages.at(-1)?.toString() ?? '', /must specify at least 1 of stdin, stdout, stderr/);
  });
});

async function refusal(kubelet: string, path: string, protocol: string): Promise<number | undefined> {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`ws://${kubelet}${path}`, protocol);
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      socket.terminate();
    });
    socket.on('open', () => reject(new Error('was accepted')));
    socket.on('error', () => {});
  });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
