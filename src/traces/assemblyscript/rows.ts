// The columns of kept events, in blocks that never move. The host reads a block as (`src/traces/kineto/layout.ts`):
//   f64 start | f64 duration | u32 name | u32 correlation | u32 device | u32 stream | u8 class
// Start and duration are written as i64 and become f64 offsets from a common base when the scan is sealed.

import { allocate } from './memory';

export const BLOCK_ROWS: usize = 32768;
const DURATION: usize = BLOCK_ROWS * 8;
const NAME: usize = BLOCK_ROWS * 16;
const CORRELATION: usize = BLOCK_ROWS * 20;
const DEVICE: usize = BLOCK_ROWS * 24;
const STREAM: usize = BLOCK_ROWS * 28;
const CLASS: usize = BLOCK_ROWS * 32;
const BLOCK_BYTES: usize = BLOCK_ROWS * 33;
const MAX_BLOCKS: u32 = 65536;

/** Offsets and durations up to here (52 days) stay exact integers in a double, and so do their sums. */
const FAR: i64 = 1 << 52;

export let rowCount: u32 = 0;
export let blockCount: u32 = 0;
/** u32 addresses of the blocks. */
export let blockDirectory: usize = 0;
/** Absolute ns that offsets count from; chosen by `sealRows`. */
export let baseTime: i64 = 0;
/** Rows that `sealRows` gave class 0, because no offset holds their time. */
export let farRows: u32 = 0;

let block: usize = 0, rowInBlock: usize = BLOCK_ROWS;

export function initRows(): void {
  blockDirectory = allocate(<usize>4 * MAX_BLOCKS);
}

@inline export function addRow(kind: u32, start: i64, duration: i64, name: u32, correlation: u32, device: u32, stream: u32): void {
  if (rowInBlock === BLOCK_ROWS) {
    if (blockCount === MAX_BLOCKS) unreachable();
    block = allocate(BLOCK_BYTES);
    store<u32>(blockDirectory + (<usize>(blockCount++) << 2), <u32>block);
    rowInBlock = 0;
  }
  const wide = block + (rowInBlock << 3), narrow = block + (rowInBlock << 2);
  store<i64>(wide, start);
  store<i64>(wide + DURATION, duration);
  store<u32>(narrow + NAME, name);
  store<u32>(narrow + CORRELATION, correlation);
  store<u32>(narrow + DEVICE, device);
  store<u32>(narrow + STREAM, stream);
  store<u8>(block + rowInBlock + CLASS, <u8>kind);
  rowInBlock++;
  rowCount++;
}

function startOf(row: u32): i64 {
  const address = <usize>load<u32>(blockDirectory + (<usize>(row / <u32>BLOCK_ROWS) << 2));
  return load<i64>(address + (<usize>(row % <u32>BLOCK_ROWS) << 3));
}

/** The median start of up to 63 rows spread over the trace: one broken time stamp can't pull the base away from the rest. */
function medianStart(): i64 {
  const samples = min<u32>(63, rowCount);
  const sorted = allocate(<usize>samples << 3);
  for (let i: u32 = 0; i < samples; i++) {
    const start = startOf(<u32>(<u64>i * rowCount / samples));
    let at = sorted + (<usize>i << 3);
    while (at > sorted && load<i64>(at - 8) > start) {
      store<i64>(at, load<i64>(at - 8));
      at -= 8;
    }
    store<i64>(at, start);
  }
  return load<i64>(sorted + (<usize>(samples >> 1) << 3));
}

@inline function isFar(value: i64): bool { return value > FAR || value < -FAR; }

/** Turns times into offsets. Called once, after the last event. */
export function sealRows(): void {
  if (rowCount === 0) return;
  baseTime = medianStart();
  for (let row: u32 = 0; row < rowCount; row++) {
    const address = <usize>load<u32>(blockDirectory + (<usize>(row / <u32>BLOCK_ROWS) << 2));
    const inBlock = <usize>(row % <u32>BLOCK_ROWS), wide = address + (inBlock << 3);
    const start = load<i64>(wide), duration = load<i64>(wide + DURATION), offset = start - baseTime;
    const wrapped = (start < baseTime) !== (offset < 0);
    if (wrapped || isFar(offset) || isFar(duration)) {
      store<u8>(address + inBlock + CLASS, 0);
      farRows++;
      continue;
    }
    store<f64>(wide, <f64>offset);
    store<f64>(wide + DURATION, <f64>duration);
  }
}
