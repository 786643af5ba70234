// What an event's category makes of it. The host knows the classes as `EventClass` (`src/traces/kineto/layout.ts`).

import { Table, entryOf, intern } from './intern';
import { allocate } from './memory';

export const KERNEL: u32 = 1;
export const MEMCPY: u32 = 2;
export const MEMSET: u32 = 3;
export const ANNOTATION: u32 = 4;
export const GPU_ANNOTATION: u32 = 5;
export const LAUNCH: u32 = 6;
/** The profiler's own window: it is no work and does not bound the trace. */
export const WINDOW: u32 = 7;

/** Kernels, copies and sets: what runs on a GPU. */
@inline export function isGpuWork(kind: u32): bool { return kind - KERNEL <= MEMSET - KERNEL; }
/** Kept as a row. */
@inline export function isKept(kind: u32): bool { return kind - KERNEL <= LAUNCH - KERNEL; }

function declare(table: Table, name: string, kind: u32): void {
  const length = name.length, ascii = allocate(length + 16);
  for (let i = 0; i < length; i++) store<u8>(ascii + i, <u8>name.charCodeAt(i));
  entryOf(table, intern(table, ascii, length)).kind = kind;
}

/** Puts the categories that matter into the table; any other one that the trace brings has kind 0. */
export function declareCategories(table: Table): void {
  declare(table, 'kernel', KERNEL);
  declare(table, 'gpu_memcpy', MEMCPY);
  declare(table, 'gpu_memset', MEMSET);
  declare(table, 'user_annotation', ANNOTATION);
  declare(table, 'gpu_user_annotation', GPU_ANNOTATION);
  declare(table, 'cuda_runtime', LAUNCH);
  declare(table, 'cuda_driver', LAUNCH);
  declare(table, 'Trace', WINDOW);
  // libkineto of 2021
  declare(table, 'Kernel', KERNEL);
  declare(table, 'Memcpy', MEMCPY);
  declare(table, 'Memset', MEMSET);
  declare(table, 'Runtime', LAUNCH);
}
