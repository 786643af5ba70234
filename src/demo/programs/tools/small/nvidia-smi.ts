import { arrayAt, numberAt, stringAt } from '../../../../base/json.ts';
import { systemCode } from '../../../../base/errors.ts';
import { hashText } from '../../../random.ts';
import type { ShellCommand } from '../../../nodes/types.ts';
import { print } from '../command-line.ts';
import { bodyText, podRequest } from '../load/pod-http.ts';

type Container = Parameters<ShellCommand['run']>[2];

interface Gpu {
  readonly index: number;
  readonly uuid: string;
  readonly busId: string;
  readonly memoryUsedMiB: number;
  /** Percent. */
  readonly utilization: number;
}

const NAME = 'NVIDIA H200';
const DRIVER = '570.124.06';
const MEMORY_MIB = 143_771;
const GPU_RESOURCE = 'nvidia.com/gpu';

/** `nvidia-smi`: the GPUs that the container was given, as the table or by `--query-gpu=… --format=csv`. */
export const nvidiaSmiCommand: ShellCommand = {
  name: 'nvidia-smi',
  async run(argv, io, container) {
    const gpus = await containerGpus(container, io.signal);
    if (gpus.length === 0) {
      await print(
        io,
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n",
      );
      return 9;
    }
    const query = argv.find((arg) => arg.startsWith('--query-gpu='))?.slice('--query-gpu='.length);
    if (query !== undefined) return await queryGpus(query.split(','), argv, gpus, io);
    const list = argv.includes('-L') || argv.includes('--list-gpus');
    await print(
      io,
      list
        ? gpus.map((gpu) => `GPU ${gpu.index}: ${NAME} (UUID: ${gpu.uuid})\n`).join('')
        : table(gpus, new Date(container.time.now())),
    );
    return 0;
  },
};

async function containerGpus(container: Container, signal: AbortSignal): Promise<readonly Gpu[]> {
  const spec = arrayAt(container.pod, 'spec', 'containers').find(
    (each) => stringAt(each, 'name') === container.container,
  );
  const text =
    stringAt(spec, 'resources', 'limits', GPU_RESOURCE) ?? stringAt(spec, 'resources', 'requests', GPU_RESOURCE);
  const count = Number(text ?? numberAt(spec, 'resources', 'limits', GPU_RESOURCE) ?? 0);
  if (count === 0) return [];
  const engines = await runningEngines(container, signal);
  return Array.from({ length: count }, (_, index) => {
    const hash = hashText(`${container.pod.metadata.uid ?? container.pod.metadata.name}/${index}`)
      .toString(16)
      .padStart(8, '0');
    const engine = engines[Math.floor((index * engines.length) / count)];
    return {
      index,
      uuid: `GPU-${hash}-${hash.slice(0, 4)}-4${hash.slice(1, 4)}-9${hash.slice(2, 5)}-${hash}${hash.slice(0, 4)}`,
      busId: `00000000:${(0x19 + index * 0x11).toString(16).toUpperCase()}:00.0`,
      memoryUsedMiB: engine === undefined ? 4 : Math.round(MEMORY_MIB * engine.memoryUtilization),
      utilization: engine === undefined || engine.running === 0 ? 0 : Math.min(100, 70 + engine.running),
    };
  });
}

interface Engine {
  readonly running: number;
  readonly memoryUtilization: number;
}

/** The pod's engines as its server's metrics tell; none while it loads. */
async function runningEngines(container: Container, signal: AbortSignal): Promise<readonly Engine[]> {
  try {
    const url = new URL(`http://${container.podIp}:8000/metrics`);
    const text = await bodyText(
      await podRequest(container.network, container.namespace, { method: 'GET', url, signal }),
    );
    const memoryUtilization = Number(/gpu_memory_utilization="([\d.]+)"/.exec(text)?.[1] ?? 0.9);
    return [...text.matchAll(/^vllm:num_requests_running\{[^}]*\} (\S+)$/gm)].map((match) => ({
      running: Number(match[1]),
      memoryUtilization,
    }));
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return [];
  }
}

