import { isDeepStrictEqual } from 'node:util';
import { timeLimit } from '../base/clock.ts';
import { disposable, DisposableStore, type Disposable } from '../base/disposables.ts';
import { Emitter } from '../base/events.ts';
import type { AccessNeed } from '../kube/access/types.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { Contexts } from '../kube/login/types.ts';
import { deniedCommands, deniedKey, GUARDED_COMMANDS } from './commands/access.ts';
import type { CommandId } from './commands/table.ts';
import { setContextKey } from './context-keys.ts';
import type { Session } from './session.ts';

/** Longer than the client remembers what we may do: a role that was given shows within this time. */
const ASK_AGAIN_MS = 65_000;
const PATIENCE_MS = 30_000;

type Denied = ReadonlyMap<CommandId, readonly AccessNeed[]>;

export interface AccessKeysOptions {
  readonly contexts: Contexts;
  readonly session: Session;
  /** For a failure that needs a line in the log only: what is not known hides nothing. */
  readonly note: (error: unknown) => void;
}

/**
 * Which commands the chosen cluster would refuse, as context keys that hide them. The server is asked only while a view
 * is looked at, and nobody waits for its answer: until then everything is shown.
 */
export class AccessKeys implements Disposable {
  readonly #options: AccessKeysOptions;
  readonly #changed = new Emitter<void>();
  readonly #owned = new DisposableStore();
  #watchers = 0;
  #denied: Denied = new Map();
  /** Where `#denied` is true. */
  #cluster: ClusterRef | undefined;
  #asking: AbortController | undefined;
  #again: NodeJS.Timeout | undefined;
  readonly onDidChange = this.#changed.event;

  constructor(options: AccessKeysOptions) {
    this.#options = options;
    this.#owned.add(options.session.onDidChange(() => this.refresh()));
  }

  /** What is missing for all that is hidden. */
  get missing(): readonly AccessNeed[] {
    return [...this.#denied.values()].flat();
  }

  /** Keeps the keys fresh while a view can be seen. */
  watch(): Disposable {
    this.#watchers += 1;
    if (this.#watchers === 1) this.refresh();
    return disposable(() => {
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#rest();
    });
  }

  /** Asks again, if anybody looks. */
  refresh(): void {
    this.#rest();
    const { cluster } = this.#options.session;
    if (!isDeepStrictEqual(cluster, this.#cluster)) this.#show(new Map(), cluster);
    if (cluster === undefined || this.#watchers === 0) return;
    const asking = new AbortController();
    this.#asking = asking;
    this.#ask(cluster, asking.signal).catch((error: unknown) => {
      if (!asking.signal.aborted) this.#options.note(error);
    });
    this.#again = setTimeout(() => this.refresh(), ASK_AGAIN_MS);
  }

  dispose(): void {
    this.#rest();
    this.#owned.dispose();
    this.#changed.dispose();
  }

  #rest(): void {
    this.#asking?.abort();
    clearTimeout(this.#again);
  }

  async #ask(cluster: ClusterRef, asking: AbortSignal): Promise<void> {
    const client = await this.#options.contexts.client(cluster);
    const denied = await deniedCommands(
      client,
      cluster.namespace,
      AbortSignal.any([asking, timeLimit(PATIENCE_MS, `ask what is allowed in namespace "${cluster.namespace}"`)]),
    );
    if (!asking.aborted) this.#show(denied, cluster);
  }

  #show(denied: Denied, cluster: ClusterRef | undefined): void {
    const before = this.#denied;
    this.#denied = denied;
    this.#cluster = cluster;
    for (const id of GUARDED_COMMANDS)
      if (before.has(id) !== denied.has(id)) void setContextKey(deniedKey(id), denied.has(id));
    if (!isDeepStrictEqual(before, denied)) this.#changed.fire();
  }
}
