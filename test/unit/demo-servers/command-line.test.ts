import assert from 'node:assert/strict';
import { findInvocation, mentionsServe, splitWords } from '../../../src/demo/programs/servers/vllm/command-line.ts';
import { parseVllmArgs } from '../../../src/demo/programs/servers/vllm/args.ts';
import { vllmVersion } from '../../../src/demo/programs/servers/vllm/version.ts';

const GUIDE = `
# Clear /dev/shm on start to prevent running out of space when crashes occur
find /dev/shm -type f -delete; echo "starting; now"
#################
# RANK-BASED TOPOLOGY
#################
START_RANK=$(( \${LWS_WORKER_INDEX:-0} * DP_SIZE_LOCAL ))
if [ -n "\${EXTRA:-}" ]; then
  export MAX=512
else
  MAX=64
fi
if [ "\${LWS_WORKER_INDEX:-0}" -eq 0 ]; then ROLE="leader"; else ROLE="worker"; fi
exec vllm serve \\
  deepseek-ai/DeepSeek-R1-0528 \\
  --port 8200 \\
  --trust-remote-code \\
  --disable-uvicorn-access-log \\
  --data-parallel-hybrid-lb \\
  --enable-expert-parallel \\
  --tensor-parallel-size $TP_SIZE \\
  --data-parallel-size $((LWS_GROUP_SIZE * DP_SIZE_LOCAL)) \\
  --data-parallel-size-local $DP_SIZE_LOCAL \\
  --data-parallel-address \${LWS_LEADER_ADDRESS} \\
  --data-parallel-rpc-port 5555 \\
  --data-parallel-start-rank $START_RANK \\
  --kv_transfer_config '{"kv_connector":"NixlConnector", "kv_role":"kv_both"}' \\
  --max-num-seqs "$MAX" --served-model-name a b --gpu-memory-utilization=0.75 $NOTHING
`;
const ENV = {
  DP_SIZE_LOCAL: '8',
  TP_SIZE: '1',
  LWS_GROUP_SIZE: '2',
  LWS_WORKER_INDEX: '1',
  LWS_LEADER_ADDRESS: 'wide-ep-0.wide-ep.ns',
};

describe('vLLM command line', () => {
  it('evaluates the script of the wide-EP guide', () => {
    const invocation = findInvocation(['/bin/bash', '-c', GUIDE], ENV);
    assert.ok(invocation);
    const config = parseVllmArgs(invocation.args, invocation.env, vllmVersion('ghcr.io/llm-d/llm-d-cuda:v0.3.0'));
    assert.equal(config.model, 'deepseek-ai/DeepSeek-R1-0528');
    assert.deepEqual([config.port, config.dataParallel, config.dataParallelLocal, config.startRank], [8200, 16, 8, 8]);
    assert.equal(config.leaderAddress, 'wide-ep-0.wide-ep.ns');
    assert.deepEqual(
      [config.loadBalancing, config.expertParallel, config.kvConnector],
      ['hybrid', true, 'NixlConnector'],
    );
    assert.deepEqual([config.maxNumSeqs, config.gpuMemoryUtilization], [64, 0.75]);
    assert.deepEqual(config.servedModelNames, ['a', 'b']);
    assert.equal(invocation.env['ROLE'], 'worker');
  });

  it('follows conditions', () => {
    const invocation = findInvocation(['sh', '-lc', GUIDE], { ...ENV, EXTRA: 'yes', LWS_WORKER_INDEX: '0' });
    assert.equal(invocation?.env['MAX'], '512');
    assert.equal(invocation?.env['ROLE'], 'leader');
  });

  it('finds the server in plain commands', () => {
    assert.deepEqual(findInvocation(['vllm', 'serve', 'm', '--port', '1'], {})?.args, ['m', '--port', '1']);
    assert.deepEqual(
      findInvocation(['python3', '-m', 'vllm.entrypoints.openai.api_server', '--model', 'm'], {})?.args,
      ['--model', 'm'],
    );
    assert.equal(findInvocation(['sleep', 'infinity'], {}), undefined);
    assert.equal(findInvocation(['bash', '-c', 'if [ -n "$NO" ]; then vllm serve m; fi'], {}), undefined);
    assert.ok(mentionsServe(['bash', '-c', GUIDE]));
    assert.equal(mentionsServe(['sleep', 'infinity']), false);
  });

  it('splits words as bash does', () => {
    const env = { A: 'x y', B: '', N: '3' };
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['a "b c" \'d e\'', ['a', 'b c', 'd e']],
      ['$A "$A"', ['x', 'y', 'x y']],
      ['$B "$B"', ['']],
      ['${B:-d e} "${B:-d e}" ${A:+set} ${B:+set}', ['d', 'e', 'd e', 'set']],
      ['$((N * 2 + (N - 1))) $((-N)) $(( ${M:-4} / N % 2 ))', ['8', '-3', '1']],
      ['a\\ b "q\\"q" \'$A\'', ['a b', 'q"q', '$A']],
      ['--x={"a":1}', ['--x={a:1}']],
      ['pre$N-post', ['pre3-post']],
    ];
    for (const [text, words] of cases) assert.deepEqual(splitWords(text, env), words, text);
  });

  it('knows profiling by version', () => {
    const directory = (
      image: string,
      args: readonly string[],
      env: Readonly<Record<string, string>>,
    ): string | undefined => parseVllmArgs(args, env, vllmVersion(image)).profilerDirectory;
    const env = { VLLM_TORCH_PROFILER_DIR: '/traces' };
    const flag = ['m', '--profiler-config', '{"profiler":"torch","torch_profiler_dir":"/p"}'];
    assert.equal(directory('vllm/vllm-openai:v0.11.0', ['m'], env), '/traces');
    assert.equal(directory('vllm/vllm-openai:v0.11.0', flag, {}), undefined);
    assert.equal(directory('vllm/vllm-openai:v0.14.1', flag, env), '/p');
    assert.equal(directory('vllm/vllm-openai:v0.14.1', ['m'], env), '/traces');
    assert.equal(directory('vllm/vllm-openai:v0.17.1', ['m'], env), undefined);
  });

  it('tells the version from the image', () => {
    for (const [image, text] of [
      ['vllm/vllm-openai:v0.14.1', '0.14.1'],
      ['ghcr.io/llm-d/llm-d-cuda:v0.5.0', '0.14.1'],
      ['ghcr.io/llm-d/llm-d-cuda:v0.4.0', '0.12.0'],
      ['somewhere:5000/x', '0.11.0'],
      ['x@sha256:00', '0.11.0'],
    ])
      assert.equal(vllmVersion(image ?? '').text, text, image);
  });
});
