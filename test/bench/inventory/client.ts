import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Answer, Order, Used } from './protocol.ts';

/** A client process under orders. */
export class BenchClient {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<Answer['told'], (answer: Answer) => void>();
  #failed: ((error: Error) => void) | undefined;

  constructor(name: 'ours' | 'peer', kubeconfig: string, folder: string) {
    // The library's own memory for typed objects must not be cut short by a small default.
    this.#child = fork(join(import.meta.dirname, `${name}.ts`), [kubeconfig, folder], { stdio: 'inherit' });
    this.#child.on('message', (answer: Answer) => this.#waiting.get(answer.told)?.(answer));
    this.#child.on('exit', (code) => this.#failed?.(new Error(`the bench's ${name} ended with ${code}`)));
  }

  order(order: Order): void {
    this.#child.send(order);
  }

  next<T extends Answer['told']>(told: T, timeoutMs = 180_000): Promise<Extract<Answer, { readonly told: T }>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the bench waited for "${told}" in vain`)), timeoutMs);
      this.#failed = reject;
      this.#waiting.set(told, (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(told);
        resolve(answer as Extract<Answer, { readonly told: T }>);
      });
    });
  }

  async used(): Promise<Used> {
    const answer = this.next('used');
    this.order({ do: 'report' });
    return answer;
  }

  async end(): Promise<void> {
    this.#failed = undefined;
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.order({ do: 'end' });
    await ended;
  }
}
