import type { KubeObject } from '../../../kube/model/types.ts';
import type { Collection } from '../core/collection.ts';
import { templateHash } from '../core/hash.ts';
import {
  arrayAt,
  at,
  controllerReference,
  jsonAt,
  namespaceOf,
  numberAt,
  templateOf,
  type Json,
} from '../core/objects.ts';

/** The versions of a set's pod template, kept so that a rollout can be watched, undone, and held at a partition. */
export class Revisions {
  readonly #store: Collection;
  readonly #set: KubeObject;

  constructor(store: Collection, set: KubeObject) {
    this.#store = store;
    this.#set = set;
  }

  /** Oldest first. */
  all(): readonly KubeObject[] {
    return this.#store
      .controlledBy(this.#set)
      .toSorted((left, right) => (numberAt(left, 'revision') ?? 0) - (numberAt(right, 'revision') ?? 0));
  }

  /** The revision of the set's present template, made or moved to the end when need be. */
  update(): KubeObject {
    const template = { ...templateOf(this.#set), $patch: 'replace' };
    const hash = templateHash(template);
    const name = `${this.#set.metadata.name}-${hash}`;
    const all = this.all();
    const last = all.at(-1);
    const next = (numberAt(last, 'revision') ?? 0) + 1;
    const known = all.find((revision) => revision.metadata.name === name);
    if (known === undefined) {
      return this.#store.create({
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: {
          name,
          namespace: namespaceOf(this.#set),
          labels: { ...jsonAt(this.#set, 'spec', 'selector', 'matchLabels'), 'controller.kubernetes.io/hash': hash },
          ownerReferences: [controllerReference(this.#set)],
        },
        data: { spec: { template } },
        revision: next,
      });
    }
    return known === last ? known : this.#store.update({ ...known, revision: next });
  }

  /** The template of a revision; the present one when the revision is forgotten. */
  templateOf(name: string): Json {
    const found = this.all().find((revision) => revision.metadata.name === name);
    const template = at(found, 'data', 'spec', 'template');
    if (template === undefined) return templateOf(this.#set);
    const { $patch: _replace, ...kept } = jsonAt(found, 'data', 'spec', 'template');
    return kept;
  }

  /** Forgets the oldest revisions that nobody uses. */
  prune(used: ReadonlySet<string>): void {
    const limit = numberAt(this.#set, 'spec', 'revisionHistoryLimit') ?? 10;
    const unused = this.all().filter((revision) => !used.has(revision.metadata.name));
    for (const revision of unused.slice(0, Math.max(unused.length - limit, 0))) this.#store.delete(revision);
  }
}

/** Volumes of a template by name. */
export function volumesOf(template: Json): readonly unknown[] {
  return arrayAt(template, 'spec', 'volumes');
}
