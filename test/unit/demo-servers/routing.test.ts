import assert from 'node:assert/strict';
import { vllmCommand } from '../../../src/demo/programs/tools/vllm/command.ts';
import { bodyText, podRequest } from '../../../src/demo/programs/tools/load/pod-http.ts';
import type { PoolEndpoint, PoolView } from '../../../src/demo/nodes/types.ts';
import { InMemoryFs } from 'just-bash';
import { DemoPods } from '../../support/demo-server.ts';
import { fakeContainer } from '../../support/fake-pod-network.ts';
import { runTool } from '../../support/shell-io.ts';

const MODEL = 'Qwen/Qwen3-0.6B';
const GATEWAY = '10.0.1.1';
const KV = '{"kv_connector":"NixlConnector","kv_role":"kv_both"}';

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

describe('gateway, endpoint picker and routing proxy', () => {
  let endpoints: PoolEndpoint[];
  let pods: DemoPods;
  const pool = (): PoolView => ({ name: 'deepseek-r1', namespace: 'demo', targetPorts: [8000], endpoints });

  beforeEach(async () => {
    endpoints = [];
    pods = new DemoPods({ resolvePool: () => pool() });
    pods.start({
      image: 'docker.io/istio/proxyv2:1.28.0',
      command: ['proxy', 'router'],
      podIp: GATEWAY,
      pod: 'gw',
      labels: { 'gateway.networking.k8s.io/gateway-name': 'wide-ep-inference-gateway' },
    });
    await pods.listening(GATEWAY, 80);
  });
  afterEach(() => pods.stop());

  const decode = async (ip: string): Promise<void> => {
    pods.start({
      command: ['vllm', 'serve', MODEL, '--port', '8200', '--kv-transfer-config', KV],
      podIp: ip,
      pod: `decode-${ip}`,
    });
    pods.start({
      image: 'ghcr.io/llm-d/llm-d-routing-sidecar:v0.3.0',
      command: ['--port=8000', '--vllm-port=8200', '--connector=nixlv2'],
      podIp: ip,
      pod: `decode-${ip}`,
    });
    await pods.listening(ip, 8200);
    await pods.listening(ip, 8000);
    endpoints.push({ pod: `decode-${ip}`, ip, labels: { 'llm-d.ai/role': 'decode' }, ready: true });
  };
  const prefill = async (ip: string): Promise<void> => {
    pods.start({
      command: ['vllm', 'serve', MODEL, '--port', '8000', '--kv-transfer-config', KV],
      podIp: ip,
      pod: `prefill-${ip}`,
    });
    await pods.listening(ip, 8000);
    endpoints.push({ pod: `prefill-${ip}`, ip, labels: { 'llm-d.ai/role': 'prefill' }, ready: true });
  };
  const ask = async (url: string, body?: unknown): Promise<Answer> => {
    const response = await podRequest(pods.network, 'demo', {
      method: body === undefined ? 'GET' : 'POST',
      url: new URL(url),
      signal: new AbortController().signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: response.statusCode, text: await bodyText(response) };
  };
  const counter = async (ip: string, port: number, name: string): Promise<number> => {
    const { text } = await ask(`http://${ip}:${port}/metrics`);
    return Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1]);
  };

  it('answers 503 in the words of Envoy while no pod is ready', async () => {
    assert.deepEqual(await ask(`http://${GATEWAY}/v1/models`), { status: 503, text: 'no healthy upstream' });
  });

  it('sends the prompt to a prefill pod and lets the decode pod pull its cache', async () => {
    await decode('10.0.2.1');
    await prefill('10.0.3.1');
    const { status, text } = await ask(`http://${GATEWAY}/v1/completions`, {
      model: MODEL,
      prompt: 'one two three four five six seven',
      max_tokens: 5,
      ignore_eos: true,
    });
    assert.equal(status, 200);
    assert.equal((JSON.parse(text) as { usage: { completion_tokens: number } }).usage.completion_tokens, 5);
    assert.equal(await counter('10.0.3.1', 8000, 'vllm:generation_tokens_total'), 1, 'the prefill pod makes one token');
    assert.equal(await counter('10.0.2.1', 8200, 'vllm:generation_tokens_total'), 5);
    assert.equal(await counter('10.0.3.1', 8000, 'vllm:prompt_tokens_total'), 7);
  });

  it('spreads a benchmark over the ready pods and follows a pod that leaves', async () => {
    await decode('10.0.2.1');
    await decode('10.0.2.2');
    const poker = fakeContainer({ network: pods.network, fs: new InMemoryFs(), command: [] });
    const run = await runTool(
      vllmCommand,
      [
        'bench',
        'serve',
        '--base-url',
        `http://${GATEWAY}`,
        '--model',
        MODEL,
        '--num-prompts',
        '40',
        '--max-concurrency',
        '8',
        '--random-input-len',
        '20',
        '--random-output-len',
        '10',
        '--ignore-eos',
      ],
      poker,
    );
    assert.match(run.stdout, /Successful requests: +40/);
    for (const ip of ['10.0.2.1', '10.0.2.2'])
      assert.ok((await counter(ip, 8200, 'vllm:generation_tokens_total')) >= 100);
    endpoints = endpoints.map((endpoint) => (endpoint.ip === '10.0.2.1' ? { ...endpoint, ready: false } : endpoint));
    const before = await counter('10.0.2.1', 8200, 'vllm:generation_tokens_total');
    await ask(`http://${GATEWAY}/v1/completions`, { prompt: 'hello', max_tokens: 3 });
    assert.equal(await counter('10.0.2.1', 8200, 'vllm:generation_tokens_total'), before);
  });

  it('keeps requests of one prefix on one pod when an endpoint picker runs, and tells its metrics', async () => {
    await decode('10.0.2.1');
    await decode('10.0.2.2');
    pods.start({
      image: 'ghcr.io/llm-d/llm-d-inference-scheduler:v0.3.2',
      command: ['/app/epp', '--pool-name', 'deepseek-r1', '--pool-namespace', 'demo', '--metrics-endpoint-auth=false'],
      podIp: '10.0.4.1',
      pod: 'epp',
    });
    await pods.listening('10.0.4.1', 9002);
    const prefix = 'word '.repeat(300);
    for (let turn = 0; turn < 6; turn += 1)
      await ask(`http://${GATEWAY}/v1/completions`, { prompt: `${prefix}${turn}`, max_tokens: 2, ignore_eos: true });
    const counts = [
      await counter('10.0.2.1', 8200, 'vllm:generation_tokens_total'),
      await counter('10.0.2.2', 8200, 'vllm:generation_tokens_total'),
    ];
    assert.deepEqual(
      counts.toSorted((left, right) => left - right),
      [0, 12],
    );
    const { text } = await ask('http://10.0.4.1:9090/metrics');
    assert.match(text, /^inference_pool_ready_pods\{name="deepseek-r1"\} 2$/m);
    assert.match(text, /^inference_pool_average_kv_cache_utilization\{name="deepseek-r1"\} 0$/m);
    assert.match(
      text,
      /^inference_pool_per_pod_queue_size\{model_server_pod="decode-10\.0\.2\.2",name="deepseek-r1"\} 0$/m,
    );
    assert.match(text, /^inference_objective_request_total\{.*\} 6$/m);
  });

  it("tells an endpoint picker's metrics in the names of its release, and to nobody unless started so", async () => {
    await decode('10.0.2.1');
    const picker = async (ip: string, image: string, ...flags: string[]): Promise<Answer> => {
      pods.start({
        image,
        command: ['/app/epp', '--pool-name', 'deepseek-r1', '--pool-namespace', 'demo', ...flags],
        podIp: ip,
        pod: `epp-${ip}`,
      });
      await pods.listening(ip, 9090);
      return ask(`http://${ip}:9090/metrics`);
    };
    assert.deepEqual(await picker('10.0.4.1', 'ghcr.io/llm-d/llm-d-inference-scheduler:v0.5.0'), {
      status: 401,
      text: 'Unauthorized\n',
    });
    assert.doesNotMatch(
      (await picker('10.0.4.2', 'ghcr.io/llm-d/llm-d-inference-scheduler:v0.5.0', '--metrics-endpoint-auth=false'))
        .text,
      /llm_d_epp_/,
    );
    const { text } = await picker(
      '10.0.4.3',
      'ghcr.io/llm-d/llm-d-router-endpoint-picker:v0.9.0',
      '--metrics-endpoint-auth=false',
    );
    for (const name of ['llm_d_epp_ready_endpoints', 'inference_pool_ready_pods'])
      assert.match(text, new RegExp(`^${name}\\{name="deepseek-r1"\\} 1$`, 'm'));
  });

  it('answers /health for a model server that still loads', async () => {
    pods.start({
      image: 'ghcr.io/llm-d/llm-d-routing-sidecar:v0.3.0',
      command: ['--port=8000', '--vllm-port=8200'],
      podIp: '10.0.2.9',
      pod: 'loading',
    });
    await pods.listening('10.0.2.9', 8000);
    assert.equal((await ask('http://10.0.2.9:8000/health')).status, 200);
    assert.equal((await ask('http://10.0.2.9:8000/v1/models')).status, 502);
  });
});