async function queryGpus(
  fields: readonly string[],
  argv: readonly string[],
  gpus: readonly Gpu[],
  io: Parameters<ShellCommand['run']>[1],
): Promise<number> {
  const format =
    argv
      .find((arg) => arg.startsWith('--format='))
      ?.slice('--format='.length)
      .split(',') ?? [];
  const units = !format.includes('nounits');
  const unknown = fields.find((field) => FIELDS[field.trim()] === undefined);
  if (unknown !== undefined) {
    await print(io, `Field "${unknown}" is not a valid field to query.\n\n`);
    return 2;
  }
  const specs = fields.map((field) => ({ name: field.trim(), spec: FIELDS[field.trim()] }));
  const header = specs.map(({ name, spec }) => (spec?.unit === undefined ? name : `${name} [${spec.unit}]`)).join(', ');
  const rows = gpus.map((gpu) =>
    specs
      .map(({ spec }) => `${spec?.value(gpu) ?? ''}${units && spec?.unit !== undefined ? ` ${spec.unit}` : ''}`)
      .join(', '),
  );
  await print(io, `${format.includes('noheader') ? rows.join('\n') : [header, ...rows].join('\n')}\n`);
  return 0;
}

const FIELDS: Readonly<Record<string, { readonly unit?: string; readonly value: (gpu: Gpu) => string | number }>> = {
  index: { value: (gpu) => gpu.index },
  name: { value: () => NAME },
  gpu_name: { value: () => NAME },
  uuid: { value: (gpu) => gpu.uuid },
  gpu_uuid: { value: (gpu) => gpu.uuid },
  'pci.bus_id': { value: (gpu) => gpu.busId },
  driver_version: { value: () => DRIVER },
  'memory.total': { unit: 'MiB', value: () => MEMORY_MIB },
  'memory.used': { unit: 'MiB', value: (gpu) => gpu.memoryUsedMiB },
  'memory.free': { unit: 'MiB', value: (gpu) => MEMORY_MIB - gpu.memoryUsedMiB },
  'utilization.gpu': { unit: '%', value: (gpu) => gpu.utilization },
  'temperature.gpu': { value: (gpu) => temperature(gpu) },
  'power.draw': { unit: 'W', value: (gpu) => power(gpu).toFixed(2) },
};

/** Degrees Celsius and watts: idle, or by load, a little different from GPU to GPU. */
function temperature(gpu: Gpu): number {
  return 29 + Math.round(gpu.utilization / 5) + (hashText(gpu.uuid) % 4);
}

function power(gpu: Gpu): number {
  return 76 + 4.2 * gpu.utilization + (hashText(gpu.uuid) % 12);
}

/** Widths between the bars. */
const COLUMNS = [41, 24, 22] as const;

function table(gpus: readonly Gpu[], now: Date): string {
  const rule = (left: string, fill: string): string =>
    left + COLUMNS.map((width) => fill.repeat(width)).join('+') + left;
  const whole = COLUMNS.reduce((sum, width) => sum + width, COLUMNS.length - 1);
  const row = (...cells: readonly string[]): string =>
    `|${cells.map((cell, column) => cell.padEnd(COLUMNS[column] ?? 0)).join('|')}|`;
  /** Text at the left end of a cell and at its right end. */
  const spread = (column: number, left: string, right: string): string =>
    ` ${left}${right.padStart((COLUMNS[column] ?? 0) - left.length - 2)} `;
  return [
    now.toUTCString().replace(' GMT', ''),
    `+${'-'.repeat(whole)}+`,
    `|${` NVIDIA-SMI ${DRIVER.padEnd(22)} Driver Version: ${DRIVER.padEnd(15)} CUDA Version: 12.8`.padEnd(whole)}|`,
    rule('|', '-'),
    row(spread(0, 'GPU  Name', 'Persistence-M'), spread(1, 'Bus-Id', 'Disp.A'), spread(2, 'Volatile', 'Uncorr. ECC')),
    row(
      spread(0, 'Fan  Temp   Perf', 'Pwr:Usage/Cap'),
      spread(1, '', 'Memory-Usage'),
      spread(2, 'GPU-Util', 'Compute M.'),
    ),
    row(spread(0, '', ''), spread(1, '', ''), spread(2, '', 'MIG M.')),
    rule('|', '='),
    ...gpus.flatMap((gpu) => [
      row(spread(0, `  ${gpu.index}  ${NAME}`, 'On'), spread(1, gpu.busId, 'Off'), spread(2, '', '0')),
      row(
        spread(0, `N/A   ${temperature(gpu)}C    P0`, `${Math.round(power(gpu))}W /  700W`),
        spread(1, '', `${gpu.memoryUsedMiB}MiB / ${MEMORY_MIB}MiB`),
        spread(2, `${String(gpu.utilization).padStart(6)}%`, 'Default'),
      ),
      row(spread(0, '', ''), spread(1, '', ''), spread(2, '', 'Disabled')),
      rule('+', '-'),
    ]),
    '',
  ].join('\n');
}
