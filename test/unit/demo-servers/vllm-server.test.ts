import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { InMemoryFs } from 'just-bash';
import { bodyText, podRequest } from '../../../src/demo/programs/tools/load/pod-http.ts';
import { DemoPods } from '../../support/demo-server.ts';
import type { FakeContainer, FakeContainerOptions } from '../../support/fake-pod-network.ts';

const SMALL = 'Qwen/Qwen3-0.6B';
const R1 = 'deepseek-ai/DeepSeek-R1-0528';
const WIDE_EP =
  'exec vllm serve deepseek-ai/DeepSeek-R1-0528 --port 8200 --data-parallel-hybrid-lb --enable-expert-parallel --all2all-backend deepep_low_latency --data-parallel-size $((LWS_GROUP_SIZE * 8)) --data-parallel-size-local 8 --data-parallel-address $LWS_LEADER_ADDRESS --data-parallel-start-rank $((LWS_WORKER_INDEX * 8))';

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

interface Trace {
  readonly distributedInfo: { readonly rank: number; readonly world_size: number };
  readonly traceEvents: readonly {
    readonly cat?: string;
    readonly ph: string;
    readonly name: string;
    readonly ts: number;
    readonly dur?: number;
    readonly tid: number;
    readonly args?: Readonly<Record<string, unknown>>;
  }[];
}

