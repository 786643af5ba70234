import { timeLimit } from '../../base/clock.ts';
import { SerialQueue } from '../../base/serial-queue.ts';
import type { CommandRunner, ToolEnvironment } from '../tools/types.ts';

/** A token endpoint answers in seconds; a person is waiting. */
const LIMIT_MS = 30_000;

/**
 * Has the user's kubectl renew an OpenID Connect login. Many identity providers take a refresh token only once, and its
 * successor belongs into the kubeconfig: this is the one thing that makes us change that file, and kubectl is who writes.
 */
export class LoginRenewal {
  readonly #runner: CommandRunner;
  /** kubectl fails where another kubectl is writing: one after the other. */
  readonly #queue = new SerialQueue();
  readonly #running = new Map<string, Promise<void>>();

  constructor(runner: CommandRunner) {
    this.#runner = runner;
  }

  /** One call for all who ask for the same context meanwhile. Rejects where kubectl is missing, fails or takes too long; the token may be renewed all the same. */
  run(tool: ToolEnvironment, signal: AbortSignal): Promise<void> {
    const { context } = tool;
    const running =
      this.#running.get(context) ?? this.#inTurn(tool, signal).finally(() => this.#running.delete(context));
    this.#running.set(context, running);
    return running;
  }

  async #inTurn(tool: ToolEnvironment, signal: AbortSignal): Promise<void> {
    await this.#queue.do(() => this.#ask(tool, signal));
  }

  /** Any call will do: the plugin in kubectl renews what has expired before it sends one. */
  #ask({ env, context }: ToolEnvironment, signal: AbortSignal): Promise<void> {
    return this.#runner.run(
      { tool: 'kubectl', args: ['get', '--raw', '/version', '--context', context], env, parse: () => undefined },
      AbortSignal.any([signal, timeLimit(LIMIT_MS, `renew the login of context "${context}" with kubectl`)]),
    );
  }
}
