// Texts that repeat, as small numbers: an open-addressing hash table over bytes in linear memory.

import { sameBytes } from './bytes';
import { allocate } from './memory';
import { hasEscape, unescape, unescaped } from './strings';

const EMPTY: u32 = 0xffffffff;
const PAGE: usize = 65536;
/** A wide load at the end of a text may read this far behind it. */
const READ_AHEAD: usize = 16;

/** The host reads these as six u32 (`src/traces/kineto/tables.ts`). */
@final @unmanaged export class Entry {
  text: u32;
  length: u32;
  hash: u32;
  /** The text that followed this one the last time: a guess for the next lookup. */
  successor: u32;
  count: u32;
  /** What the table's owner makes of the text. */
  kind: u32;
}

/** The host reads `entries` and `size`, the first two u32. */
@final @unmanaged export class Table {
  entries: u32;
  size: u32;
  capacity: u32;
  slots: u32;
  slotMask: u32;
  /** Where the next text goes, and how many bytes are left there. */
  free: u32;
  room: u32;
  /** The entry found last. */
  last: u32;
}

export function createTable(slotBits: u32): Table {
  const table = changetype<Table>(allocate(offsetof<Table>()));
  table.slotMask = (1 << slotBits) - 1;
  table.slots = <u32>allocate(<usize>4 << slotBits);
  memory.fill(table.slots, 0xff, <usize>4 << slotBits);
  table.capacity = 1 << (slotBits - 1);
  table.entries = <u32>allocate(<usize>table.capacity * offsetof<Entry>());
  return table;
}

@inline export function entryOf(table: Table, id: u32): Entry {
  return changetype<Entry>(<usize>table.entries + <usize>id * offsetof<Entry>());
}

@inline function slotAt(table: Table, slot: u32): usize {
  return <usize>table.slots + (<usize>slot << 2);
}

function hashOf(text: usize, length: usize): u32 {
  const first: u64 = 0x9fb21c651e98df25, second: u64 = 0xd6e8feb86659fd93;
  let a: u64 = <u64>length * 0x9e3779b97f4a7c15, b: u64 = first, i: usize = 0;
  for (; i + 16 <= length; i += 16) {
    a = (a ^ load<u64>(text + i)) * first;
    b = (b ^ load<u64>(text + i, 8)) * second;
    a ^= a >> 29;
    b ^= b >> 31;
  }
  if (i + 8 <= length) {
    a = (a ^ load<u64>(text + i)) * first;
    a ^= a >> 29;
    i += 8;
  }
  let rest: u64 = 0;
  for (; i < length; i++) rest = (rest << 8) | load<u8>(text + i);
  a = (a ^ rest ^ rotl<u64>(b, 23)) * first;
  return <u32>(a ^ (a >> 32));
}

@inline function holds(entry: Entry, text: usize, length: usize): bool {
  return entry.length === <u32>length && sameBytes(entry.text, text, length);
}

/** The slot that holds the text, or the empty one where it belongs. */
function findSlot(table: Table, hash: u32, text: usize, length: usize): u32 {
  let slot = hash & table.slotMask;
  while (true) {
    const id = load<u32>(slotAt(table, slot));
    if (id === EMPTY) return slot;
    const entry = entryOf(table, id);
    if (entry.hash === hash && holds(entry, text, length)) return slot;
    slot = (slot + 1) & table.slotMask;
  }
}

function grow(table: Table): void {
  const bytes = <usize>table.size * offsetof<Entry>();
  const entries = allocate(bytes * 2);
  memory.copy(entries, table.entries, bytes);
  table.entries = <u32>entries;
  table.capacity <<= 1;
  table.slotMask = (table.slotMask << 1) | 1;
  const slotBytes = (<usize>table.slotMask + 1) << 2;
  table.slots = <u32>allocate(slotBytes);
  memory.fill(table.slots, 0xff, slotBytes);
  for (let id: u32 = 0; id < table.size; id++) {
    let slot = entryOf(table, id).hash & table.slotMask;
    while (load<u32>(slotAt(table, slot)) !== EMPTY) slot = (slot + 1) & table.slotMask;
    store<u32>(slotAt(table, slot), id);
  }
}

/** The id of the bytes as they stand. */
export function intern(table: Table, text: usize, length: usize): u32 {
  const hash = hashOf(text, length);
  let slot = findSlot(table, hash, text, length);
  const known = load<u32>(slotAt(table, slot));
  if (known !== EMPTY) return known;
  if (table.size === table.capacity) {
    grow(table);
    slot = findSlot(table, hash, text, length);
  }
  if (table.room < <u32>(length + READ_AHEAD)) {
    const page = max<usize>(PAGE, length + READ_AHEAD);
    table.free = <u32>allocate(page);
    table.room = <u32>page;
  }
  const id = table.size++;
  const entry = entryOf(table, id);
  entry.text = table.free;
  entry.length = <u32>length;
  entry.hash = hash;
  entry.successor = 0;
  entry.count = 0;
  entry.kind = 0;
  memory.copy(table.free, text, length);
  table.free += <u32>length;
  table.room -= <u32>length;
  store<u32>(slotAt(table, slot), id);
  return id;
}

/** The id of a JSON string's content: escapes are resolved, so every spelling of a text has one id. */
export function internString(table: Table, content: usize, length: usize): u32 {
  if (!hasEscape(content, length)) return intern(table, content, length);
  const size = unescape(content, length);
  return intern(table, unescaped(), size);
}

/**
 * Like `internString`; tries first what followed the last text the last time, for kernels and categories come in sequences.
 * Only a spelling without escapes is remembered as a successor, and entry 0 must be such a one: bytes are compared as they stand.
 */
@inline export function internNext(table: Table, content: usize, length: usize): u32 {
  if (table.size > 0) {
    const guess = entryOf(table, table.last).successor;
    if (holds(entryOf(table, guess), content, length)) {
      table.last = guess;
      return guess;
    }
  }
  const before = table.last, id = internString(table, content, length);
  if (!hasEscape(content, length)) entryOf(table, before).successor = id;
  table.last = id;
  return id;
}
