import type { ContainerContext } from '../../nodes/types.ts';

type Fields = Readonly<Record<string, string | number | boolean>>;

/** Lines of the Go components: klog's text or zap's JSON, as their flags choose. */
export class GoLog {
  readonly #context: Pick<ContainerContext, 'log' | 'time'>;
  readonly #json: boolean;
  readonly #source: string;

  constructor(context: Pick<ContainerContext, 'log' | 'time'>, source: string, json: boolean) {
    this.#context = context;
    this.#source = source;
    this.#json = json;
  }

  info(message: string, fields: Fields = {}): void {
    this.#write('I', 'info', message, fields);
  }

  error(message: string, fields: Fields = {}): void {
    this.#write('E', 'error', message, fields);
  }

  #write(letter: string, level: string, message: string, fields: Fields): void {
    const iso = new Date(this.#context.time.now()).toISOString();
    if (this.#json) {
      this.#context.log(JSON.stringify({ level, ts: iso, caller: this.#source, msg: message, ...fields }), 'stderr');
      return;
    }
    const pairs = Object.entries(fields)
      .map(([key, value]) => ` ${key}=${typeof value === 'string' ? JSON.stringify(value) : value}`)
      .join('');
    this.#context.log(
      `${letter}${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}000       1 ${this.#source}] "${message}"${pairs}`,
      'stderr',
    );
  }
}

/** `--name value`, `--name=value` and `-name` flags of the Go components. */
export function goFlag(command: readonly string[], name: string): string | undefined {
  for (const [index, arg] of command.entries()) {
    const flag = /^--?([\w-]+)(?:=(.*))?$/s.exec(arg);
    if (flag?.[1] === name) return flag[2] ?? command[index + 1];
  }
  return undefined;
}
