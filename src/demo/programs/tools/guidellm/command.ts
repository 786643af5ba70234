import { errorText, isAbort, systemCode } from '../../../../base/errors.ts';
import { arrayAt, stringAt } from '../../../../base/json.ts';
import type { ShellCommand, ShellIo } from '../../../nodes/types.ts';
import { print, UsageError } from '../command-line.ts';
import type { LoadTarget } from '../load/completion-load.ts';
import { bodyText, podRequest, podUrl } from '../load/pod-http.ts';
import { pythonJson } from '../python-json.ts';
import { toBenchmark, type Benchmark } from './benchmark.ts';
import { consoleTables } from './console.ts';
import { runStrategy } from './load.ts';
import { strategies, type GuidellmOptions, type Strategy } from './options.ts';
import { parseV05 } from './options-v05.ts';
import { parseV07 } from './options-v07.ts';
import { isV07 } from './report-common.ts';
import { reportJson } from './report-json.ts';

type Container = Parameters<ShellCommand['run']>[2];

const VERSION_FILE = '/etc/guidellm-version';
const DEFAULT_VERSION = '0.5.3';
const SWEEP_SIZE = 10;

/** A failure that ends the run before it measures. */
class BackendFailure extends Error {}

/**
 * `guidellm`. The version that is installed comes from the variable GUIDELLM_VERSION or the file /etc/guidellm-version
 * (0.5.3 where neither says): up to 0.6 the command is `benchmark`, from 0.7.2 `run`.
 */
export const guidellmCommand: ShellCommand = {
  name: 'guidellm',
  async run(argv, io, container) {
    const version = await installedVersion(io, container);
    if (argv[0] === '--version') {
      await print(io, `guidellm version: ${version}\n`);
      return 0;
    }
    try {
      const options = parse(argv, version);
      if (options === undefined) return await noSuchCommand(argv[0], version, io);
      await benchmark(options, io, container);
      return 0;
    } catch (error) {
      return await failed(error, io);
    }
  },
};

async function installedVersion(io: ShellIo, container: Container): Promise<string> {
  const fromEnv = io.env['GUIDELLM_VERSION'] ?? container.env['GUIDELLM_VERSION'];
  if (fromEnv !== undefined && fromEnv !== '') return fromEnv;
  return (await container.fs.exists(VERSION_FILE))
    ? (await container.fs.readFile(VERSION_FILE)).trim()
    : DEFAULT_VERSION;
}

function parse(argv: readonly string[], version: string): GuidellmOptions | undefined {
  if (isV07(version)) return argv[0] === 'run' ? parseV07(argv.slice(1), version) : undefined;
  return argv[0] === 'benchmark' ? parseV05(argv.slice(argv[1] === 'run' ? 2 : 1), version) : undefined;
}

async function noSuchCommand(name: string | undefined, version: string, io: ShellIo): Promise<number> {
  const help = name === undefined || name === '--help' || name === '-h';
  const commands = isV07(version) ? 'run' : 'benchmark';
  await print(
    io,
    `Usage: guidellm [OPTIONS] COMMAND [ARGS]...\n${help ? `\nCommands:\n  ${commands}\n` : `Try 'guidellm --help' for help.\n\nError: No such command '${name}'.\n`}`,
    help ? 'stdout' : 'stderr',
  );
  return help ? 0 : 2;
}

async function failed(error: unknown, io: ShellIo): Promise<number> {
  if (io.signal.aborted || isAbort(error)) {
    await print(io, 'Aborted!\n', 'stderr');
    return 130;
  }
  if (error instanceof UsageError) {
    await print(
      io,
      `Usage: guidellm [OPTIONS] COMMAND [ARGS]...\nTry 'guidellm --help' for help.\n\nError: ${error.message}\n`,
      'stderr',
    );
    return 2;
  }
  const kind = error instanceof BackendFailure ? 'RuntimeError' : 'OSError';
  await print(
    io,
    `Traceback (most recent call last):\n  File "/opt/venv/bin/guidellm", line 8, in <module>\n    sys.exit(cli())\n${kind}: ${errorText(error)}\n`,
    'stderr',
  );
  return 1;
}

