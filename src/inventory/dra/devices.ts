import { productName } from '../topology.ts';
import type { ClaimView, DeviceRef, OfferedDevice, SliceView } from './types.ts';

/**
 * What can be given out once: a device, or the whole GPU behind devices that share its counters. A GPU that is offered whole and
 * in partitions is one unit, taken as soon as any part of it is. Units are told apart by identity.
 */
export interface DeviceUnit {
  /** The driver; a partition that is offered by itself is counted apart, as `gpu.nvidia.com/mig-1g.10gb`. */
  readonly resource: string;
  /** False while a taint keeps claims off all of it. */
  readonly usable: boolean;
}

/** What the drivers offer on one node. */
export interface NodeOffer {
  readonly units: ReadonlySet<DeviceUnit>;
  /** As the driver names it; for nodes without a label that does. */
  readonly product: string | undefined;
  /** Whether some unit is offered in parts. */
  readonly partitioned: boolean;
}

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

interface Offer extends Mutable<NodeOffer> {
  readonly units: Set<DeviceUnit>;
}

interface Placed {
  /** Undefined for a device that several nodes can reach, or that no slice offers. */
  readonly node: string | undefined;
  readonly units: readonly DeviceUnit[];
}

interface Pool {
  readonly devices: Map<string, Placed>;
  /** By the counters that they share. */
  readonly wholes: Map<string, Mutable<DeviceUnit>>;
}

/** The slices turned round: by node, and by device. */
export class DeviceIndex {
  readonly #pools = new Map<string, Map<string, Pool>>();
  readonly #nodes = new Map<string, Offer>();
  readonly #placed = new WeakMap<ClaimView, string>();

  constructor(slices: Iterable<SliceView>) {
    for (const slice of currentSlices([...slices])) for (const device of slice.devices) this.#add(slice, device);
  }

  offerOf(node: string): NodeOffer | undefined {
    return this.#nodes.get(node);
  }

  /** Where the claim's devices are. Undefined when it holds none, or ones that no slice offers (any longer) or whose slice could not be read. */
  nodeOf(claim: ClaimView): string | undefined {
    const known = this.#placed.get(claim);
    if (known !== undefined) return known;
    for (const { driver, pool, device } of claim.devices) {
      const node = this.#pools.get(driver)?.get(pool)?.devices.get(device)?.node;
      if (node === undefined) continue;
      this.#placed.set(claim, node);
      return node;
    }
    return undefined;
  }

  /** A device that no slice offers is a unit of its own. */
  unitsOf({ driver, pool, device }: DeviceRef): readonly DeviceUnit[] {
    const { devices } = this.#pool(driver, pool);
    const known = devices.get(device);
    if (known) return known.units;
    const stranger: Placed = { node: undefined, units: [{ resource: driver, usable: false }] };
    devices.set(device, stranger);
    return stranger.units;
  }

  #add({ driver, pool: poolName, node: nodeOfSlice }: SliceView, device: OfferedDevice): void {
    const pool = this.#pool(driver, poolName);
    const node = device.node ?? nodeOfSlice;
    const offer = node === undefined ? undefined : this.#offer(node);
    if (offer) offer.product ??= device.product && productName(device.product);
    const units =
      device.counterSets.length > 0
        ? device.counterSets.map((counters) => wholeOf(pool, counters, driver, device, offer))
        : [
            {
              resource: device.partition === undefined ? driver : `${driver}/${device.partition}`,
              usable: !device.tainted,
            },
          ];
    if (offer) for (const unit of units) offer.units.add(unit);
    pool.devices.set(device.name, { node, units });
  }

  #pool(driver: string, name: string): Pool {
    const pools = this.#pools.get(driver) ?? new Map<string, Pool>();
    this.#pools.set(driver, pools);
    const pool = pools.get(name) ?? { devices: new Map(), wholes: new Map() };
    pools.set(name, pool);
    return pool;
  }

  #offer(node: string): Offer {
    const known = this.#nodes.get(node);
    if (known) return known;
    const offer: Offer = { units: new Set(), product: undefined, partitioned: false };
    this.#nodes.set(node, offer);
    return offer;
  }
}

/** The GPU behind a device that shares its counters; one untainted part makes it usable. */
function wholeOf(
  pool: Pool,
  counters: string,
  resource: string,
  device: OfferedDevice,
  offer: Offer | undefined,
): DeviceUnit {
  const known = pool.wholes.get(counters);
  if (!known) {
    const whole = { resource, usable: !device.tainted };
    pool.wholes.set(counters, whole);
    return whole;
  }
  known.usable ||= !device.tainted;
  if (offer) offer.partitioned = true;
  return known;
}

/** Slices of a pool's newest generation: while a driver publishes again, the old ones are still there. */
function currentSlices(slices: readonly SliceView[]): readonly SliceView[] {
  const pools = Map.groupBy(slices, (slice) => `${slice.driver}/${slice.pool}`);
  return pools
    .values()
    .flatMap((all) => {
      const newest = Math.max(...all.map((slice) => slice.generation));
      return all.filter((slice) => slice.generation === newest);
    })
    .toArray();
}
