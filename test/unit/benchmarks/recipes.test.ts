import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert as check, array, property, string } from 'fast-check';
import { parseGuidellmVersion } from '../../../src/benchmarks/recipes/guidellm.ts';
import { RECIPES, recipeById } from '../../../src/benchmarks/recipes/index.ts';
import type { GuidellmVersion, RecipeContext } from '../../../src/benchmarks/recipes/recipe.ts';
import { checkValues } from '../../../src/benchmarks/recipes/values.ts';
import { parseList, parseLook, runScript, shellWord } from '../../../src/benchmarks/remote/scripts.ts';
import { ENDPOINT } from './fake-cluster.ts';

function argvs(
  id: string,
  parameters: Record<string, string>,
  change: Partial<RecipeContext> = {},
): (readonly string[])[] {
  const recipe = recipeById(id);
  const values = checkValues(recipe, parameters);
  return recipe
    .steps({
      values,
      endpoint: ENDPOINT,
      target: { name: 'decode-0', ip: '10.0.0.7' },
      results: '/r',
      guidellm: [0, 5, 3],
      ...change,
    })
    .map((step) => step.argv);
}

const option = (argv: readonly string[] | undefined, name: string): string | undefined =>
  argv?.[argv.indexOf(name) + 1];

describe('recipes', () => {
  it('every recipe plans with its defaults, and its label tells runs apart', () => {
    for (const recipe of RECIPES) {
      assert.ok(argvs(recipe.id, {}).length > 0, recipe.id);
      const labels = recipe.parameters.map((parameter) =>
        recipe.label(checkValues(recipe, { [parameter.id]: parameter.kind === 'pod' ? 'some-pod' : '7' })),
      );
      assert.ok(new Set(labels).size > 1, recipe.id);
    }
  });

  it('a sweep is one command a level, each with its own result', () => {
    const runs = argvs('vllm-bench', { concurrency: '8, 64', requestsEach: '2' });
    assert.deepEqual(
      runs.map((argv) => [
        option(argv, '--max-concurrency'),
        option(argv, '--num-prompts'),
        option(argv, '--result-filename'),
      ]),
      [
        ['8', '16', '0.json'],
        ['64', '128', '1.json'],
      ],
    );
    assert.equal(option(runs[0], '--model'), 'a model');
  });

  it('guidellm is called as its version wants it', () => {
    const with_ = (guidellm: GuidellmVersion | undefined): readonly string[] | undefined =>
      argvs('guidellm', { concurrency: '4' }, { guidellm })[0];
    assert.deepEqual(with_([0, 7, 1])?.slice(0, 2), ['guidellm', 'benchmark']);
    for (const version of [[0, 7, 2], [0, 8, 0], [1, 0, 0], undefined] as const)
      assert.deepEqual(with_(version)?.slice(0, 2), ['guidellm', 'run'], String(version));
    assert.equal(
      option(with_([0, 7, 3]), '--backend'),
      'kind=openai_http,target=http://gateway.bench.svc,model=a model',
    );
    assert.equal(option(with_([0, 7, 3]), '--output'), 'kind=json,path=/r/0.json');
    assert.deepEqual(parseGuidellmVersion('guidellm version: 0.5.3\n'), [0, 5, 3]);
    assert.deepEqual(parseGuidellmVersion('0.8'), [0, 8, 0]);
    assert.equal(parseGuidellmVersion('unknown'), undefined);
  });

  it('an IPv6 pod is addressed in brackets', () => {
    assert.equal(
      option(argvs('one-instance', {}, { target: { name: 'p', ip: 'fd00::7' } })[0], '--base-url'),
      'http://[fd00::7]:8000',
    );
  });

  it('lm_eval asks all questions for a limit of 0', () => {
    assert.ok(!argvs('lm-eval', { limit: '0' })[0]?.includes('--limit'));
    assert.equal(option(argvs('lm-eval', { limit: '9' })[0], '--limit'), '9');
  });

  it('any argument reaches the command as it is', () => {
    check(
      property(
        array(
          string({ unit: 'grapheme', minLength: 0 }).map((word) => word.replaceAll('\0', '')),
          { minLength: 1, maxLength: 4 },
        ),
        (words) => {
          const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n--\\n' ${words.map(shellWord).join(' ')}`]);
          assert.equal(stdout.toString(), words.map((word) => `${word}\n--\n`).join(''));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the script of a run, with hostile names in it', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-script-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const names = [
    '$(touch PWNED)',
    '`touch PWNED`',
    '; touch PWNED',
    "'; touch PWNED; '",
    '"; touch PWNED; "',
    '| touch PWNED',
    '&& touch PWNED #',
    '\ntouch PWNED\n',
    "\\'$(touch PWNED)",
    '> PWNED',
    '--output=PWNED',
    '${IFS}touch${IFS}PWNED',
  ];
  for (const recipe of RECIPES) {
    it(`${recipe.id}: each of them reaches the tool as one argument, and nothing else is run or written`, async () => {
      const texts = recipe.parameters.filter(({ kind }) => kind !== 'pod');
      for (const name of names) {
        const steps = recipe
          .steps({
            values: checkValues(recipe, {}),
            endpoint: { ...ENDPOINT, model: name, baseUrl: `http://${name}` },
            target: { name, ip: name },
            results: join(folder, 'results'),
            guidellm: [0, 5, 3],
          })
          .map((step) => ({ title: `${step.title} ${name}`, argv: [...step.argv, ...texts.map(() => name)] }));
        for (const tool of new Set(steps.map(({ argv }) => argv[0] ?? '')))
          await writeFile(join(folder, tool), '#!/bin/sh\nprintf \'%s\\0\' "$@" >> "$SAID"\n', { mode: 0o755 });
        const said = join(folder, 'said');
        await writeFile(said, '');
        const { status } = spawnSync('sh', {
          cwd: folder,
          input: runScript(folder, steps),
          env: { PATH: `${folder}:${process.env['PATH']}`, SAID: said },
        });
        assert.equal(status, 0);
        assert.equal(await readFile(join(folder, 'exit'), 'utf8'), '0\n', name);
        assert.deepEqual(
          (await readFile(said, 'utf8')).split('\0').slice(0, -1),
          steps.flatMap(({ argv }) => argv.slice(1)),
          name,
        );
        assert.ok(!(await readdir(folder)).includes('PWNED'), name);
      }
    });
  }
});

describe('answers of a pod', () => {
  it('step and state', () => {
    assert.deepEqual(parseLook('2/3 concurrency 32\nrunning\n'), {
      step: '2/3 concurrency 32',
      state: { kind: 'running' },
    });
    assert.deepEqual(parseLook('\nexit 137\n'), { step: '', state: { kind: 'ended', exitCode: 137 } });
    assert.deepEqual(parseLook('\nlost\n')?.state, { kind: 'lost' });
    assert.equal(parseLook('sh: syntax error\n'), undefined);
  });

  it('files, with spaces in their names', () => {
    const sha = 'a'.repeat(64);
    assert.deepEqual(parseList(`  12 ${sha}  ./0.json\n7 ${sha}  ./a b/results 1.json\nnonsense\n`), [
      { size: 12, sha256: sha, path: '0.json' },
      { size: 7, sha256: sha, path: 'a b/results 1.json' },
    ]);
  });
});
