import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { writeStatus } from '../core/counts.ts';
import type { EventRecorder } from '../core/events.ts';
import {
  annotationsOf,
  arrayAt,
  isTerminating,
  jsonAt,
  keyOf,
  namespaceOf,
  specOf,
  statusOf,
  stringAt,
  uidOf,
} from '../core/objects.ts';
import { queueChanged } from '../core/owners.ts';
import type { ReconcileQueue } from '../core/queue.ts';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
/** The class that a cluster without any gets: shared files, as GPU clouds have them. */
const SHARED = { name: 'shared-vast', provisioner: 'csi.vastdata.com' };

/** Gives claims their volumes: a fresh one from the claim's storage class, or the one that it names. */
export class VolumeController {
  readonly #claims: Collection;
  readonly #volumes: Collection;
  readonly #classes: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster, classes: Collection) {
    this.#claims = cluster.kind('persistentvolumeclaims');
    this.#volumes = cluster.kind('persistentvolumes');
    this.#classes = classes;
    this.#events = cluster.recorder('persistentvolume-controller');
    this.#queue = cluster.queue('volumes', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    if (this.#classes.all().length === 0) {
      this.#classes.create({
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: SHARED.name, annotations: { [DEFAULT_CLASS]: 'true' } },
        provisioner: SHARED.provisioner,
        reclaimPolicy: 'Delete',
        volumeBindingMode: 'Immediate',
        allowVolumeExpansion: true,
      });
    }
    return [
      queueChanged(this.#claims, this.#queue),
      this.#classes.onChange(() => {
        for (const claim of this.#claims.all()) this.#queue.add(keyOf(claim));
      }),
      this.#claims.onChange((before, after) => {
        if (before && !after) this.#reclaim(before);
      }),
    ];
  }

  #reconcile(key: string): void {
    const claim = this.#claims.byKey(key);
    if (claim === undefined || isTerminating(claim) || stringAt(claim, 'status', 'phase') === 'Bound') return;
    const className = stringAt(claim, 'spec', 'storageClassName') ?? this.#defaultClass();
    if (className === undefined) {
      this.#events.record(
        claim,
        'Normal',
        'FailedBinding',
        'no persistent volumes available for this claim and no storage class is set',
      );
      return;
    }
    const storageClass = this.#classes.get(undefined, className);
    if (storageClass === undefined) {
      this.#events.record(
        claim,
        'Warning',
        'ProvisioningFailed',
        `storageclass.storage.k8s.io "${className}" not found`,
      );
      return;
    }
    const name = stringAt(claim, 'spec', 'volumeName') ?? `pvc-${uidOf(claim)}`;
    const volume = this.#volumes.get(undefined, name) ?? this.#provision(claim, storageClass, name);
    writeStatus(this.#volumes, volume, { ...statusOf(volume), phase: 'Bound' });
    const bound = this.#claims.update({
      ...claim,
      metadata: {
        ...claim.metadata,
        annotations: { ...annotationsOf(claim), 'pv.kubernetes.io/bind-completed': 'yes' },
      },
      spec: { ...specOf(claim), storageClassName: className, volumeName: name },
    });
    writeStatus(this.#claims, bound, {
      ...statusOf(bound),
      phase: 'Bound',
      accessModes: arrayAt(claim, 'spec', 'accessModes'),
      capacity: jsonAt(claim, 'spec', 'resources', 'requests'),
    });
  }

  #provision(claim: KubeObject, storageClass: KubeObject, name: string): KubeObject {
    const provisioner = stringAt(storageClass, 'provisioner') ?? '';
    const volume = this.#volumes.create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } },
      spec: {
        accessModes: arrayAt(claim, 'spec', 'accessModes'),
        capacity: { storage: stringAt(claim, 'spec', 'resources', 'requests', 'storage') },
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          name: claim.metadata.name,
          namespace: namespaceOf(claim),
          uid: uidOf(claim),
        },
        csi: { driver: provisioner, volumeHandle: name },
        persistentVolumeReclaimPolicy: stringAt(storageClass, 'reclaimPolicy') ?? 'Delete',
        storageClassName: storageClass.metadata.name,
        volumeMode: 'Filesystem',
      },
    });
    this.#events.record(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`);
    return volume;
  }

  #defaultClass(): string | undefined {
    return this.#classes.all().find((storageClass) => annotationsOf(storageClass)[DEFAULT_CLASS] === 'true')?.metadata
      .name;
  }

  /** What happens to the volume of a claim that went. */
  #reclaim(claim: KubeObject): void {
    const volume = this.#volumes.get(undefined, stringAt(claim, 'spec', 'volumeName') ?? '');
    if (volume === undefined || stringAt(volume, 'spec', 'claimRef', 'uid') !== uidOf(claim)) return;
    if (stringAt(volume, 'spec', 'persistentVolumeReclaimPolicy') === 'Delete') this.#volumes.delete(volume);
    else writeStatus(this.#volumes, volume, { ...statusOf(volume), phase: 'Released' });
  }
}
