import type { RunLedger, RunRecord } from '../../src/runs/types.ts';

/** A run whose window is gone: whoever looks at it may follow it. */
export async function leftBehind(ledger: RunLedger, record: Omit<RunRecord, 'id'>, server: string): Promise<RunRecord> {
  const made = await ledger.create(record, server);
  await made.lease.release();
  return made.record;
}
