import { productName } from '../topology.ts';
import type { ClaimView, DeviceRef, OfferedDevice, SliceView } from './types.ts';

/**
 * What can be given out once: a device, or the whole GPU behind devices that share its counters. A GPU that is offered whole and
 * in partitions is one unit, taken as soon as any part of it is.
 */
export interface DeviceUnit {
  readonly id: string;
  /** The driver; a partition that is offered by itself is counted apart, as `gpu.nvidia.com/mig-1g.10gb`. */
  readonly resource: string;
  /** False while a taint keeps claims off all of it. */
  readonly usable: boolean;
}

/** What the drivers offer on one node. */
export interface NodeOffer {
  readonly units: ReadonlyMap<string, DeviceUnit>;
  /** As the driver names it; for nodes without a label that does. */
  readonly product: string | undefined;
  /** Whether some unit is offered in parts. */
  readonly partitioned: boolean;
}

/** The slices turned round: by node, and by device. */
export interface DeviceIndex {
  readonly nodes: ReadonlyMap<string, NodeOffer>;
  /** Where the claim's devices are. Undefined when it holds none, or ones that no slice offers (any longer) or whose slice could not be read. */
  nodeOf(claim: ClaimView): string | undefined;
  unitsOf(device: DeviceRef): readonly DeviceUnit[];
}

interface Placed {
  readonly node: string | undefined;
  readonly unitIds: readonly string[];
}

interface Offer {
  readonly units: Map<string, DeviceUnit>;
  product: string | undefined;
  partitioned: boolean;
}

export function deviceIndex(slices: ReadonlyMap<string, SliceView>): DeviceIndex {
  const devices = new Map<string, Placed>();
  const units = new Map<string, DeviceUnit>();
  const nodes = new Map<string, Offer>();
  for (const slice of currentSlices([...slices.values()])) {
    const pool = `${slice.driver}/${slice.pool}`;
    for (const device of slice.devices) {
      const offered = unitsOfDevice(slice.driver, pool, device);
      const node = device.node ?? slice.node;
      const unitIds = offered.map((unit) => unit.id);
      devices.set(`${pool}/${device.name}`, { node, unitIds });
      for (const unit of offered) {
        // One untainted part makes the unit usable.
        const kept = units.get(unit.id)?.usable === true ? units.get(unit.id) ?? unit : unit;
        if (node !== undefined) addTo(offerOf(nodes, node), kept, device, units.has(unit.id));
        units.set(unit.id, kept);
      }
    }
  }
  const placed = new WeakMap<ClaimView, string>();
  return {
    nodes,
    nodeOf: (claim) => {
      const known = placed.get(claim);
      if (known !== undefined) return known;
      for (const device of claim.devices) {
        const node = devices.get(deviceId(device))?.node;
        if (node === undefined) continue;
        placed.set(claim, node);
        return node;
      }
      return undefined;
    },
    unitsOf: (device) => {
      const id = deviceId(device);
      const known = devices.get(id)?.unitIds.map((unitId) => units.get(unitId)).filter((unit) => unit !== undefined);
      return known ?? [{ id, resource: device.driver, usable: false }];
    },
  };
}

function deviceId({ driver, pool, device }: DeviceRef): string {
  return `${driver}/${pool}/${device}`;
}

/** Slices of a pool's newest generation: while a driver publishes anew, the old ones are still there. */
function currentSlices(slices: readonly SliceView[]): readonly SliceView[] {
  const newest = new Map<string, number>();
  const poolOf = (slice: SliceView): string => `${slice.driver}/${slice.pool}`;
  for (const slice of slices) newest.set(poolOf(slice), Math.max(slice.generation, newest.get(poolOf(slice)) ?? slice.generation));
  return slices.filter((slice) => slice.generation === newest.get(poolOf(slice)));
}

function unitsOfDevice(driver: string, pool: string, device: OfferedDevice): readonly DeviceUnit[] {
  const usable = !device.tainted;
  if (device.counterSets.length > 0) return device.counterSets.map((set) => ({ id: `${pool}/counters of ${set}`, resource: driver, usable }));
  const resource = device.partition === undefined ? driver : `${driver}/${device.partition}`;
  return [{ id: `${pool}/${device.name}`, resource, usable }];
}

function offerOf(nodes: Map<string, Offer>, node: string): Offer {
  const known = nodes.get(node);
  if (known) return known;
  const offer: Offer = { units: new Map(), product: undefined, partitioned: false };
  nodes.set(node, offer);
  return offer;
}

function addTo(offer: Offer, unit: DeviceUnit, device: OfferedDevice, again: boolean): void {
  offer.units.set(unit.id, unit);
  offer.product ??= device.product && productName(device.product);
  offer.partitioned ||= again;
}
