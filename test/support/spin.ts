/** Keeps a core busy, and never lets anything else run in its process. */
export function spin(): never {
  for (;;);
}

if (import.meta.main) spin();
