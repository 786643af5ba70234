import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What one of four parallel guidellm workers wrote, its requests repeated with prompts and answers of real length until the file has about so many bytes. */
export async function writeWorkerResult(path: string, index: number, bytes: number): Promise<void> {
  const text = await readFile(new URL(`../fixtures/benchmarks/parallel-0.7.3/${index}.json`, import.meta.url), 'utf8');
  const document = JSON.parse(text) as {
    benchmarks: [
      { metrics: { request_totals: { successful: number } }; requests: { successful: Record<string, unknown>[] } },
    ];
  };
  const [benchmark] = document.benchmarks;
  const samples = benchmark.requests.successful;
  const padding = {
    output: 'tok \u00e9 '.repeat(400),
    request_args: JSON.stringify({ messages: [{ role: 'user', content: 'word '.repeat(500) }] }),
  };
  const requests = samples.map((sample) => JSON.stringify({ ...sample, ...padding }));
  const count = Math.ceil(bytes / Buffer.byteLength(requests[0] ?? ''));
  benchmark.metrics.request_totals.successful = count;
  benchmark.requests.successful = [];
  const [head = '', tail = ''] = JSON.stringify(document).split('"successful":[]');
  function* parts(): Generator<string> {
    yield `${head}"successful":[`;
    for (let written = 0; written < count; written += 1)
      yield `${written === 0 ? '' : ','}${requests[written % requests.length] ?? ''}`;
    yield `]${tail}`;
  }
  await pipeline(Readable.from(parts()), createWriteStream(path));
}
