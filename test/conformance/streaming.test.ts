import { execa } from 'execa';
import { both, type Loose, type Server } from './support/both.ts';
import { idlePod, runningPod } from './support/objects.ts';
import { Channels, dial, type Dial, type Refusal } from './support/sockets.ts';

const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;
const v5 = ['v5.channel.k8s.io'];
const v4 = ['v4.channel.k8s.io'];
const stepMs = 30_000;
/** A server of the demo's nodes that listens within a moment and tells its health. */
const proxyImage = 'registry.example/llm-d-routing-sidecar:v0.4.0';
const request = 'GET /health HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n';

async function pod(
  server: Server,
  name: string,
  spec: Record<string, unknown> = {},
  phase = 'Running',
): Promise<Loose> {
  await server.ask('POST', server.path('pods'), { body: runningPod(name, spec) });
  return server.until(server.path(`pods/${name}`), (object) => object.status?.phase === phase);
}

function open(
  server: Server,
  subresource: string,
  query: Dial['query'],
  protocols: readonly string[] = v5,
): Promise<Channels | Refusal> {
  return dial(server.target, { path: server.path(`pods/${subresource}`), query, protocols });
}

async function accepted(
  server: Server,
  subresource: string,
  query: Dial['query'],
  protocols: readonly string[] = v5,
): Promise<Channels> {
  const answer = await open(server, subresource, query, protocols);
  if (answer instanceof Channels) return answer;
  throw new Error(`${server.target.name}: ${subresource} was refused: ${JSON.stringify(answer)}`);
}

/** How an exec or attach ended: what was said, the status and the code of the close. */
async function ending(channels: Channels): Promise<unknown> {
  const closed = await channels.closed();
  const status = channels.text(channel.status);
  return {
    protocol: channels.protocol,
    stdout: channels.text(channel.stdout),
    stderr: channels.text(channel.stderr),
    status: status === '' ? status : JSON.parse(status.replaceAll(/[0-9a-f]{64}/g, '<id>')),
    closed,
  };
}

/** What stands in for an upgrade that was refused. */
async function refusal(
  server: Server,
  subresource: string,
  query: Dial['query'],
  protocols: readonly string[] = v5,
): Promise<unknown> {
  const answer = await open(server, subresource, query, protocols);
  if (!(answer instanceof Channels)) return answer;
  return ending(answer);
}

const all = { stdout: true, stderr: true };

