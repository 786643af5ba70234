import { ParsedArguments, UsageError, type FlagKinds } from '../command-line.ts';
import { keyValues, profileKind, syntheticData, type GuidellmOptions } from './options.ts';

const FLAGS: FlagKinds = {
  '--backend': 'one',
  '--profile': 'one',
  '--constraint': 'one',
  '--data': 'one',
  '--output': 'one',
  '--tokenizer': 'one',
  '--seed': 'one',
  '--metrics': 'one',
  '--label': 'one',
  '--data-loader': 'one',
  '--disable-console': 'none',
  '--disable-console-interactive': 'none',
  '--config': 'one',
};

type Section = ReadonlyMap<string, string>;

/** `guidellm run` of 0.7.2 and later: every option is `kind=…,key=value…`. Throws `UsageError`. */
export function parseV07(argv: readonly string[], version: string): GuidellmOptions {
  const args = new ParsedArguments(argv, FLAGS);
  const section = (flag: string): Section => new Map(keyValues(args.text(flag) ?? ''));
  const backend = section('--backend');
  const profile = section('--profile');
  const data = args.text('--data');
  const target = backend.get('target');
  if (target === undefined) throw new UsageError("Missing option '--backend': kind=openai_http,target=URL is needed.");
  if (data === undefined) throw new UsageError("Missing option '--data'.");
  const constraints = new Map(
    args.all('--constraint').map((text) => {
      const values = new Map(keyValues(text));
      return [
        values.get('kind') ?? '',
        Number(values.get('count') ?? values.get('seconds') ?? values.get('duration') ?? NaN),
      ];
    }),
  );
  const bad = constraints.entries().find(([kind, value]) => !CONSTRAINTS.has(kind) || !(value > 0));
  if (bad)
    throw new UsageError(
      `Invalid value for '--constraint': '${bad[0]}' needs a known kind (${[...CONSTRAINTS].join(', ')}) and a positive number.`,
    );
  const output = new Map(keyValues(args.text('--output') ?? ''));
  return {
    version,
    target: target.replace(/\/$/, ''),
    model: backend.get('model'),
    chat: (backend.get('request_format') ?? '/v1/chat/completions').includes('chat'),
    profile: profileKind(profile.get('kind') ?? 'sweep'),
    rates: rates(profile),
    maxRequests: constraints.get('max_requests'),
    maxSeconds: constraints.get('max_duration') ?? constraints.get('max_seconds'),
    maxErrors: constraints.get('max_errors'),
    rampupSeconds: Number(profile.get('rampup_duration') ?? 0),
    data: syntheticData(data.replace(/^kind=synthetic_text,/, '')),
    dataText: data,
    seed: Number(section('--seed').get('value') ?? 42),
    sampleRequests: undefined,
    outputPath:
      output.size === 0 || (output.get('kind') ?? 'json') === 'json'
        ? (output.get('path') ?? 'benchmarks.json')
        : undefined,
    console: !args.has('--disable-console'),
  };
}

const CONSTRAINTS = new Set(['max_requests', 'max_duration', 'max_seconds', 'max_errors']);

/** `streams=8`, `rate=2`, or `[1;4;16]` for several. */
function rates(profile: Section): readonly number[] {
  const text =
    profile.get('streams') ?? profile.get('rate') ?? profile.get('max_concurrency') ?? profile.get('sweep_size');
  if (text === undefined) return [];
  const values = text
    .replaceAll(/[[\]]/g, '')
    .split(/[;:\s]/)
    .map(Number);
  if (values.some((value) => !(value > 0)))
    throw new UsageError(`Invalid value for '--profile': '${text}' is not a number.`);
  return values;
}
