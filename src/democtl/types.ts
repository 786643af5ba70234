import type { Disposable } from '../base/disposables.ts';
import type { Event } from '../base/events.ts';

export interface RunningDemo {
  readonly pid: number;
  readonly port: number;
  readonly kubeconfig: string;
  readonly context: string;
}

export interface StoppedDemo {
  readonly context: string;
  /** False: it had ended before, by a kill or with the machine. */
  readonly ran: boolean;
}

/** Starts and stops a `llmdw demo` process of this window; finds one that a reloaded window left running. */
export interface DemoControl extends Disposable {
  /** Where the demo's kubeconfig is while it runs, and is not while it does not. */
  readonly kubeconfig: string;
  /** Rejects with `timeout` where a demo is there and does not answer. */
  running(signal: AbortSignal): Promise<RunningDemo | undefined>;
  start(options: { readonly speed?: number; readonly signal: AbortSignal }): Promise<RunningDemo>;
  /** Ends the demo, or clears away what one has left; undefined when there was neither. */
  stop(signal: AbortSignal): Promise<StoppedDemo | undefined>;
  readonly onDidChange: Event<RunningDemo | undefined>;
}