describe('exec on both servers', () => {
  both('says what was said and how it ended', async (server) => {
    await pod(server, 'shell');
    const exec = async (what: string, query: Dial['query'], protocols = v5): Promise<void> =>
      server.note(what, await ending(await accepted(server, 'shell/exec', query, protocols)));
    await exec('success', { command: ['echo', 'hello'], ...all });
    await exec('failure', { command: ['sh', '-c', 'echo out; echo err >&2; exit 7'], ...all });
    await exec('in v4', { command: ['sh', '-c', 'exit 3'], ...all }, v4);
    await exec('the newest of several', { command: 'true', ...all }, [...v4, ...v5]);
    await exec('without stderr', { command: ['sh', '-c', 'echo out; echo err >&2'], stdout: true });
    await exec('a command that is not there', { command: 'no-such-thing', ...all });
    await exec('no command', { ...all });
    await exec('no stream', { command: 'true' });
    await exec('a terminal', {
      command: ['sh', '-c', 'echo out; echo err >&2; exit 4'],
      stdin: true,
      stdout: true,
      tty: true,
    });
    await exec('of a named container', { command: 'true', container: 'main', ...all });
  });

  both('takes input, to its end', async (server) => {
    await pod(server, 'shell');
    const counting = await accepted(server, 'shell/exec', { command: ['wc', '-c'], stdin: true, ...all });
    const chunk = Buffer.alloc(30_000, 'x');
    for (let sent = 0; sent < 20; sent += 1) counting.send(channel.stdin, chunk);
    counting.send(channel.close, Buffer.from([channel.stdin]));
    server.note('bytes that came', await ending(counting));
    const terminal = await accepted(server, 'shell/exec', { command: 'sh', stdin: true, stdout: true, tty: true });
    terminal.send(channel.resize, JSON.stringify({ Width: 100, Height: 30 }));
    await terminal.until(channel.stdout, /# $/);
    terminal.send(channel.stdin, 'echo $((6*7)); exit 5\r');
    server.note('a shell in a terminal', {
      ...((await ending(terminal)) as object),
      stdout: /\n42\r\n/.test(terminal.text(channel.stdout)),
    });
    const large = await accepted(server, 'shell/exec', { command: ['sh', '-c', 'head -c 3000000 /dev/zero'], ...all });
    server.note('much output', [
      await large.closed(),
      large.bytes(channel.stdout).length,
      JSON.parse(large.text(channel.status)),
    ]);
    const left = await accepted(server, 'shell/exec', { command: ['cat'], stdin: true, ...all });
    left.send(channel.stdin, 'x\n');
    await left.until(channel.stdout, /x/);
    left.close();
    server.note(
      'after one who left',
      await ending(await accepted(server, 'shell/exec', { command: ['echo', 'still here'], ...all })),
    );
  });

  both('is refused where it cannot be', async (server) => {
    await pod(server, 'shell');
    await server.ask('POST', server.path('pods'), { body: idlePod('waiting') });
    await pod(
      server,
      'done',
      { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example/shell:1', command: ['true'] }] },
      'Succeeded',
    );
    await server.ask('POST', server.path('pods'), {
      body: runningPod('two', {
        containers: [
          { name: 'a', image: 'registry.example/shell:1', command: ['sleep', 'infinity'] },
          { name: 'b', image: 'registry.example/shell:1', command: ['sleep', 'infinity'] },
        ],
      }),
    });
    await server.until(server.path('pods/two'), ({ status }) => status?.phase === 'Running');
    const query = { command: 'true', ...all };
    server.note('no pod', await refusal(server, 'none/exec', query));
    server.note('no container', await refusal(server, 'shell/exec', { ...query, container: 'none' }));
    server.note('one of two containers', await refusal(server, 'two/exec', query));
    server.note('no node yet', await refusal(server, 'waiting/exec', query));
    server.note('after the end', await refusal(server, 'done/exec', query));
    server.note('an unknown protocol', await refusal(server, 'shell/exec', query, ['v9.channel.k8s.io']));
    server.note('no protocol', await refusal(server, 'shell/exec', query, []));
    for (const method of ['GET', 'POST'] as const) {
      const plain = await server.ask(method, server.path('pods/shell/exec'), { query });
      server.note(`${method} without an upgrade`, plain);
    }
    server.note('DELETE', await server.ask('DELETE', server.path('pods/shell/exec')));
  });
});

describe('attach on both servers', () => {
  both('follows the main process', async (server) => {
    // The container waits for a file, so that nothing is said before somebody listens.
    await pod(server, 'speaker', {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'main',
          image: 'registry.example/shell:1',
          command: ['sh', '-c', 'until [ -f /tmp/go ]; do sleep 0.05; done; echo said; echo complained >&2; exit 6'],
        },
      ],
    });
    const attached = await accepted(server, 'speaker/attach', all);
    await server.target.admin.execOutput({
      namespace: server.namespace,
      pod: 'speaker',
      command: ['touch', '/tmp/go'],
      signal: AbortSignal.timeout(stepMs),
    });
    server.note('until its end', await ending(attached));
    server.note('no pod', await refusal(server, 'none/attach', all));
    server.note('after the end', await refusal(server, 'speaker/attach', all));
    server.note('no stream', await refusal(server, 'speaker/attach', {}));
  });

  both('hands input to the main process', async (server) => {
    await pod(server, 'listener', {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'registry.example/shell:1', command: ['cat'], stdin: true, stdinOnce: true }],
    });
    const attached = await accepted(server, 'listener/attach', { stdin: true, ...all });
    attached.send(channel.stdin, 'one\n');
    await attached.until(channel.stdout, /one/);
    attached.send(channel.stdin, 'two\n');
    attached.send(channel.close, Buffer.from([channel.stdin]));
    server.note('echoed', await ending(attached));
    await server.until(server.path('pods/listener'), ({ status }) => status?.phase === 'Succeeded');
    server.note('its log', await server.ask('GET', server.path('pods/listener/log')));
  });

  both('hands a terminal to the main process', async (server) => {
    await pod(server, 'person', {
      restartPolicy: 'Never',
      containers: [
        { name: 'main', image: 'registry.example/shell:1', command: ['sh'], stdin: true, stdinOnce: true, tty: true },
      ],
    });
    const attached = await accepted(server, 'person/attach', { stdin: true, stdout: true, tty: true });
    attached.send(channel.stdin, 'echo $((6*7)); exit 5\r');
    await attached.until(channel.stdout, /\n42\r\n/);
    const ended = await ending(attached);
    server.note('a shell', { ...(ended as object), stdout: undefined });
    const last = await server.until(server.path('pods/person'), ({ status }) => status?.phase === 'Failed');
    server.note('its exit', last.status.containerStatuses[0].state.terminated.exitCode);
  });
});

