import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder as a performance engineer has one: `.env`, and a `.gitignore` that keeps it and the big files out of git. */
export async function prepareWorkspace(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeIfAbsent(
    join(folder, '.env'),
    '# Tokens of the demo: no real service takes them.\nHF_TOKEN=hf_demo_token\nGH_TOKEN=gh_demo_token\nNAMESPACE=llm-d\n',
  );
  await writeIfAbsent(join(folder, '.gitignore'), '.env\nresults/\ntraces/\n.tmp/\n');
  await writeIfAbsent(
    join(folder, 'README.md'),
    [
      '# llm-d Workbench: a demo workspace',
      '',
      'Open the llm-d icon in the activity bar, then go round the loop:',
      '',
      ...whatToClick.map((line, index) => `${index + 1}. ${line}`),
      '',
    ].join('\n'),
  );
}

export const whatToClick: readonly string[] = [
  'Cluster: 24 of 32 GPUs are free, one node is cordoned.',
  'F1, "llm-d: Deploy...": Enter through the steps; the preview lists every object before anything is applied.',
  'Model Servers: watch the ranks load (about 30 s).',
  'F1, "llm-d: Open Poker Shell": a terminal in the cluster; "just" lists its recipes.',
  'F1, "llm-d: Toggle Live Figures" and "llm-d: Show Live Figures": what the servers do while a benchmark runs.',
  'F1, "llm-d: Run Benchmark...", then "llm-d: Show Results".',
  'F1, "llm-d: Profile All Decode Ranks...", then "llm-d: Copy Traces".',
  'Traces: open one in the summary or in Perfetto.',
];

async function writeIfAbsent(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
}

export interface RunFile {
  readonly id: string;
  readonly recipe: string;
  readonly state: string;
  readonly summary: string | null;
  readonly kind: string;
}

/** The runs that the workspace remembers, newest first. */
export async function runsOf(folder: string): Promise<readonly RunFile[]> {
  const results = join(folder, 'results');
  const ids = await readdir(results).catch(() => []);
  const runs = await Promise.all(
    ids.map(async (id) => {
      const text = await readFile(join(results, id, 'run.json'), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : { ...(JSON.parse(text) as RunFile), id };
    }),
  );
  return runs.filter((run) => run !== undefined).toSorted((a, b) => (a.id < b.id ? 1 : -1));
}
