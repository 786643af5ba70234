import { ParsedArguments, UsageError, type FlagKinds } from '../command-line.ts';
import { profileKind, syntheticData, type GuidellmOptions } from './options.ts';

const FLAGS: FlagKinds = {
  '--target': 'one',
  '--data': 'one',
  '--profile': 'one',
  '--rate-type': 'one',
  '--rate': 'one',
  '--backend': 'one',
  '--backend-type': 'one',
  '--backend-kwargs': 'one',
  '--backend-args': 'one',
  '--model': 'one',
  '--processor': 'one',
  '--processor-args': 'one',
  '--data-args': 'one',
  '--data-samples': 'one',
  '--data-sampler': 'one',
  '--request-type': 'one',
  '--data-request-formatter': 'one',
  '--random-seed': 'one',
  '--output-path': 'one',
  '--output-dir': 'one',
  '--outputs': 'one',
  '--output-extras': 'one',
  '--output-sampling': 'one',
  '--sample-requests': 'one',
  '--max-requests': 'one',
  '--max-seconds': 'one',
  '--max-errors': 'one',
  '--max-error-rate': 'one',
  '--warmup': 'one',
  '--warmup-percent': 'one',
  '--cooldown': 'one',
  '--cooldown-percent': 'one',
  '--rampup': 'one',
  '--disable-progress': 'none',
  '--display-scheduler-stats': 'none',
  '--disable-console-outputs': 'none',
  '--disable-console': 'none',
  '--disable-console-interactive': 'none',
  '--scenario': 'one',
};

/** `guidellm benchmark [run]` of 0.3 to 0.6. Throws `UsageError`. */
export function parseV05(argv: readonly string[], version: string): GuidellmOptions {
  const args = new ParsedArguments(argv, FLAGS);
  const target = args.text('--target');
  const data = args.text('--data');
  const profile = args.text('--profile', '--rate-type') ?? 'sweep';
  if (target === undefined) throw new UsageError("Missing option '--target'.");
  if (data === undefined) throw new UsageError("Missing option '--data'.");
  const rates = args
    .all('--rate')
    .flatMap((text) => text.split(','))
    .map(Number);
  if (rates.some((rate) => !(rate > 0)))
    throw new UsageError(
      `Invalid value for '--rate': '${args.all('--rate').join(',')}' is not a valid list of numbers.`,
    );
  const formatter = args.text('--request-type', '--data-request-formatter') ?? 'chat_completions';
  return {
    version,
    target: target.replace(/\/$/, ''),
    model: args.text('--model'),
    chat: formatter === 'chat_completions',
    profile: profileKind(profile),
    rates,
    maxRequests: args.number('--max-requests'),
    maxSeconds: args.number('--max-seconds'),
    maxErrors: args.number('--max-errors'),
    rampupSeconds: args.number('--rampup') ?? 0,
    data: syntheticData(data),
    dataText: data,
    seed: args.number('--random-seed') ?? 42,
    sampleRequests: args.number('--sample-requests') ?? args.number('--output-sampling'),
    outputPath: outputPath(args),
    console: !args.has('--disable-console', '--disable-console-outputs'),
  };
}

/** `--output-path` is a file or a directory; else `--outputs x.json` in `--output-dir`. Only JSON is written. */
function outputPath(args: ParsedArguments): string {
  const path = args.text('--output-path');
  if (path !== undefined) return path.endsWith('.json') ? path : `${path.replace(/\/$/, '')}/benchmarks.json`;
  const name = args
    .all('--outputs')
    .flatMap((text) => text.split(','))
    .find((output) => output === 'json' || output.endsWith('.json'));
  const file = name === undefined || name === 'json' ? 'benchmarks.json' : name;
  const directory = args.text('--output-dir');
  return directory === undefined ? file : `${directory.replace(/\/$/, '')}/${file}`;
}
