import assert from 'node:assert/strict';
import { array, assert as assertProperty, constantFrom, oneof, property, string } from 'fast-check';
import { gzipSync } from 'node:zlib';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { rankFromName } from '../../../src/traces/local/sets.ts';
import { looksEnded, TAIL_BYTES } from '../../../src/traces/remote/completeness.ts';
import { profilerFolderOf } from '../../../src/traces/remote/profiler-folder.ts';
import { safeRelativePaths } from '../../../src/traces/remote/safe-path.ts';

function pod(...containers: readonly object[]): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers } };
}

describe('where a profiler writes', () => {
  for (const [title, container, folder] of [
    [
      'an argument with JSON',
      { args: ['serve', '--profiler-config', '{"profiler":"torch","torch_profiler_dir":"/scratch/t"}'] },
      '/scratch/t',
    ],
    [
      'an argument with = and JSON',
      { args: ['--profiler-config={"torch_profiler_dir": "/a b", "profiler": "torch"}'] },
      '/a',
    ],
    ['a dotted argument', { args: ['--profiler-config.torch_profiler_dir=/dotted'] }, '/dotted'],
    [
      'a shell line with escaped JSON',
      {
        command: [
          '/bin/sh',
          '-c',
          'exec vllm serve m \\\n --profiler-config "{\\"profiler\\": \\"torch\\", \\"torch_profiler_dir\\": \\"/shell\\"}"',
        ],
      },
      '/shell',
    ],
    ['the old variable', { env: [{ name: 'VLLM_TORCH_PROFILER_DIR', value: '/old' }] }, '/old'],
    ['nothing', {}, '/traces'],
    ['a relative folder', { args: ['--profiler-config.torch_profiler_dir=./here'] }, '/traces'],
  ] as const) {
    it(`is read from ${title}`, () => {
      assert.deepEqual(profilerFolderOf(pod({ name: 'vllm', ...container })), { container: 'vllm', folder });
    });
  }

  it('is that of the container that names it, or mounts the default, before the first', () => {
    assert.deepEqual(
      profilerFolderOf(
        pod({ name: 'proxy' }, { name: 'vllm', env: [{ name: 'VLLM_TORCH_PROFILER_DIR', value: '/t' }] }),
      ),
      { container: 'vllm', folder: '/t' },
    );
    assert.deepEqual(
      profilerFolderOf(pod({ name: 'proxy' }, { name: 'vllm', volumeMounts: [{ mountPath: '/traces' }] })),
      { container: 'vllm', folder: '/traces' },
    );
    assert.equal(profilerFolderOf(pod()), undefined);
  });
});

describe('the end of a trace file', () => {
  const json = `{"traceEvents": [${'{"ph": "X", "args": {"a": 1}},\n'.repeat(200)}{}],\n "traceName": "/t.json"}\n`;
  const packed = gzipSync(json);

  it('is seen when it is there', () => {
    assert.ok(looksEnded('/t.json', json.length, Buffer.from(json).subarray(-TAIL_BYTES)));
    assert.ok(looksEnded('/t.json', 20, Buffer.from('{"traceEvents": [ ]\n}')));
    assert.ok(looksEnded('/t.json.gz', packed.length, packed.subarray(-TAIL_BYTES)));
  });

  it('is missed in JSON that was cut anywhere', () => {
    for (let length = 1; length < json.length - 2; length++) {
      assert.ok(
        !looksEnded('/t.json', length, Buffer.from(json.slice(0, length)).subarray(-TAIL_BYTES)),
        `cut at ${length}`,
      );
    }
  });

  it('is missed in gzip that was cut, mostly: four bytes are not much', () => {
    let missed = 0;
    for (let length = 1; length < packed.length; length++)
      if (!looksEnded('/t.json.gz', length, packed.subarray(0, length).subarray(-TAIL_BYTES))) missed++;
    assert.ok(missed > 0.95 * packed.length, `${missed} of ${packed.length}`);
  });
});

describe('local names of remote files', () => {
  const hostile = array(
    oneof(
      constantFrom('..', '.', 'a', 'A', 'con', 'x.json', 'a\nb', '\u202Egpj', 'a\\b', ' ', 'a:b'),
      string({ unit: 'binary' }),
    ),
    { minLength: 1, maxLength: 5 },
  ).map((parts) => `/${parts.join('/')}`);

  it('are relative, distinct, and free of what could lead elsewhere', () => {
    assertProperty(
      property(array(hostile, { minLength: 1, maxLength: 12 }), (paths) => {
        const names = safeRelativePaths(paths);
        assert.equal(names.length, paths.length);
        assert.equal(new Set(names.map((name) => name.toLowerCase())).size, names.length);
        for (const name of names) {
          for (const part of name.split('/')) {
            assert.ok(
              part !== '' && !part.startsWith('.') && !/[. ]$/.test(part) && part.length <= 200,
              JSON.stringify(name),
            );
            assert.doesNotMatch(part, /[\p{Cc}\p{Cf}\\:*?"<>|]/u);
          }
        }
      }),
    );
  });

  it('keep ordinary names', () => {
    assert.deepEqual(
      safeRelativePaths(['/traces/dp0_pp0_tp0_rank0.1.pt.trace.json.gz', '/traces/capture_traces/a.json.gz']),
      ['dp0_pp0_tp0_rank0.1.pt.trace.json.gz', 'capture_traces/a.json.gz'],
    );
  });

  it('tell the rank where they can', () => {
    assert.equal(rankFromName('decode-0/dp5_pp0_tp0_dcp0_ep5_rank0.17.pt.trace.json.gz'), 5);
    assert.equal(rankFromName('decode-0/dp5_pp0_tp1_dcp0_ep5_rank1.17.pt.trace.json.gz'), null);
    assert.equal(rankFromName('decode-0/host-rank-3.17.pt.trace.json.gz'), 3);
    assert.equal(rankFromName('decode-0/host.async_llm.17.pt.trace.json.gz'), null);
  });
});