async function benchmark(options: GuidellmOptions, io: ShellIo, container: Container): Promise<void> {
  const url = podUrl(`${options.target}${options.chat ? '/v1/chat/completions' : '/v1/completions'}`);
  if (url === undefined) throw new UsageError(`Invalid value for '--target': '${options.target}' is not a URL.`);
  const target: LoadTarget = { network: container.network, namespace: container.namespace, url };
  const model = await validate(options, target, io.signal);
  await print(
    io,
    `\u2714 OpenAIHTTPBackend backend validated with model ${model}\n\u2714 Processor resolved\n\u2714 Request loader initialized with inf unique requests\n\u2714 ${capital(options.profile)}Profile profile resolved\n\u2714 Setup complete, starting benchmarks...\n`,
  );
  const benchmarks: Benchmark[] = [];
  const pending: Strategy[] = [...strategies(options)];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const run = await runStrategy(options, model, target, next, io.signal);
    benchmarks.push(toBenchmark(run, benchmarks.length));
    await print(
      io,
      `\u2714 ${next.kind} done: ${benchmarks.at(-1)?.metrics.totals.successful ?? 0} successful, ${benchmarks.at(-1)?.metrics.totals.errored ?? 0} errored, ${benchmarks.at(-1)?.metrics.totals.incomplete ?? 0} incomplete\n`,
      'stderr',
    );
    if (options.profile === 'sweep' && benchmarks.length === 2)
      pending.push(...sweepRates(benchmarks, options.rates[0] ?? SWEEP_SIZE));
  }
  if (options.console) await print(io, `\n\n\n${consoleTables(benchmarks, options.version)}\n\n\n`);
  await print(io, `\u2714 Benchmarking complete, generated ${benchmarks.length} benchmark(s)\n`);
  if (options.outputPath === undefined) return;
  const path = await save(options.outputPath, pythonJson(reportJson({ options, model, benchmarks })), io, container);
  await print(io, `\u2026   json    : ${path}\n`);
}

/** Asks for health and the model, as the tool does before it measures. */
async function validate(options: GuidellmOptions, target: LoadTarget, signal: AbortSignal): Promise<string> {
  const get = async (path: string): Promise<string> => {
    try {
      const response = await podRequest(target.network, target.namespace, {
        method: 'GET',
        url: new URL(path, target.url),
        signal,
      });
      const text = await bodyText(response);
      if (response.statusCode !== 200)
        throw new BackendFailure(
          `Backend validation request failed. Could not connect to the server or validate the backend configuration. ${response.statusCode ?? 0} for url '${options.target}${path}': ${text}`,
        );
      return text;
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      throw new BackendFailure(
        `Backend validation request failed. Could not connect to the server or validate the backend configuration. ${code === 'ENOTFOUND' ? '[Errno -2] Name or service not known' : 'All connection attempts failed'} (${options.target}${path})`,
        { cause: error },
      );
    }
  };
  await get('/health');
  if (options.model !== undefined) return options.model;
  const model = stringAt(arrayAt(JSON.parse(await get('/v1/models')), 'data')[0], 'id');
  if (model === undefined)
    throw new BackendFailure(`No model available at ${options.target}/v1/models and none was given with --model`);
  return model;
}

/** Rates between what one stream reached and what the server can at most. */
function sweepRates(benchmarks: readonly Benchmark[], size: number): readonly Strategy[] {
  const reached = benchmarks.map((each) => each.metrics.figures['requests_per_second']?.successful.mean ?? 0);
  const [least = 0, most = 0] = reached;
  const count = Math.max(0, size - 2);
  return Array.from({ length: count }, (_, index) => ({
    kind: 'constant' as const,
    rate: least + ((most - least) * (index + 1)) / (count + 1),
  })).filter((strategy) => strategy.rate > 0);
}

/** Writes the file whole, or not at all. */
async function save(outputPath: string, json: string, io: ShellIo, container: Container): Promise<string> {
  const path = container.fs.resolvePath(io.cwd, outputPath);
  await container.fs.mkdir(path.slice(0, Math.max(1, path.lastIndexOf('/'))), { recursive: true });
  await container.fs.writeFile(path, json);
  return path;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