describe('vLLM server', () => {
  let pods: DemoPods;
  beforeEach(() => {
    pods = new DemoPods();
  });
  afterEach(() => pods.stop());

  const call = async (ip: string, port: number, method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await podRequest(pods.network, 'demo', {
      method,
      url: new URL(`http://${ip}:${port}${path}`),
      signal: new AbortController().signal,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.statusCode, text: await bodyText(response) };
  };
  const serve = async (
    args: readonly string[],
    options: Partial<FakeContainerOptions> = {},
  ): Promise<FakeContainer> => {
    const { container } = pods.start({ command: ['vllm', 'serve', ...args], podIp: '10.0.0.5', ...options });
    await pods.listening(container.podIp, 8000);
    return container;
  };
  const wideEp = (
    index: number,
    options: Partial<FakeContainerOptions> = {},
  ): { readonly container: FakeContainer; readonly exit: Promise<number> } =>
    pods.start({
      command: ['/bin/bash', '-c', WIDE_EP],
      podIp: `10.0.1.${index + 1}`,
      pod: `wide-ep-0-${index}`,
      ...options,
      env: {
        LWS_GROUP_SIZE: '2',
        LWS_WORKER_INDEX: String(index),
        LWS_LEADER_ADDRESS: 'wide-ep-0.wide-ep.demo',
        ...options.env,
      },
    });

  describe('start-up', () => {
    it('refuses connections while it loads, writes its phases in order, then serves', async () => {
      const { container } = pods.start({ command: ['vllm', 'serve', SMALL], podIp: '10.0.0.5', speed: 200 });
      await assert.rejects(pods.network.connect('10.0.0.5', 8000, { namespace: 'demo' }), { code: 'ECONNREFUSED' });
      await pods.listening('10.0.0.5', 8000);
      const phases = [
        /INFO \d\d-\d\d \d\d:\d\d:\d\d \[api_server\.py:\d+\] vLLM API server version 0\.11\.0$/,
        /non-default args: \{'model_tag': 'Qwen\/Qwen3-0\.6B'/,
        /\(EngineCore_DP0 pid=\d+\) INFO .* Initializing a V1 LLM engine \(v0\.11\.0\) with config:/,
        /rank 0 in world size 1 is assigned as DP rank 0, PP rank 0, TP rank 0, EP rank 0$/,
        /Starting to load model Qwen\/Qwen3-0\.6B\.\.\.$/,
        /\rLoading safetensors checkpoint shards: 100% Completed \| 1\/1 \[00:\d\d<00:00,\s+[\d.]+it\/s\]$/,
        /Loading weights took [\d.]+ seconds$/,
        /Model loading took [\d.]+ GiB and [\d.]+ seconds$/,
        /torch\.compile takes [\d.]+ s in total$/,
        /Available KV cache memory: [\d.]+ GiB$/,
        /GPU KV cache size: [\d,]+ tokens$/,
        /Capturing CUDA graphs.*100%.* 67\/67 /,
        /Graph capturing finished in \d+ secs, took [\d.]+ GiB$/,
        /init engine \(profile, create kv cache, warmup model\) took [\d.]+ seconds$/,
        /\(APIServer pid=\d+\) INFO .* Starting vLLM API server 0 on http:\/\/0\.0\.0\.0:8000$/,
        /INFO: +Application startup complete\.$/,
      ];
      let from = 0;
      for (const phase of phases) {
        const found = container.lines.findIndex((line, index) => index >= from && phase.test(line));
        assert.ok(found >= from, `${phase} after line ${from}:\n${container.lines.join('\n')}`);
        from = found;
      }
    });

    it('names processes as the version does', async () => {
      const old = await serve([SMALL, '--tensor-parallel-size', '2']);
      assert.ok(old.lines.some((line) => /^\(Worker_TP0 pid=\d+\) .*Starting to load model/.test(line)));
      await pods.stop();
      pods = new DemoPods();
      const later = await serve([SMALL], { image: 'vllm/vllm-openai:v0.24.0' });
      assert.ok(later.lines.some((line) => /^\(EngineCore pid=\d+\) /.test(line)));
      assert.ok(later.lines.some((line) => /vLLM server version 0\.24\.0, serving model/.test(line)));
    });

    it('fails as a GPU without memory does, with the root before its echo', async () => {
      const { container, exit } = pods.start({ command: ['vllm', 'serve', SMALL], podIp: '10.0.0.5' });
      container.notes['demo.llm-d/fault'] = 'something-else, oom-while-loading';
      assert.equal(await exit, 1);
      const root = container.lines.findIndex((line) => line.includes('torch.OutOfMemoryError: CUDA out of memory'));
      const echo = container.lines.findIndex((line) => line.includes('Engine core initialization failed'));
      assert.ok(root >= 0 && echo > root);
    });

    it('says so when the model does not fit', async () => {
      const small = pods.start({ command: ['vllm', 'serve', R1], podIp: '10.0.0.5' });
      assert.equal(await small.exit, 1);
      assert.ok(
        small.container.lines.some((line) => line.includes('ValueError: No available memory for the cache blocks')),
      );
      const long = pods.start({
        command: [
          'vllm',
          'serve',
          'meta-llama/Llama-3.3-70B',
          '--tensor-parallel-size',
          '2',
          '--gpu-memory-utilization',
          '0.6',
          '--max-model-len',
          '131072',
        ],
        podIp: '10.0.0.6',
      });
      assert.equal(await long.exit, 1);
      assert.ok(
        long.container.lines.some((line) => /max seq len \(131072\), \([\d.]+ GiB KV cache is needed/.test(line)),
      );
    });

    it('hangs while it is asked to, and goes on when the fault is withdrawn', async () => {
      const { container } = pods.start({ command: ['vllm', 'serve', SMALL], podIp: '10.0.0.5' });
      container.notes['demo.llm-d/fault'] = 'hang-while-loading';
      while (
        !container.lines.some((line) => line.includes('No available shared memory broadcast block found in 60 seconds'))
      )
        await new Promise((resolve) => setTimeout(resolve, 5));
      delete container.notes['demo.llm-d/fault'];
      await pods.listening('10.0.0.5', 8000);
    });

    it('crashes under its first load when asked to', async () => {
      const running = pods.start({ command: ['vllm', 'serve', SMALL], podIp: '10.0.0.5' });
      await pods.listening('10.0.0.5', 8000);
      running.container.notes['demo.llm-d/fault'] = 'crash-serving';
      await assert.rejects(
        call('10.0.0.5', 8000, 'POST', '/v1/completions', { prompt: 'a', max_tokens: 30_000, ignore_eos: true }),
      );
      assert.equal(await running.exit, 1);
      await assert.rejects(pods.network.connect('10.0.0.5', 8000, { namespace: 'demo' }), { code: 'ECONNREFUSED' });
      assert.ok(running.container.lines.some((line) => line.includes('EngineCore encountered a fatal error')));
    });
  });

  describe('a group over two pods', () => {
    it('waits for both, shows each node once, and ends together', async () => {
      const worker = wideEp(1);
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.ok(
        !worker.container.lines.some((line) => line.includes('Loading weights')),
        'the worker waits for the leader',
      );
      const leader = wideEp(0);
      await pods.listening('10.0.1.1', 8200);
      await pods.listening('10.0.1.2', 8200);
      const loading = (lines: readonly string[]): number =>
        lines.filter((line) => line.includes('Loading weights took')).length;
      assert.deepEqual([loading(leader.container.lines), loading(worker.container.lines)], [1, 1]);
      assert.ok(leader.container.lines.some((line) => line.includes('Using DeepEPLL all2all manager.')));
      assert.ok(
        !worker.container.lines.some((line) => line.includes('Starting to load model')),
        'only global rank 0 says it',
      );
      assert.ok(
        worker.container.lines.some((line) => /^\(EngineCore_DP15 pid=\d+\) .*rank 15 in world size 16/.test(line)),
      );
      const metrics = (await call('10.0.1.2', 8200, 'GET', '/metrics')).text;
      assert.deepEqual(
        [...metrics.matchAll(/^vllm:num_requests_running\{engine="(\d+)"/gm)].map((match) => match[1]),
        ['8', '9', '10', '11', '12', '13', '14', '15'],
      );
      leader.container.stop();
      assert.equal(await worker.exit, 1);
      assert.ok(worker.container.lines.some((line) => line.includes('DeepEP timeout check failed: rank = 8')));
    });

    it('comes up again after both were restarted', async () => {
      const first = [wideEp(0), wideEp(1)];
      await pods.listening('10.0.1.1', 8200);
      for (const { container } of first) container.stop();
      await Promise.all(first.map(({ exit }) => exit));
      wideEp(0);
      wideEp(1);
      await pods.listening('10.0.1.1', 8200);
      assert.equal((await call('10.0.1.1', 8200, 'GET', '/health')).status, 200);
    });
  });

  describe('API', () => {
    it('answers health, version and models', async () => {
      await serve([SMALL, '--served-model-name', 'tiny', '--max-model-len', '4096']);
      assert.deepEqual(await call('10.0.0.5', 8000, 'GET', '/health'), { status: 200, text: '' });
      assert.deepEqual(JSON.parse((await call('10.0.0.5', 8000, 'GET', '/version')).text), { version: '0.11.0' });
      const { data } = JSON.parse((await call('10.0.0.5', 8000, 'GET', '/v1/models')).text) as {
        data: readonly Record<string, unknown>[];
      };
      assert.deepEqual([data[0]?.['id'], data[0]?.['root'], data[0]?.['max_model_len']], ['tiny', SMALL, 4096]);
      assert.equal((await call('10.0.0.5', 8000, 'GET', '/nothing')).status, 404);
      assert.equal((await call('10.0.0.5', 8000, 'GET', '/v1/completions')).status, 405);
      assert.equal((await call('10.0.0.5', 8000, 'POST', '/sleep')).status, 404, 'development routes are off');
    });

    it('completes with usage, and refuses what vLLM refuses', async () => {
      await serve([SMALL, '--max-model-len', '64']);
      const ask = (body: unknown): Promise<Answer> => call('10.0.0.5', 8000, 'POST', '/v1/completions', body);
      const done = JSON.parse(
        (await ask({ model: SMALL, prompt: 'one two three', max_tokens: 6, ignore_eos: true })).text,
      ) as Record<string, unknown> & { choices: readonly Record<string, unknown>[] };
      assert.deepEqual(done['usage'], {
        prompt_tokens: 3,
        total_tokens: 9,
        completion_tokens: 6,
        prompt_tokens_details: null,
      });
      assert.equal(done.choices[0]?.['finish_reason'], 'length');
      assert.equal((await ask({ model: 'other', prompt: 'x' })).status, 404);
      assert.equal((await ask('{')).status, 400);
      assert.equal((await ask({ prompt: 7 })).status, 400);
      assert.match((await ask({ prompt: 'w '.repeat(80) })).text, /maximum context length is 64 tokens/);
    });

    it('gives the same text for the same prompt, streamed or not, and stops at stop strings', async () => {
      await serve([SMALL]);
      const base = { model: SMALL, prompt: 'tell me a story', max_tokens: 20, ignore_eos: true };
      const whole =
        (
          JSON.parse((await call('10.0.0.5', 8000, 'POST', '/v1/completions', base)).text) as {
            choices: readonly { text: string }[];
          }
        ).choices[0]?.text ?? '';
      const events = sse(
        (
          await call('10.0.0.5', 8000, 'POST', '/v1/completions', {
            ...base,
            stream: true,
            stream_options: { include_usage: true },
          })
        ).text,
      );
      const chunks = events as readonly {
        choices: readonly { text: string }[];
        usage: { completion_tokens: number } | null;
      }[];
      assert.equal(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join(''), whole);
      assert.equal(chunks.at(-1)?.usage?.completion_tokens, 20);
      const word = whole.trim().split(' ')[4] ?? '';
      const stopped = JSON.parse(
        (await call('10.0.0.5', 8000, 'POST', '/v1/completions', { ...base, stop: [word] })).text,
      ) as { choices: readonly { text: string; finish_reason: string }[] };
      assert.equal(stopped.choices[0]?.finish_reason, 'stop');
      assert.equal(stopped.choices[0]?.text, whole.slice(0, whole.indexOf(word)));
    });

    it('chats, several choices at once', async () => {
      await serve([SMALL]);
      const body = {
        model: SMALL,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
        max_completion_tokens: 5,
        ignore_eos: true,
      };
      const whole = JSON.parse(
        (await call('10.0.0.5', 8000, 'POST', '/v1/chat/completions', { ...body, n: 2 })).text,
      ) as { choices: readonly { index: number; message: { role: string } }[]; usage: { completion_tokens: number } };
      assert.deepEqual(
        whole.choices.map((choice) => [choice.index, choice.message.role]),
        [
          [0, 'assistant'],
          [1, 'assistant'],
        ],
      );
      assert.equal(whole.usage.completion_tokens, 10);
      const events = sse(
        (await call('10.0.0.5', 8000, 'POST', '/v1/chat/completions', { ...body, stream: true })).text,
      ) as readonly { choices: readonly { delta: Record<string, string> }[] }[];
      assert.deepEqual(events[0]?.choices[0]?.delta, { role: 'assistant', content: '' });
    });

    it('completes a batch of prompts, and forgets it when the client leaves', async () => {
      const container = await serve([SMALL]);
      const prompts = Array.from({ length: 16 }, (_, index) => `prompt ${index}`);
      const whole = JSON.parse(
        (await call('10.0.0.5', 8000, 'POST', '/v1/completions', { prompt: prompts, max_tokens: 3, ignore_eos: true }))
          .text,
      ) as { choices: readonly { index: number }[]; usage: { completion_tokens: number } };
      assert.deepEqual(
        whole.choices.map((choice) => choice.index),
        prompts.map((_, index) => index),
      );
      assert.equal(whole.usage.completion_tokens, 48);
      const leaving = new AbortController();
      const cut = podRequest(pods.network, 'demo', {
        method: 'POST',
        url: new URL('http://10.0.0.5:8000/v1/completions'),
        body: JSON.stringify({ prompt: prompts, max_tokens: 30_000, ignore_eos: true }),
        signal: leaving.signal,
      });
      setTimeout(() => leaving.abort(), 50);
      await assert.rejects(cut);
      let metrics = '';
      do metrics = (await call('10.0.0.5', 8000, 'GET', '/metrics')).text;
      while (!/finished_reason="abort",.*\} 16\.0$/m.test(metrics));
      assert.match(metrics, /^vllm:num_requests_running\{.*\} 0\.0$/m);
      container.stop();
      while (!container.lines.some((line) => line.includes('Application shutdown complete.')))
        await new Promise((resolve) => setTimeout(resolve, 5));
    });

    it('scores a prompt with echo and logprobs', async () => {
      await serve([SMALL]);
      const { text } = await call('10.0.0.5', 8000, 'POST', '/v1/completions', {
        model: SMALL,
        prompt: 'a b a b',
        max_tokens: 1,
        echo: true,
        logprobs: 1,
      });
      const [choice] = (
        JSON.parse(text) as {
          choices: readonly {
            text: string;
            logprobs: { tokens: readonly string[]; token_logprobs: readonly (number | null)[] };
          }[];
        }
      ).choices;
      assert.ok(choice?.text.startsWith('a b a b'));
      assert.deepEqual(choice?.logprobs.tokens, ['a', ' b', ' a', ' b']);
      assert.equal(choice?.logprobs.token_logprobs[0], null);
      assert.ok(choice?.logprobs.token_logprobs.slice(1).every((value) => value !== null && value < 0));
    });

    it('counts in its metrics what it did, from zero at a restart', async () => {
      const value = async (name: string): Promise<number> =>
        Number(
          new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec((await call('10.0.0.5', 8000, 'GET', '/metrics')).text)?.[1],
        );
      const container = await serve([SMALL]);
      await call('10.0.0.5', 8000, 'POST', '/v1/completions', { prompt: 'a b c', max_tokens: 7, ignore_eos: true });
      assert.deepEqual([await value('vllm:prompt_tokens_total'), await value('vllm:generation_tokens_total')], [3, 7]);
      assert.equal(await value('vllm:time_to_first_token_seconds_count'), 1);
      assert.equal(await value('vllm:inter_token_latency_seconds_count'), 6);
      assert.equal(await value('vllm:request_success_total'), 0, 'the first reason is stop');
      const { text } = await call('10.0.0.5', 8000, 'GET', '/metrics');
      assert.match(
        text,
        /^vllm:request_success_total\{engine="0",finished_reason="length",model_name="Qwen\/Qwen3-0\.6B"\} 1\.0$/m,
      );
      for (const [, name] of text.matchAll(/^# TYPE (\S+) histogram$/gm)) {
        const counts = [...text.matchAll(new RegExp(`^${name}_bucket\\{.*\\} (\\S+)$`, 'gm'))].map((match) =>
          Number(match[1]),
        );
        assert.deepEqual(
          counts,
          counts.toSorted((left, right) => left - right),
          `${name} is cumulative`,
        );
        assert.equal(counts.at(-1), Number(new RegExp(`^${name}_count\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1]));
      }
      container.stop();
      await pods.silent('10.0.0.5', 8000);
      await serve([SMALL]);
      assert.equal(await value('vllm:generation_tokens_total'), 0);
    });

    it('serves each rank on a port of its own behind a supervisor', async () => {
      await serve([SMALL, '--data-parallel-size', '2', '--data-parallel-multi-port-external-lb'], {
        image: 'ghcr.io/llm-d/llm-d-cuda:v0.8.0',
      });
      for (const port of [8000, 8001, 8002]) {
        await pods.listening('10.0.0.5', port);
        assert.equal((await call('10.0.0.5', port, 'GET', '/health')).status, 200);
      }
      await call('10.0.0.5', 8001, 'POST', '/v1/completions', { prompt: 'a', max_tokens: 2, ignore_eos: true });
      assert.match(
        (await call('10.0.0.5', 8001, 'GET', '/metrics')).text,
        /^vllm:generation_tokens_total\{engine="1",.*\} 2\.0$/m,
      );
      assert.doesNotMatch((await call('10.0.0.5', 8000, 'GET', '/metrics')).text, /engine="1"/);
    });
  });

  describe('profiler', () => {
    const env = { VLLM_TORCH_PROFILER_DIR: '/traces' };
    const files = (fs: InMemoryFs): readonly string[] =>
      fs.getAllPaths().filter((path) => path.endsWith('.pt.trace.json.gz'));
    const read = async (fs: InMemoryFs, path: string): Promise<Trace> =>
      JSON.parse(gunzipSync(await fs.readFileBuffer(path)).toString('utf8')) as Trace;

    it('writes a trace a rank whose barriers end together', async function () {
      this.timeout(60_000);
      const fs = new InMemoryFs();
      wideEp(0, { fs, env });
      wideEp(1, { fs, env });
      await pods.listening('10.0.1.1', 8200);
      const load = Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          call('10.0.1.1', 8200, 'POST', '/v1/completions', { prompt: `a ${index}`, max_tokens: 30, ignore_eos: true }),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.deepEqual(await call('10.0.1.1', 8200, 'POST', '/start_profile'), { status: 200, text: '' });
      assert.equal((await call('10.0.1.1', 8200, 'POST', '/start_profile')).status, 500, 'a second start');
      await load;
      assert.equal((await call('10.0.1.1', 8200, 'POST', '/stop_profile')).status, 200);
      const paths = files(fs);
      assert.equal(paths.length, 8);
      assert.match(paths[0] ?? '', /^\/traces\/dp\d_pp0_tp0_dcp0_ep\d_rank0\.\d{19}\.pt\.trace\.json\.gz$/);
      const traces = await Promise.all(paths.slice(0, 3).map((path) => read(fs, path)));
      const ends = traces.map(({ traceEvents }) =>
        traceEvents
          .filter((event) => event.cat === 'kernel' && event.name.includes('deep_ep'))
          .map((event) => event.ts + (event.dur ?? 0)),
      );
      assert.ok((ends[0]?.length ?? 0) >= 2 * 58);
      for (const other of ends.slice(1))
        other.forEach((end, index) =>
          assert.ok(Math.abs(end - (ends[0]?.[index] ?? 0)) < 1.5, 'barriers within 1.5 us'),
        );
      for (const trace of traces) checkTrace(trace);
      assert.deepEqual(
        traces.map((trace) => trace.distributedInfo.world_size),
        [16, 16, 16],
      );
    });

    it('does not exist where it is not configured, or disabled by a fault', async () => {
      await serve([SMALL]);
      assert.equal((await call('10.0.0.5', 8000, 'POST', '/start_profile')).status, 404);
      await pods.stop();
      pods = new DemoPods();
      const container = await serve([SMALL], { env });
      assert.equal((await call('10.0.0.5', 8000, 'POST', '/stop_profile')).status, 500, 'stop before start');
      container.notes['demo.llm-d/fault'] = 'profiling-disabled';
      assert.equal((await call('10.0.0.5', 8000, 'POST', '/start_profile')).status, 404);
    });

    it('leaves a cut file when the disk is full, and none at all where the fault says so', async () => {
      const fs = new InMemoryFs();
      const { container } = pods.start({
        command: ['/bin/bash', '-c', WIDE_EP],
        fs,
        podIp: '10.0.1.1',
        env: { ...env, LWS_GROUP_SIZE: '1', LWS_WORKER_INDEX: '0', LWS_LEADER_ADDRESS: 'x' },
      });
      await pods.listening('10.0.1.1', 8200);
      const profile = async (fault: string): Promise<Answer> => {
        container.notes['demo.llm-d/fault'] = fault;
        await call('10.0.1.1', 8200, 'POST', '/start_profile');
        await call('10.0.1.1', 8200, 'POST', '/v1/completions', { prompt: 'a', max_tokens: 10, ignore_eos: true });
        return await call('10.0.1.1', 8200, 'POST', '/stop_profile');
      };
      assert.equal((await profile('no-traces')).status, 200);
      assert.deepEqual([files(fs), await fs.exists('/traces')], [[], false]);
      const full = await profile('disk-full');
      assert.equal(full.status, 500);
      assert.match(full.text, /No space left on device/);
      const [path] = files(fs);
      const bytes = await fs.readFileBuffer(path ?? '');
      assert.throws(() => gunzipSync(bytes), /unexpected end of file/);
      assert.equal((await call('10.0.1.1', 8200, 'GET', '/health')).status, 200);
    });
  });
});

function sse(text: string): readonly unknown[] {
  const events = text.split('\n\n').filter((event) => event !== '');
  assert.equal(events.at(-1), 'data: [DONE]');
  return events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)) as unknown);
}

/** Kernels of a stream follow one another, every launch's correlation has its kernels, and steps hold work. */
function checkTrace({ traceEvents }: Trace): void {
  const byStream = new Map<number, { readonly ts: number; readonly dur: number }[]>();
  const launched = new Set<unknown>();
  for (const event of traceEvents) {
    if (event.cat === 'cuda_runtime' || event.cat === 'cuda_driver') launched.add(event.args?.['correlation']);
    if (event.cat !== 'kernel') continue;
    const stream = byStream.get(event.tid) ?? [];
    stream.push({ ts: event.ts, dur: event.dur ?? 0 });
    byStream.set(event.tid, stream);
  }
  for (const events of byStream.values()) {
    events.sort((left, right) => left.ts - right.ts);
    events.forEach((event, index) => assert.ok(event.ts + event.dur <= (events[index + 1]?.ts ?? Infinity) + 0.001));
  }
  for (const event of traceEvents) if (event.cat === 'kernel') assert.ok(launched.has(event.args?.['correlation']));
  const steps = traceEvents.filter((event) => event.cat === 'gpu_user_annotation');
  assert.ok(steps.length > 0);
  for (const step of steps) assert.match(step.name, /^execute_context_\d+\(\d+\)_generation_\d+\(\d+\)$/);
}