describe('port-forward on both servers', () => {
  both('carries bytes, and complaints', async (server) => {
    await pod(server, 'web', {
      containers: [{ name: 'proxy', image: proxyImage, args: ['--port=8000', '--vllm-port=8200'] }],
    });
    const listening = (): Promise<{ readonly exitCode: number }> =>
      server.target.admin.execOutput({
        namespace: server.namespace,
        pod: 'web',
        command: ['curl', '-s', '-o', '/dev/null', 'http://localhost:8000/health'],
        signal: AbortSignal.timeout(stepMs),
      });
    while ((await listening()).exitCode !== 0);
    const forwarded = await accepted(server, 'web/portforward', { ports: 8000 }, v4);
    forwarded.send(0, request);
    await forwarded.until(0, /HTTP\/1.1 \d+[\s\S]*\r\n\r\n/);
    server.note('data', {
      protocol: forwarded.protocol,
      preamble: forwarded.bytes(0).subarray(0, 2).toString('hex'),
      answer: /HTTP\/1.1 \d+ [\w ]+/.exec(forwarded.text(0))?.[0],
      errors: forwarded.bytes(1).toString('hex'),
    });
    forwarded.close();
    const refused = await accepted(server, 'web/portforward', { ports: 9 }, v4);
    await refused.until(1, /.../);
    server.note(
      'a port that nobody listens on',
      refused
        .text(1)
        .replaceAll(/\d+\.\d+\.\d+\.\d+/g, '<ip>')
        .replaceAll(/[0-9a-f]{64}/g, '<id>'),
    );
    refused.close();
    const several = await accepted(server, 'web/portforward', { ports: ['8000', '9'] }, v4);
    several.send(0, request);
    await several.until(0, /HTTP/);
    await several.until(3, /.../);
    server.note('two ports', [
      several.bytes(0).subarray(0, 2).toString('hex'),
      several.bytes(2).toString('hex'),
      several.bytes(3).subarray(0, 2).toString('hex'),
    ]);
    several.close();
  });

  both('is refused where it cannot be', async (server) => {
    await pod(server, 'web');
    await server.ask('POST', server.path('pods'), { body: idlePod('waiting') });
    server.note('no pod', await refusal(server, 'none/portforward', { ports: 80 }, v4));
    server.note('no node yet', await refusal(server, 'waiting/portforward', { ports: 80 }, v4));
    server.note('no port', await refusal(server, 'web/portforward', {}, v4));
    server.note('a port that is none', await refusal(server, 'web/portforward', { ports: 70_000 }, v4));
    server.note('an unknown protocol', await refusal(server, 'web/portforward', { ports: 80 }, ['v9.channel.k8s.io']));
    server.note(
      'without an upgrade',
      await server.ask('GET', server.path('pods/web/portforward'), { query: { ports: 80 } }),
    );
    const open = await accepted(server, 'web/portforward', { ports: 80 }, v4);
    await server.ask('DELETE', server.path('pods/web'), { body: { gracePeriodSeconds: 0 } });
    await server.until(server.path('pods/web'), (_, status) => status === 404);
    server.note('a pod that is gone', await refusal(server, 'web/portforward', { ports: 80 }, v4));
    open.close();
  });

  both('works through kubectl, by the tunnel', async (server) => {
    await pod(server, 'web', {
      containers: [{ name: 'proxy', image: proxyImage, args: ['--port=8000', '--vllm-port=8200'] }],
    });
    const kubectl = execa(
      process.env['KUBECTL_NEW'] ?? 'kubectl',
      [
        '--kubeconfig',
        server.target.kubeconfigPath,
        '--namespace',
        server.namespace,
        'port-forward',
        'pod/web',
        ':8000',
      ],
      { reject: false, timeout: stepMs },
    );
    const port = await new Promise<string>((resolve, reject) => {
      let said = '';
      kubectl.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = /127\.0\.0\.1:(\d+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      void kubectl.finally(() => reject(new Error(`${server.target.name}: kubectl port-forward ended: ${said}`)));
    });
    const answers: unknown[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(stepMs) });
      answers.push([response.status, (await response.text()).replaceAll(/\d+\.\d+\.\d+\.\d+/g, '<ip>')]);
    }
    server.note('three requests', answers);
    kubectl.kill();
    await kubectl;
  });
});
